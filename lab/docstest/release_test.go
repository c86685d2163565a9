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

// TestAReleaseIsOfMainAndAttested: before the workflow uses a secret it refuses a tag that is not on main and a Go that is not the
// newest patch, and it records where archives and checksums were built.
func TestAReleaseIsOfMainAndAttested(t *testing.T) {
	t.Parallel()
	text := string(readFile(t, ".github/workflows/release.yml"))
	last := -1
	for _, step := range []string{
		`git merge-base --is-ancestor "$GITHUB_SHA" refs/remotes/origin/main`, "go-version-file: .go-version", "make check-go",
		"secrets.GPG_PRIVATE_KEY", "make release\n", "dist/*.zip\n", "dist/*_SHA256SUMS\n",
	} {
		i := strings.Index(text, step)
		if i <= last {
			t.Errorf("%q does not come where it has to", step)
		}
		last = i
	}
}
