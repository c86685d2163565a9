package provider_test

import (
	"fmt"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/acctest"
)

// TestRegistryArgumentsThatCannotBeUsedAreNamed: each fault is an error on its argument, before
// anything is asked.
func TestRegistryArgumentsThatCannotBeUsedAreNamed(t *testing.T) {
	t.Parallel()
	acctest.CLI(t)
	dir := t.TempDir()
	writeFile(
		t, filepath.Join(dir, "docker.io", "hosts.toml"),
		"server = \"https://docker.io\"\ncapability = [\"pull\"]\n",
	)
	writeFile(t, filepath.Join(dir, "quay.io", "hosts.toml"), "ca = \"missing.pem\"\n")
	for name, test := range map[string]struct{ provider, want string }{
		"two faults in a directory": {
			fmt.Sprintf("registry_hosts_dir = %q", dir),
			`(?s)docker\.io/hosts\.toml:2:\s+containerd\s+knows.*capability.*` +
				`quay\.io/hosts\.toml:1:\s+the\s+CA\s+certificate\s+cannot`,
		},
		"no directory": {
			fmt.Sprintf("registry_hosts_dir = %q", filepath.Join(dir, "none")), `the directory\s+cannot be read`,
		},
		"a certificate without its key": {
			`registries = { "r.io" = { client_certificate = "x" } }`, `client_key\W+ must\s+be\s+specified`,
		},
		"a key that is none": {
			`registries = { "r.io" = { client_certificate = "x", client_key = "` + canaryRegistry + `" } }`,
			`the client\s+certificate and its key cannot be used`,
		},
		"a mirror that is none": {
			`registries = { "r.io" = { mirrors = ["ftp://x"] } }`, `mirror "ftp://x": write a host`,
		},
		"no certificates": {`registry_ca_certificates = "x"`, `this is not a certificate in PEM`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			resource.UnitTest(t, resource.TestCase{
				ProtoV6ProviderFactories: acctest.Providers(),
				ErrorCheck: func(err error) error {
					if err != nil && strings.Contains(err.Error(), canaryRegistry) {
						t.Error("the error shows a key")
					}
					return err
				},
				Steps: []resource.TestStep{{
					Config: fmt.Sprintf(`
provider "tkeimage" {
  %s
}
data "tkeimage_root_disk_size" "x" {
  images = ["r.io/x:1"]
}
`, test.provider),
					ExpectError: regexp.MustCompile(test.want),
				}},
			})
		})
	}
}
