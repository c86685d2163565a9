package docstest_test

import (
	"encoding/json"
	"maps"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

type goMod struct {
	Require []struct {
		Path, Version string
		Indirect      bool
	}
	Tool    []struct{ Path string }
	Replace []struct {
		Old, New struct{ Path, Version string }
	}
}

func modFile(t *testing.T, folder string) goMod {
	t.Helper()
	command := exec.CommandContext(t.Context(), "go", "mod", "edit", "-json")
	command.Dir = filepath.Join(root, filepath.FromSlash(folder))
	output, err := command.Output()
	if err != nil {
		t.Fatalf("go mod edit in %s: %v", folder, err)
	}
	var mod goMod
	if err := json.Unmarshal(output, &mod); err != nil {
		t.Fatal(err)
	}
	return mod
}

// rows are the first cells of the tables below a heading of CONTRIBUTING.md, without their code marks, and what stands beside each.
func rows(t *testing.T, heading string) map[string]string {
	t.Helper()
	_, section, found := strings.Cut(string(readFile(t, "CONTRIBUTING.md")), "\n## "+heading+"\n")
	if !found {
		t.Fatalf("CONTRIBUTING.md has no part %q", heading)
	}
	section, _, _ = strings.Cut(section, "\n## ")
	found2 := map[string]string{}
	for _, match := range regexp.MustCompile("(?m)^\\| `([^`]+)` \\| (.*) \\|$").FindAllStringSubmatch(section, -1) {
		if found2[match[1]] != "" {
			t.Errorf("CONTRIBUTING.md tells of %s twice: %q and %q", match[1], found2[match[1]], match[2])
		}
		found2[match[1]] = match[2]
	}
	return found2
}

// TestEveryDependencyHasItsReason holds the table in CONTRIBUTING.md to go.mod, both ways.
func TestEveryDependencyHasItsReason(t *testing.T) {
	t.Parallel()
	reasons := rows(t, "Dependencies")
	direct := map[string]bool{}
	for _, requirement := range modFile(t, ".").Require {
		if requirement.Indirect {
			continue
		}
		name := strings.TrimPrefix(requirement.Path, "github.com/")
		direct[name] = true
		version := regexp.MustCompile(`/v\d+$`)
		reason, found := reasons[name]
		if !found {
			reason, found = reasons[version.ReplaceAllString(name, "")]
			direct[version.ReplaceAllString(name, "")] = true
		}
		if !found || len(reason) < 10 {
			t.Errorf("CONTRIBUTING.md gives no reason for %s", requirement.Path)
		}
	}
	for name := range reasons {
		if !strings.HasPrefix(name, "tools/") && !direct[name] {
			t.Errorf("CONTRIBUTING.md gives a reason for %s, which go.mod does not ask for", name)
		}
	}
}

// TestEveryToolHasItsReason holds the second table to the modules under tools/.
func TestEveryToolHasItsReason(t *testing.T) {
	t.Parallel()
	reasons := rows(t, "Dependencies")
	files, err := filepath.Glob(filepath.Join(root, "tools", "*", "go.mod"))
	if err != nil {
		t.Fatal(err)
	}
	folders := map[string]bool{"tools/": true}
	for _, file := range files {
		folders["tools/"+filepath.Base(filepath.Dir(file))+"/"] = true
	}
	for folder := range folders {
		if len(reasons[folder]) < 10 {
			t.Errorf("CONTRIBUTING.md does not say what the tools in %s are for", folder)
		}
	}
	for name := range reasons {
		if strings.HasPrefix(name, "tools/") && !folders[name] {
			t.Errorf("CONTRIBUTING.md tells of %s, which there is not", name)
		}
	}
}

// TestNoDependencyIsReplaced: what go.sum holds is what a user's own build of the module gets.
func TestNoDependencyIsReplaced(t *testing.T) {
	t.Parallel()
	if replaced := modFile(t, ".").Replace; len(replaced) > 0 {
		t.Errorf("go.mod replaces %v: nobody who installs with `go install` would get that", replaced)
	}
}

// A workflow, as far as it matters here.
type workflow struct {
	Permissions any `yaml:"permissions"`
	Jobs        map[string]struct {
		Timeout  int `yaml:"timeout-minutes"`
		Strategy struct {
			Matrix map[string]any `yaml:"matrix"`
		} `yaml:"strategy"`
		Steps []struct {
			Uses string `yaml:"uses"`
			Run  string `yaml:"run"`
		} `yaml:"steps"`
	} `yaml:"jobs"`
}

// TestActionsArePinnedByCommit: a tag of an action can be moved by whoever gets hold of its repository.
func TestActionsArePinnedByCommit(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob(filepath.Join(root, ".github", "workflows", "*.yml"))
	if err != nil || len(files) < 3 {
		t.Fatalf("workflows: %v, %v", files, err)
	}
	pinned := regexp.MustCompile(`(?m)uses: ([a-z-]+/[a-z-]+(?:/[a-z-]+)?)@([0-9a-f]{40}) # (v\d+\.\d+\.\d+)$`)
	used := regexp.MustCompile(`(?m)uses: `)
	commits := map[string]string{}
	for _, file := range append(files, filepath.Join(root, "examples", "ci", "github", "plan.yml")) {
		relative, err := filepath.Rel(root, file)
		if err != nil {
			t.Fatal(err)
		}
		text := readFile(t, relative)
		var parsed workflow
		if err := yaml.Unmarshal(text, &parsed); err != nil {
			t.Errorf("%s: %v", relative, err)
		}
		if parsed.Permissions == nil {
			t.Errorf("%s does not say what its token may do", relative)
		}
		for name, job := range parsed.Jobs {
			if job.Timeout == 0 {
				t.Errorf("%s: the job %s may run for ever", relative, name)
			}
		}
		matches := pinned.FindAllSubmatch(text, -1)
		if uses := len(used.FindAll(text, -1)); len(matches) != uses {
			t.Errorf("%s uses %d actions, of which %d are pinned by a commit with its version beside it", relative, uses, len(matches))
		}
		for _, match := range matches {
			action, commit := string(match[1]), string(match[2])
			if known := commits[action]; known != "" && known != commit {
				t.Errorf("%s is pinned to two commits, %s and %s", action, known, commit)
			}
			commits[action] = commit
		}
	}
	if len(slices.Collect(maps.Keys(commits))) == 0 {
		t.Error("no action was seen: the test looks at nothing")
	}
}
