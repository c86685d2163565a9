package docstest_test

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.yaml.in/yaml/v3"
)

// TestReadmeTellsWhichVersionsAreTested holds the sentence of both languages to the matrices of the workflow, in their order.
func TestReadmeTellsWhichVersionsAreTested(t *testing.T) {
	t.Parallel()
	var workflow struct {
		Jobs map[string]struct {
			Strategy struct {
				Matrix struct {
					Version []string
					Include []struct{ Version string }
				}
			}
		}
	}
	if err := yaml.Unmarshal(readFile(t, ".github/workflows/ci.yml"), &workflow); err != nil {
		t.Fatal(err)
	}
	var want []string
	for _, job := range []string{"terraform", "opentofu", "oldest"} {
		matrix := workflow.Jobs[job].Strategy.Matrix
		for _, entry := range matrix.Include {
			matrix.Version = append(matrix.Version, entry.Version)
		}
		for _, version := range matrix.Version {
			want = append(want, strings.TrimSuffix(strings.TrimPrefix(version, "~"), ".0"))
		}
	}
	if len(want) < 10 {
		t.Fatalf("the matrices of the workflow were not found: %v", want)
	}
	told := regexp.MustCompile(`\d+\.\d+|latest|最新版`)
	for page, name := range map[string]string{"README.md": "runs all tests", "README.zh-CN.md": "运行全部测试"} {
		paragraphs := strings.Split(string(readFile(t, page)), "\n\n")
		i := slices.IndexFunc(paragraphs, func(text string) bool { return strings.Contains(text, name) })
		if i < 0 {
			t.Errorf("%s does not say %q", page, name)
			continue
		}
		got := told.FindAllString(strings.ReplaceAll(paragraphs[i], "最新版", "latest"), -1)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s, - the workflow, + the page:\n%s", page, diff)
		}
	}
}
