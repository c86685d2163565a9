package docstest_test

import (
	"io/fs"
	"maps"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

const campaigns = ".github/workflows/campaigns.yml"

// A workflow, as far as it matters here.
type workflow struct {
	Permissions any `yaml:"permissions"`
	Jobs        map[string]struct {
		Timeout int `yaml:"timeout-minutes"`
	} `yaml:"jobs"`
}

func workflowFiles(t *testing.T) (files []string) {
	t.Helper()
	found, err := filepath.Glob(filepath.Join(root, ".github", "workflows", "*.yml"))
	if err != nil || len(found) < 3 {
		t.Fatalf("workflows: %v, %v", found, err)
	}
	for _, file := range found {
		files = append(files, ".github/workflows/"+filepath.Base(file))
	}
	return append(files, "examples/ci/github/plan.yml", "examples/ci/github/rebuild.yml")
}

// TestWorkflowsAreBounded: each says what its token may do, and no job runs for ever.
func TestWorkflowsAreBounded(t *testing.T) {
	t.Parallel()
	for _, file := range workflowFiles(t) {
		var parsed workflow
		if err := yaml.Unmarshal(readFile(t, file), &parsed); err != nil || len(parsed.Jobs) == 0 {
			t.Errorf("%s: %d jobs, %v", file, len(parsed.Jobs), err)
		}
		if parsed.Permissions == nil {
			t.Errorf("%s does not say what its token may do", file)
		}
		for name, job := range parsed.Jobs {
			if job.Timeout == 0 {
				t.Errorf("%s: the job %s may run for ever", file, name)
			}
		}
	}
}

// TestActionsArePinnedByCommit, since the tag of an action can be moved. The version stands beside
// the commit.
func TestActionsArePinnedByCommit(t *testing.T) {
	t.Parallel()
	pinned := regexp.MustCompile(`(?m)uses: ([a-z-]+/[a-z-]+(?:/[a-z-]+)?)@([0-9a-f]{40}) # (v\d+\.\d+\.\d+)$`)
	used := regexp.MustCompile(`(?m)uses: `)
	commits := map[string]string{}
	for _, file := range workflowFiles(t) {
		text := readFile(t, file)
		matches := pinned.FindAllSubmatch(text, -1)
		if uses := len(used.FindAll(text, -1)); len(matches) != uses {
			t.Errorf(
				"%s uses %d actions, of which %d are pinned by a commit with its version beside it",
				file, uses, len(matches),
			)
		}
		for _, match := range matches {
			action, commit := string(match[1]), string(match[2])
			if known := commits[action]; known != "" && known != commit {
				t.Errorf("%s is pinned to two commits, %s and %s", action, known, commit)
			}
			commits[action] = commit
		}
	}
	if len(commits) == 0 {
		t.Error("no action was seen: the test looks at nothing")
	}
}

// TestEveryPackageIsFuzzedInAJobOfItsOwn: a package that the matrix lacks would never get its
// million inputs.
func TestEveryPackageIsFuzzedInAJobOfItsOwn(t *testing.T) {
	t.Parallel()
	want, got := map[string]bool{}, map[string]bool{}
	for _, folder := range []string{"internal", "lab"} {
		for _, file := range goFiles(t, folder) {
			if strings.HasSuffix(file, "_test.go") &&
				regexp.MustCompile(`(?m)^func Fuzz[A-Z]`).Match(readFile(t, file)) {
				want["./"+filepath.ToSlash(filepath.Dir(file))] = true
			}
		}
	}
	for _, match := range regexp.MustCompile(`(?m)fuzz FUZZTIME=1000000x PKG=(\S+)$`).FindAllSubmatch(
		readFile(t, campaigns), -1,
	) {
		got[string(match[1])] = true
	}
	if !maps.Equal(got, want) || len(want) < 5 {
		t.Errorf(
			"%s fuzzes %v, and there are targets in %v",
			campaigns, slices.Sorted(maps.Keys(got)), slices.Sorted(maps.Keys(want)),
		)
	}
}

// TestEveryModuleIsUpdated compares dependabot.yml with the modules.
func TestEveryModuleIsUpdated(t *testing.T) {
	t.Parallel()
	var config struct {
		Updates []struct {
			Ecosystem   string   `yaml:"package-ecosystem"`
			Directories []string `yaml:"directories"`
		} `yaml:"updates"`
	}
	if err := yaml.Unmarshal(readFile(t, ".github/dependabot.yml"), &config); err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, update := range config.Updates {
		if update.Ecosystem == "gomod" {
			got = append(got, update.Directories...)
		}
	}
	files, err := filepath.Glob(filepath.Join(root, "tools", "*", "go.mod"))
	if err != nil || len(files) < 5 {
		t.Fatalf("modules under tools/: %v, %v", files, err)
	}
	want := []string{"/", "/lab", "/tools"}
	for _, file := range files {
		want = append(want, "/tools/"+filepath.Base(filepath.Dir(file)))
	}
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf(".github/dependabot.yml updates %v, and the modules are %v", got, want)
	}
}

// goFiles returns the Go files below a folder of the repository, by their paths in it.
func goFiles(t *testing.T, folder string) (files []string) {
	t.Helper()
	err := filepath.WalkDir(filepath.Join(root, folder), func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || filepath.Ext(path) != ".go" {
			return err
		}
		relative, err := filepath.Rel(root, path)
		files = append(files, relative)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}
