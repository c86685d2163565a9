package docstest_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/acctest"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/tfcli"
)

// divider begins another configuration in the middle of a page. Up to it, a page's blocks are one
// configuration, as for a reader who copies them one after the other.
const divider = "<!-- another configuration -->"

// A configuration is what stands in a page between two dividers.
type configuration struct {
	name string
	text string
}

func configurations(p *page) []configuration {
	var found []configuration
	dividers := []int{}
	for i, line := range strings.Split(string(p.source), "\n") {
		if strings.TrimSpace(line) == divider {
			dividers = append(dividers, i+1)
		}
	}
	last := -1
	for _, b := range p.blocks("terraform") {
		before := 0
		for _, line := range dividers {
			if line < b.line {
				before++
			}
		}
		if before != last {
			found = append(found, configuration{name: fmt.Sprintf("%s:%d", p.path, b.line)})
			last = before
		}
		found[len(found)-1].text += b.text + "\n"
	}
	return found
}

// TestConfigurationsAreFormatted holds every block to the CLI's own style.
func TestConfigurationsAreFormatted(t *testing.T) {
	t.Parallel()
	cli := acctest.CLI(t)
	folder := t.TempDir()
	count := 0
	for _, p := range guides(t) {
		for _, b := range p.blocks("terraform", "hcl") { // hcl: a part of a block, which is not valid by itself
			count++
			name := fmt.Sprintf("%s_%d.tf", strings.NewReplacer("/", "_", ".", "_").Replace(p.path), b.line)
			if err := os.WriteFile(filepath.Join(folder, name), []byte(b.text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
	if count < 20 {
		t.Errorf("only %d blocks were seen: the test looks at too little", count)
	}
	output, err := exec.CommandContext(t.Context(), cli, "fmt", "-check", "-diff", "-no-color", folder).CombinedOutput()
	if err != nil {
		t.Errorf("%v\n%s", err, output)
	}
}

// needs are what a configuration asks of the CLI, or of a provider other than ours.
var (
	kubernetes = regexp.MustCompile(`(?m)^(resource|data|ephemeral) "kubernetes_|^provider "kubernetes"`)
	queried    = regexp.MustCompile(`(?m)^list "`)
	besides    = regexp.MustCompile(`file\("\$\{path\.module\}/([^"]+)"\)`) // files that a reader has
	byIdentity = regexp.MustCompile(`(?m)^\s+identity = \{`)
)

// TestConfigurationsAreValid has the CLI validate every configuration with the provider just built.
func TestConfigurationsAreValid(t *testing.T) {
	t.Parallel()
	cli := acctest.CLI(t)
	plugins := filepath.Dir(acctest.ProviderBinary(t))
	for _, p := range guides(t) {
		for _, c := range configurations(p) {
			t.Run(c.name, func(t *testing.T) {
				t.Parallel()
				validate(t, cli, plugins, c)
			})
		}
	}
}

func validate(t *testing.T, cli, plugins string, c configuration) {
	t.Helper()
	file, options := "main.tf", []string{"validate", "-no-color"}
	if queried.MatchString(c.text) {
		acctest.RequireTerraform(t, "1.14.0")
		file, options = "caches.tfquery.hcl", append(options, "-query")
	}
	if byIdentity.MatchString(c.text) {
		acctest.RequireVersion(t, "1.12.0")
	}
	overrides := fmt.Sprintf("    \"tkeimage/tkeimage\" = %q\n", plugins)
	required := "    tkeimage = { source = \"tkeimage/tkeimage\" }\n"
	if kubernetes.MatchString(c.text) {
		binary := os.Getenv("TKEIMAGE_KUBERNETES_PROVIDER_BIN")
		if binary == "" {
			t.Skip("TKEIMAGE_KUBERNETES_PROVIDER_BIN names no provider for Kubernetes")
		}
		overrides += fmt.Sprintf("    \"hashicorp/kubernetes\" = %q\n", filepath.Dir(binary))
		required += "    kubernetes = { source = \"hashicorp/kubernetes\" }\n"
	}
	folder := t.TempDir()
	config := filepath.Join(t.TempDir(), "cli.tfrc")
	write(t, config, "provider_installation {\n  dev_overrides {\n"+overrides+"  }\n}\n")
	write(t, filepath.Join(folder, file), c.text)
	if !strings.Contains(c.text, "required_providers") {
		write(t, filepath.Join(folder, "versions.tf"), "terraform {\n  required_providers {\n"+required+"  }\n}\n")
	}
	for _, match := range besides.FindAllStringSubmatch(c.text, -1) {
		write(t, filepath.Join(folder, match[1]), "")
	}
	command := exec.CommandContext(t.Context(), cli, options...)
	command.Dir, command.Env = folder, tfcli.Environment(config)
	if output, err := command.CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, output)
	}
}

func write(t *testing.T, file, text string) {
	t.Helper()
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// TestTheFirstExampleStandsAlone: nothing is added to what a registry shows first, so that a copy
// of it is complete.
func TestTheFirstExampleStandsAlone(t *testing.T) {
	t.Parallel()
	if first := configurations(readPage(t, "docs/index.md"))[0].text; !strings.Contains(first, "required_providers") {
		t.Errorf("the first example does not say where the provider is from:\n%s", first)
	}
}
