package docstest_test

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.yaml.in/yaml/v3"
)

// TestAReleaseIsBuiltAsItIsChecked: that two builds have the same bytes says something of a release only if both are built with the
// release's flags, and `make build` shows what a release does only with them.
func TestAReleaseIsBuiltAsItIsChecked(t *testing.T) {
	t.Parallel()
	var releaser struct {
		Builds []struct {
			Env, Flags, Ldflags []string
		}
	}
	if err := yaml.Unmarshal(readFile(t, ".goreleaser.yml"), &releaser); err != nil || len(releaser.Builds) != 1 {
		t.Fatalf("%+v, %v", releaser, err)
	}
	build := releaser.Builds[0]
	version := strings.NewReplacer("{{ .Version }}", "VERSION", "{{ slice .FullCommit 0 12 }}", "COMMIT",
		"$(VERSION)", "VERSION", "$(COMMIT)", "COMMIT", "0.0.0-check", "VERSION", "${commit:0:12}", "COMMIT")
	want := built{strings.Join(build.Flags, " "), version.Replace(strings.Join(build.Ldflags, " ")), strings.Join(build.Env, " ")}
	makefile, check := string(readFile(t, "GNUmakefile")), string(readFile(t, "scripts/release-check.sh"))
	part := func(text, pattern string) string {
		match := regexp.MustCompile(pattern).FindStringSubmatch(text)
		if match == nil {
			t.Fatalf("nothing is like %s", pattern)
		}
		return match[1]
	}
	for name, got := range map[string]built{
		"GNUmakefile": {
			flags:   part(makefile, `(?m)^override GOFLAGS .*\)\) (-.*)$`),
			ldflags: version.Replace(part(makefile, `(?m)^LDFLAGS := (.*)$`)),
			env:     "CGO_ENABLED=" + part(makefile, `(?m)^export CGO_ENABLED := (.*)$`) + " GOWORK=" + part(makefile, `(?m)^export GOWORK +:= (.*)$`),
		},
		"scripts/release-check.sh": {
			flags:   part(check, `build (-.*) -ldflags `),
			ldflags: version.Replace(part(check, `-ldflags "(.*)" `)),
			env:     part(check, `(CGO_ENABLED=\d GOWORK=\w+) `),
		},
	} {
		if diff := cmp.Diff(want, got, cmp.AllowUnexported(built{})); diff != "" {
			t.Errorf("%s builds otherwise than .goreleaser.yml: %s", name, diff)
		}
	}
	if !slices.Contains(strings.Fields(makefile), "--short=12") {
		t.Error("GNUmakefile's commit has another length than a release's")
	}
}

// built is how a binary is built.
type built struct{ flags, ldflags, env string }
