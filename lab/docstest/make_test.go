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

const (
	ciRun     = ".ci/run"
	ci        = ".github/workflows/ci.yml"
	campaigns = ".github/workflows/campaigns.yml"
)

// runBy are the targets of make that pages name, each with the file that runs it.
var runBy = map[string]string{
	"build":            "GNUmakefile",
	"test":             ciRun,
	"check":            ciRun,
	"demo":             ciRun,
	"fuzz":             ciRun,
	"release-check":    ciRun,
	"test-cluster":     ciRun,
	"test-opentofu":    ciRun,
	"test-race":        ci,
	"test-faults":      campaigns,
	"test-kills":       campaigns,
	"test-corpus":      campaigns,
	"bench":            campaigns,
	"release-snapshot": campaigns,
	"truth":            campaigns,
	"vulnerabilities":  ".github/workflows/vulnerabilities.yml",
	"check-go":         ".github/workflows/vulnerabilities.yml",
}

// byHand are those that nothing runs, each with the reason.
var byHand = map[string]string{
	"generate":     "writes what make check-docs compares, with the same scripts",
	"licences":     "writes what make check-licences compares, with the same program",
	"change":       "notes what somebody says; make check-changelog compares what comes of it",
	"changelog":    "writes what make check-changelog compares, with the same program",
	"fmt":          "writes what make check-format and make check-examples look at",
	"tidy":         "writes what make check-modules compares",
	"install":      "writes into a folder of the user's own",
	"testacc":      "needs an account; make test runs the same tests against the stand-in",
	"sweep":        "needs an account; make test runs the same function against the stand-in",
	"docs-test":    "is make test of one package",
	"demo-picture": "draws what make demo prints, for somebody to look at",
}

// TestEveryTargetOfMakeThatAPageNamesIsRun looks at `make x y` in sentences and tables too. What no machine runs breaks unseen.
func TestEveryTargetOfMakeThatAPageNamesIsRun(t *testing.T) {
	t.Parallel()
	targets := targetsOfMake(t)
	named := map[string]bool{}
	for _, p := range allPages(t) {
		for _, match := range regexp.MustCompile("(?m)(?:`|^)make ([^`#\n]+)").FindAllSubmatch(p.source, -1) {
			for word := range strings.FieldsSeq(string(match[1])) {
				if regexp.MustCompile(`^[a-z][a-z-]*$`).MatchString(word) {
					named[word] = true
				}
			}
		}
	}
	for target := range named {
		if !slices.Contains(targets, target) {
			t.Errorf("a page names `make %s`, which there is not", target)
		} else if (runBy[target] == "") == (byHand[target] == "") {
			t.Errorf("a page names `make %s`: say in runBy which file runs it, or in byHand why none does", target)
		}
	}
	for target := range merged(runBy, byHand) {
		if !named[target] {
			t.Errorf("no page names `make %s` any more", target)
		}
	}
}

// TestTargetsOfMakeAreRunWhereThisTestSays holds runBy against the files.
func TestTargetsOfMakeAreRunWhereThisTestSays(t *testing.T) {
	t.Parallel()
	for target, file := range runBy {
		line := `(?m)\bmake\b[^#\n]* ` + target + `( |$)` // in a script
		switch filepath.Ext(file) {
		case ".yml":
			if !slices.Contains(madeBy(t, file), target) {
				t.Errorf("%s does not run make %s", file, target)
			}
			continue
		case "":
			if file == "GNUmakefile" {
				line = `(?m)^(test|check-examples):[^#\n]* ` + target + `( |$)`
			}
		}
		if !regexp.MustCompile(line).Match(readFile(t, file)) {
			t.Errorf("%s does not run make %s", file, target)
		}
	}
}

func merged(one, other map[string]string) map[string]string {
	all := maps.Clone(one)
	maps.Copy(all, other)
	return all
}

// commandsOf are the lines that a workflow runs, once for each entry of a matrix of whole commands.
func commandsOf(t *testing.T, file string) (commands []string) {
	t.Helper()
	var parsed workflow
	if err := yaml.Unmarshal(readFile(t, file), &parsed); err != nil {
		t.Fatalf("%s: %v", file, err)
	}
	for _, job := range parsed.Jobs {
		for _, step := range job.Steps {
			for line := range strings.Lines(step.Run) {
				entries := []any{""}
				const campaign = "${{ matrix.campaign }}"
				if strings.Contains(line, campaign) {
					entries, _ = job.Strategy.Matrix["campaign"].([]any)
				}
				for _, entry := range entries {
					text, _ := entry.(string)
					commands = append(commands, strings.TrimSpace(strings.ReplaceAll(line, campaign, text)))
				}
			}
		}
	}
	return commands
}

var makes = regexp.MustCompile(`(?:^| )make (\S+)`)

// madeBy are the targets that a workflow runs.
func madeBy(t *testing.T, file string) (targets []string) {
	t.Helper()
	for _, command := range commandsOf(t, file) {
		if match := makes.FindStringSubmatch(command); match != nil {
			targets = append(targets, match[1])
		}
	}
	return targets
}

// TestWorkflowsRunTargetsThatThereAre: what CI runs can be run on a laptop, by the same name.
func TestWorkflowsRunTargetsThatThereAre(t *testing.T) {
	t.Parallel()
	targets := targetsOfMake(t)
	for file, least := range map[string]int{ci: 8, campaigns: 10, ".github/workflows/release.yml": 2, ".github/workflows/vulnerabilities.yml": 1} {
		made := madeBy(t, file)
		for _, target := range made {
			if !slices.Contains(targets, target) && !strings.HasPrefix(target, "bin/") {
				t.Errorf("%s runs `make %s`, which there is not", file, target)
			}
		}
		if len(made) < least {
			t.Errorf("%s runs %v, and was seen to run %d targets or more", file, made, least)
		}
	}
}

// TestEveryPackageIsFuzzedInAJobOfItsOwn: one that the matrix lacks would never get its million inputs.
func TestEveryPackageIsFuzzedInAJobOfItsOwn(t *testing.T) {
	t.Parallel()
	want := map[string]bool{}
	for _, file := range goFiles(t) {
		if strings.HasSuffix(file, "_test.go") && regexp.MustCompile(`(?m)^func Fuzz[A-Z]`).Match(readFile(t, file)) {
			want["./"+filepath.ToSlash(filepath.Dir(file))] = true
		}
	}
	got := map[string]bool{}
	for _, command := range commandsOf(t, campaigns) {
		if _, folder, found := strings.Cut(command, "make fuzz FUZZTIME=1000000x PKG="); found {
			got[folder] = true
		}
	}
	if !maps.Equal(got, want) || len(want) < 5 {
		t.Errorf("%s fuzzes %v, and there are targets in %v", campaigns, slices.Sorted(maps.Keys(got)), slices.Sorted(maps.Keys(want)))
	}
}

// TestEveryModuleIsUpdated compares dependabot.yml with the modules.
func TestEveryModuleIsUpdated(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob(filepath.Join(root, "tools", "*", "go.mod"))
	if err != nil || len(files) < 5 {
		t.Fatalf("modules under tools/: %v, %v", files, err)
	}
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
	want := []string{"/", "/tools"}
	for _, file := range files {
		want = append(want, "/tools/"+filepath.Base(filepath.Dir(file)))
	}
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf(".github/dependabot.yml updates %v, and the modules are %v", got, want)
	}
}

// TestWhatAnAcceptanceRunTakesIsTold: make hides the environment but for what it names, and the table is how one learns of that.
func TestWhatAnAcceptanceRunTakesIsTold(t *testing.T) {
	t.Parallel()
	_, section, _ := strings.Cut(string(readFile(t, "CONTRIBUTING.md")), "\n## The real cloud\n")
	exported := regexp.MustCompile(`(?m)^testacc sweep: export (\w+) `).FindAllSubmatch(readFile(t, "GNUmakefile"), -1)
	for _, match := range exported {
		if !strings.Contains(section, "`"+string(match[1])+"`") {
			t.Errorf("CONTRIBUTING.md does not tell of %s, which make testacc hands on", match[1])
		}
	}
	if len(exported) < 5 {
		t.Errorf("only %d variables were seen", len(exported))
	}
}

// goFiles are the files of the module below internal/, by their paths in the repository.
func goFiles(t *testing.T) (files []string) {
	t.Helper()
	err := filepath.WalkDir(filepath.Join(root, "internal"), func(path string, entry fs.DirEntry, err error) error {
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
