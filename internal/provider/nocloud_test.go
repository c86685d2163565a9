package provider_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-containerregistry/pkg/authn"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/acctest"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/registry/registrytest"
)

// offline writes a configuration that uses the functions and nothing else, with a provider block.
func (c *cli) offline(t *testing.T, block string) {
	t.Helper()
	text := "terraform {\n  required_providers {\n    tkeimage = { source = \"tkeimage/tkeimage\" }\n  " +
		"}\n}\nprovider \"tkeimage\" {\n  " + block + "\n}\n" +
		"output \"size\" {\n  value = provider::tkeimage::root_disk_size_gib(30000000000, 5, null)\n}\n"
	if err := os.WriteFile(filepath.Join(c.folder, "main.tf"), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// TestExamplesPlanWithoutCloudCredentials plans what the documentation shows of sizes, annotations
// and functions, on a machine without any credentials. The images' names lead to a registry on this
// machine, and nothing else is changed in the examples. Package examples_test does the same with
// those that go all the way to a Deployment.
func TestExamplesPlanWithoutCloudCredentials(t *testing.T) {
	t.Parallel()
	acctest.CLI(t)
	registry := registrytest.Start(t, registrytest.Options{})
	for _, name := range []string{"llm:v1", "sidecar:v3", "app:v1"} {
		pushRandom(t, registry.Host+"/"+name, authn.Anonymous)
	}
	cache := map[string]any{
		"images":    []string{registry.Host + "/app:v1"},
		"vpc_id":    "vpc-508ctkfb",
		"subnet_id": "subnet-8ah75lo8",
	}
	for example, test := range map[string]struct {
		variables map[string]any
		arguments []string
		prints    string
	}{
		"functions/eks_config":                 {prints: "use-image-cache"},
		"functions/pod_annotations":            {prints: "root-cbs-size"},
		"functions/root_disk_size_gib":         {prints: "size_gib"},
		"data-sources/tkeimage_root_disk_size": {prints: "report"},
		"complete": {
			variables: cache, arguments: []string{"-target=data.tkeimage_root_disk_size.this"},
		},
	} {
		t.Run(example, func(t *testing.T) {
			t.Parallel()
			folder := t.TempDir()
			c := cliIn(t, folder, "HOME="+folder, "DOCKER_CONFIG="+folder, "TKEIMAGE_MEASUREMENT_CACHE_DIR=")
			c.use(t, example)
			c.moveTo(t, registry.Host)
			if test.variables != nil {
				c.Set(t, test.variables)
			}
			c.must(t, "init")
			output := c.must(t, append([]string{"plan", "-input=false"}, test.arguments...)...)
			if !strings.Contains(output, test.prints) {
				t.Errorf("no %q in\n%s", test.prints, output)
			}
		})
	}
}

// moveTo writes the registry's host in the place of the examples' one, and what every configuration
// begins with where it is left out.
func (c *cli) moveTo(t *testing.T, host string) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(c.folder, "*.tf"))
	if err != nil {
		t.Fatal(err)
	}
	asks := false
	for _, file := range files {
		content, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		asks = asks || strings.Contains(string(content), "required_providers")
		moved := strings.ReplaceAll(string(content), "registry.example.com/", host+"/")
		if err := os.WriteFile(file, []byte(moved), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if asks {
		return
	}
	text := "terraform {\n  required_providers {\n    tkeimage = { source = \"tkeimage/tkeimage\" }\n  }\n}\n"
	if err := os.WriteFile(filepath.Join(c.folder, "required_providers.tf"), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}
