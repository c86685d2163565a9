package docstest_test

import (
	"regexp"
	"slices"
	"strings"
	"testing"
)

const manyAdopted = "is a step of what TestManyCachesAreAdoptedAtOnce of internal/provider does"

// elsewhere are commands that nothing here can run, each with the reason.
var elsewhere = map[string]string{
	"kubectl ": "asks a cluster with super nodes, whose events only Tencent Cloud's own nodes write",
	"curl -fsS https://registry.terraform.io/v1/providers/tkeimage/tkeimage/0.1.0/download/": "asks the registry " +
		"for a version that is not there yet",
	"gpg --show-keys --with-fingerprint tkeimage.asc": "scripts/release-snapshot.sh runs it on the " +
		"key of the moment",
	"gpg --import tkeimage.asc": "scripts/release-snapshot.sh runs it on the key of the moment",
	"gpg --verify terraform-provider-tkeimage_0.1.0_SHA256SUMS.sig": "scripts/release-snapshot.sh runs it on what " +
		"goreleaser made",
	"sha256sum --ignore-missing --check terraform-provider-tkeimage": "scripts/release-snapshot.sh runs it on what " +
		"goreleaser made",
	"git ":                           "is git's own, on a clone of the reader's",
	"cd terraform-provider-tkeimage": "goes into the clone",
	"TKEIMAGE_REGISTRY_BIN=$PWD/bin/registry go test ./internal/...": "is what make test runs, but for the CLI",
	"tccli tcr CreateServiceAccount ": "makes an account at Tencent Cloud; lab/peers compares its parameters with " +
		"the official client's",
	"terraform plan -generate-config-out=": "is run over caches of its own by internal/provider's tests of adoption",
	"terraform query": "is run by internal/provider's tests of adoption, " +
		"with Terraform 1.14 and later",
	"terraform apply -invoke=action.tkeimage_cache_rebuild.weekly": "is run by internal/provider's tests of the " +
		"action, with Terraform 1.14 and later",
	"terraform output -raw imports >imports.tf": manyAdopted,
	"terraform apply import.tfplan":             manyAdopted,
	"rm imports.tf":                             manyAdopted,
	"export TKEIMAGE_REGISTRY_HOSTS_DIR=": "sets what TestDockerHubIsReadWithNoRouteButToAMirror of " +
		"internal/provider sets",
	"export DOCKER_CONFIG=":  "sets what the tests of internal/provider set",
	"gh attestation verify ": "asks GitHub for what the release workflow recorded there",
}

// tried are the commands of the CLI that tests of this package run, each with a test and what it
// says there: a test does not answer the question of an apply.
var tried = map[string]struct{ test, as string }{
	"terraform init":                    {"TestReadmeDoesTheWholeJob", "terraform init"},
	"terraform plan":                    {"TestMovingTakesACacheOver", "terraform plan"},
	"terraform apply":                   {"TestReadmeDoesTheWholeJob", "terraform apply -auto-approve"},
	"terraform plan -detailed-exitcode": {"TestReadmeDoesTheWholeJob", "terraform plan -detailed-exitcode"},
	"terraform test":                    {"TestImagesAreHeldToALimit", "terraform test"},
}

// TestTriedCommandsAreRunWhereThisTestSays holds the list against the tests that it names.
func TestTriedCommandsAreRunWhereThisTestSays(t *testing.T) {
	t.Parallel()
	var source []byte
	for _, file := range goFiles(t, "lab/docstest") {
		source = append(source, readFile(t, file)...)
	}
	for command, trial := range tried {
		_, body, found := strings.Cut(string(source), "\nfunc "+trial.test+"(")
		body, _, _ = strings.Cut(body, "\n}\n")
		if !found || !strings.Contains(body, `n.runs(t, "`+trial.as+`")`) {
			t.Errorf("%q: %s does not run %q", command, trial.test, trial.as)
		}
	}
}

// TestEveryCommandIsOneThatWasTried looks at all blocks that a reader would paste into a shell.
func TestEveryCommandIsOneThatWasTried(t *testing.T) {
	t.Parallel()
	targets := targetsOfMake(t)
	count := 0
	for _, p := range allPages(t) {
		for _, b := range p.blocks("shell", "sh", "bash") {
			for line := range strings.Lines(b.text) {
				command, _, _ := strings.Cut(strings.TrimSpace(line), " # ")
				command = strings.TrimSpace(command)
				if command == "" || strings.HasPrefix(command, "#") {
					continue
				}
				count++
				if problem := untried(p, command, targets); problem != "" {
					t.Errorf("%s: %q %s", p.path, command, problem)
				}
			}
		}
	}
	if count < 15 {
		t.Errorf("only %d commands were seen: the test looks at too little", count)
	}
}

var quoted = regexp.MustCompile(`"[^"]*"`)

func untried(p *page, command string, targets []string) string {
	if rest, isMake := strings.CutPrefix(command, "make"); isMake {
		for word := range strings.FieldsSeq(quoted.ReplaceAllString(rest, "")) {
			if !strings.Contains(word, "=") && !slices.Contains(targets, word) {
				return "names a target that make does not know: " + word
			}
		}
		return ""
	}
	for prefix := range elsewhere {
		if strings.HasPrefix(command, prefix) {
			return ""
		}
	}
	if tried[command].test != "" {
		return ""
	}
	// What the generator took from examples/resources/*/import.sh is tested there, with the id as
	// an argument.
	if strings.HasPrefix(p.path, "docs/resources/") && strings.HasPrefix(command, "terraform import tkeimage_cache.") {
		return ""
	}
	return "is run by no test: add it to one, or to the list of those that cannot be"
}

func targetsOfMake(t *testing.T) []string {
	t.Helper()
	var targets []string
	for _, match := range regexp.MustCompile(`(?m)^([a-z][a-z-]*):`).FindAllSubmatch(readFile(t, "GNUmakefile"), -1) {
		targets = append(targets, string(match[1]))
	}
	tool := regexp.MustCompile(`(?m)^\t(\S+) +\S+ +\S+/\S+ *\\?$`)
	for _, match := range tool.FindAllSubmatch(readFile(t, "tools/tools.mk"), -1) {
		targets = append(targets, "bin/"+string(match[1]))
	}
	if !slices.Contains(targets, "test") || !slices.Contains(targets, "bin/registry") {
		t.Fatalf("the targets of make were not found: %v", targets)
	}
	return targets
}
