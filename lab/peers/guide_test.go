package peers_test

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// TestTheCommandForRobotAccountsHasTheModelsParameters: the provider does not make the call that
// the guide shows, so no stand-in refuses a mistake in it.
func TestTheCommandForRobotAccountsHasTheModelsParameters(t *testing.T) {
	t.Parallel()
	request := readOfficialModels(t)["tcr CreateServiceAccount"].request
	page, err := os.ReadFile("../../docs/guides/private-registries.md")
	if err != nil {
		t.Fatal(err)
	}
	command := regexp.MustCompile(`(?m)^tccli tcr CreateServiceAccount .*$`).Find(page)
	var passed []string
	for _, match := range regexp.MustCompile(` --(\w+)`).FindAllSubmatch(command, -1) {
		passed = append(passed, string(match[1]))
	}
	for _, match := range regexp.MustCompile(`"(\w+)": `).FindAllSubmatch(command, -1) {
		passed = append(passed, "Permissions[]."+string(match[1]))
	}
	for _, path := range passed {
		if _, known := request[path]; !known {
			t.Errorf("the official client's request has no %s", path)
		}
	}
	for path, field := range request {
		if field.required && !strings.HasSuffix(path, "[]") && !slices.Contains(passed, path) {
			t.Errorf("the guide's command lacks %s", path)
		}
	}
	if len(request) == 0 || len(passed) < 4 {
		t.Errorf("the typings have %d fields, the command %d", len(request), len(passed))
	}
}
