package provider_test

import (
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/v1/remote"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/acctest"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/registry/registrytest"
)

// TestDockerHubIsReadWithNoRouteButToAMirror runs TestOnAMachineWithAMirrorAlone in a network that
// has nothing but loopback.
func TestDockerHubIsReadWithNoRouteButToAMirror(t *testing.T) {
	t.Parallel()
	acctest.CLI(t)
	acctest.ProviderBinary(t)
	registrytest.RunInOwnNetwork(t, "TestOnAMachineWithAMirrorAlone")
}

// firstExample returns the README's first configuration.
func firstExample(t *testing.T) string {
	t.Helper()
	readme, err := os.ReadFile(filepath.Join("..", "..", "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	block := regexp.MustCompile("(?s)```terraform\n(.*?)```").FindSubmatch(readme)
	if len(block) < 2 || !strings.Contains(string(block[1]), "vllm/vllm-openai:v0.8.5") {
		t.Fatal("the README's first example is another than this test pushes")
	}
	return string(block[1])
}

// TestOnAMachineWithAMirrorAlone plans the README's first example twice, for each way of
// configuration and each kind of mirror, all of which are CNCF Distribution as a pull-through
// cache.
//
//nolint:paralleltest // it is the only test of its process
func TestOnAMachineWithAMirrorAlone(t *testing.T) {
	if !registrytest.IsInOwnNetwork() {
		t.Skip("TestDockerHubIsReadWithNoRouteButToAMirror runs it in a network of its own")
	}
	if out, err := exec.CommandContext(t.Context(), "ip", "link", "set", "lo", "up").CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	hub := registrytest.Start(t, registrytest.Options{})
	reference := pushRandom(t, hub.Host+"/vllm/vllm-openai:v0.8.5", authn.Anonymous)
	want := digestOf(t, reference)
	ways := map[string]func(c *cli, mirror string) string{
		"mirrors": func(c *cli, mirror string) string {
			return fmt.Sprintf(`
provider "tkeimage" {
  docker_config = %q
  registries = {
    "docker.io" = { mirrors = [%q] }
    %[2]q       = { username = "m", password = %q }
  }
}
`, c.folder, mirror, canaryRegistry)
		},
		"registry_hosts_dir": func(c *cli, mirror string) string {
			writeFile(t, filepath.Join(c.folder, "certs.d", "docker.io", "hosts.toml"), fmt.Sprintf(
				"server = \"https://registry-1.docker.io\"\n\n"+
					"[host.\"http://%s\"]\n  capabilities = [\"pull\", \"resolve\"]\n",
				mirror))
			writeFile(t, filepath.Join(c.folder, "config.json"), fmt.Sprintf(
				`{"auths": {%q: {"username": "m", "password": %q}}}`, mirror, canaryRegistry))
			return ""
		},
	}
	for _, options := range []registrytest.Options{
		{Upstream: hub.URL()},
		{Upstream: hub.URL(), Username: "m", Password: canaryRegistry},
	} {
		for _, way := range slices.Sorted(maps.Keys(ways)) {
			mirror := registrytest.Start(t, options)
			folder := t.TempDir()
			c := cliIn(t, folder, "TKEIMAGE_MEASUREMENT_CACHE_DIR="+filepath.Join(folder, ".measurements"),
				"DOCKER_CONFIG="+folder, "TKEIMAGE_REGISTRY_HOSTS_DIR="+existing(t, filepath.Join(folder, "certs.d")))
			writeFile(t, filepath.Join(folder, "config.json"), "{}")
			writeFile(t, filepath.Join(folder, "main.tf"), firstExample(t)+`
output "pinned" {
  value = data.tkeimage_root_disk_size.this.pinned_images
}
output "exact" {
  value = data.tkeimage_root_disk_size.this.exact
}
`+ways[way](c, mirror.Host))
			c.must(t, "init")
			for _, plan := range []string{c.must(t, "plan"), c.must(t, "plan")} {
				for _, part := range []string{
					"docker.io/vllm/vllm-openai@" + want, `"vllm/vllm-openai:v0.8.5"`,
					"size_gib = 20", "exact    = true",
				} {
					if !strings.Contains(plan, part) {
						t.Errorf("%s: the plan lacks %s:\n%s", way, part, plan)
					}
				}
				if acctest.FindSecret(plan, canaryRegistry) >= 0 {
					t.Error("the plan shows a password")
				}
			}
		}
	}
}

func writeFile(t *testing.T, path, content string) {
	t.Helper()
	existing(t, filepath.Dir(path))
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}

// existing makes a directory and returns its path.
func existing(t *testing.T, dir string) string {
	t.Helper()
	if err := os.MkdirAll(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	return dir
}

func digestOf(t *testing.T, reference string) string {
	t.Helper()
	ref, err := name.ParseReference(reference)
	if err != nil {
		t.Fatal(err)
	}
	found, err := remote.Head(ref)
	if err != nil {
		t.Fatal(err)
	}
	return found.Digest.String()
}
