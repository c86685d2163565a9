package docstest_test

import (
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

// TestWhoVerifiesFindsTheKey: SECURITY.md has the key before it uses it, and the notes of a release tell what it is compared with.
func TestWhoVerifiesFindsTheKey(t *testing.T) {
	t.Parallel()
	var commands []string
	for _, b := range readPage(t, "SECURITY.md").blocks("shell") {
		for line := range strings.Lines(b.text) {
			commands = append(commands, strings.TrimSpace(line))
		}
	}
	last := -1
	for _, step := range []string{"curl ", "gpg --show-keys ", "gpg --import ", "gpg --verify "} {
		i := slices.IndexFunc(commands, func(command string) bool { return strings.HasPrefix(command, step) })
		if i <= last {
			t.Errorf("%q does not come where it has to: %q", step, commands)
		}
		last = i
	}
	var releaser struct{ Release struct{ Footer string } }
	if err := yaml.Unmarshal(readFile(t, ".goreleaser.yml"), &releaser); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(releaser.Release.Footer, "{{ .Env.GPG_FINGERPRINT }}") {
		t.Errorf("the notes of a release do not end with the fingerprint: %q", releaser.Release.Footer)
	}
}
