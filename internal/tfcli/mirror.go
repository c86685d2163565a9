package tfcli

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
)

// providerVersion is the version under which a mirror offers the provider that was just built.
// Examples ask for a release ("~> 0.1", say), and no constraint matches "dev".
const providerVersion = "0.1.0"

// KubernetesVersion is that of HashiCorp's provider for Kubernetes, as
// tools/terraform-provider-kubernetes builds it.
const KubernetesVersion = "1.13.4"

// hosts are where a configuration's source "tkeimage/tkeimage" is looked for, first by Terraform,
// then by OpenTofu.
var hosts = []string{"registry.terraform.io", "registry.opentofu.org"}

// Plugin is a provider's binary, as a mirror offers it.
type Plugin struct {
	Source  string // namespace/type
	Version string
	Binary  string
}

// Mirror makes folder a filesystem mirror that holds this provider's binary and those of others,
// with a CLI configuration that knows no other place to install from. It returns the path of that
// configuration, for Environment.
func Mirror(folder, providerBinary string, others ...Plugin) (configFile string, err error) {
	folder, err = filepath.Abs(folder)
	if err != nil {
		return "", err
	}
	mirror := filepath.Join(folder, "mirror")
	for _, plugin := range append(others, Plugin{"tkeimage/tkeimage", providerVersion, providerBinary}) {
		if err := plugin.linkInto(mirror); err != nil {
			return "", err
		}
	}

	configFile = filepath.Join(folder, "cli.tfrc")
	text := fmt.Sprintf(
		"disable_checkpoint = true\n\nprovider_installation {\n  filesystem_mirror {\n    path = %q\n  }\n}\n",
		mirror,
	)

	return configFile, os.WriteFile(configFile, []byte(text), 0o600)
}

func (p Plugin) linkInto(mirror string) error {
	binary, err := filepath.Abs(p.Binary)
	if err != nil {
		return err
	}
	if _, err := os.Stat(binary); err != nil {
		return fmt.Errorf("provider %s is not built: %w", p.Source, err)
	}
	for _, host := range hosts {
		plugins := filepath.Join(mirror, host, filepath.FromSlash(p.Source), p.Version, runtime.GOOS+"_"+runtime.GOARCH)
		if err := os.MkdirAll(plugins, 0o755); err != nil {
			return err
		}
		// A link, since the binary has tens of megabytes and there may be a mirror for each test.
		err := os.Symlink(binary, filepath.Join(plugins, "terraform-provider-"+filepath.Base(p.Source)+"_v"+p.Version))
		if err != nil {
			return err
		}
	}

	return nil
}

// Environment is this process's environment for a Terraform CLI that is to depend on nothing of
// its user's: neither on a CLI configuration and its plugin cache, nor on arguments and variables,
// nor on cloud credentials. Additions of the form NAME=value come on top.
func Environment(configFile string, additions ...string) []string {
	var kept []string
	for _, variable := range os.Environ() {
		if !isUsers(variable) {
			kept = append(kept, variable)
		}
	}
	kept = append(kept, "TF_CLI_CONFIG_FILE="+configFile, "TF_IN_AUTOMATION=1", "CHECKPOINT_DISABLE=1")

	return append(kept, additions...)
}

func isUsers(variable string) bool {
	for _, prefix := range []string{"TF_", "TENCENTCLOUD_", "TKEIMAGE_", "CHECKPOINT_"} {
		if strings.HasPrefix(variable, prefix) {
			return true
		}
	}

	return false
}
