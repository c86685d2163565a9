package docstest_test

import (
	"encoding/json"
	"maps"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var (
	namedAction   = regexp.MustCompile(`(?m)^\s*Action\w+ += "(\w+)"$`)
	writtenAction = regexp.MustCompile(`cloudapi\.Action\{Name: "(\w+)"([^}]*)\}`)
)

// calledActions are those that the source of the typed clients names, as CAM spells them, and
// whether each is signed.
func calledActions(t *testing.T) map[string]bool {
	t.Helper()
	signed := map[string]bool{}
	for service, folder := range map[string]string{"tke": "tke", "tcr": "tcr", "cbs": "cbs", "sts": "credentials"} {
		before := len(signed)
		files, err := filepath.Glob(filepath.Join(root, "internal", folder, "*.go"))
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range files {
			if strings.HasSuffix(file, "_test.go") {
				continue
			}
			source := readFile(t, "internal/"+folder+"/"+filepath.Base(file))
			for _, match := range namedAction.FindAllSubmatch(source, -1) {
				signed[service+":"+string(match[1])] = true
			}
			for _, match := range writtenAction.FindAllSubmatch(source, -1) {
				signed[service+":"+string(match[1])] = !strings.Contains(string(match[2]), "Unsigned: true")
			}
		}
		if len(signed) == before {
			t.Fatalf("no action was found in internal/%s: the test looks at nothing", folder)
		}
	}
	return signed
}

// TestThePolicyAllowsWhatIsCalled holds the guide's policy to every signed call, and the table
// below it to every call.
func TestThePolicyAllowsWhatIsCalled(t *testing.T) {
	t.Parallel()
	p := readPage(t, "docs/guides/operating.md")
	var policy struct {
		Statement []struct {
			Effect           string
			Action, Resource []string
		}
	}
	if err := json.Unmarshal([]byte(p.blocks("json")[0].text), &policy); err != nil {
		t.Fatal(err)
	}
	var allowed []string
	for i, statement := range policy.Statement {
		if statement.Effect != "allow" || len(statement.Resource) == 0 {
			t.Errorf("statement %d allows nothing: %+v", i+1, statement)
		}
		allowed = append(allowed, statement.Action...)
	}
	slices.Sort(allowed)

	called := calledActions(t)
	all := slices.Sorted(maps.Keys(called))
	needing := slices.DeleteFunc(slices.Clone(all), func(action string) bool { return !called[action] })
	if diff := cmp.Diff(needing, allowed); diff != "" {
		t.Errorf("- what is called with a signature, + the policy:\n%s", diff)
	}

	_, section, _ := strings.Cut(string(p.source), "| statement | the provider calls |")
	section, _, _ = strings.Cut(section, "\n\n")
	var told []string
	for _, match := range regexp.MustCompile("`((?:tke|tcr|cbs|sts):\\w+)`").FindAllStringSubmatch(section, -1) {
		told = append(told, match[1])
	}
	slices.Sort(told)
	if diff := cmp.Diff(all, told); diff != "" {
		t.Errorf("- what is called, + the table:\n%s", diff)
	}
}

// TestEveryServiceThatIsAskedIsTold holds the guide's table of what is sent to whom: each service
// by its host, and each action of those that only some configurations ask.
func TestEveryServiceThatIsAskedIsTold(t *testing.T) {
	t.Parallel()
	_, section, _ := strings.Cut(
		string(readFile(t, "docs/guides/what-survives.md")), "\n## What is sent, and to whom\n",
	)
	section, _, _ = strings.Cut(section, "\n## ")
	metadata := regexp.MustCompile(`metadataURL = "(\S+)"`).FindSubmatch(readFile(
		t, "internal/credentials/metadata.go",
	))
	if metadata == nil {
		t.Fatal("the address of the metadata service was not found")
	}
	wanted := []string{string(metadata[1])}
	for action := range calledActions(t) {
		service, name, _ := strings.Cut(action, ":")
		wanted = append(wanted, service+".tencentcloudapi.com")
		if service != "tke" {
			wanted = append(wanted, name)
		}
	}
	for _, told := range wanted {
		if !strings.Contains(section, "`"+told+"`") {
			t.Errorf("the guide does not say what is sent to, or with, %s", told)
		}
	}
}
