package sandbox

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
)

// Version is the version under which a mirror offers the provider that was just built. Examples ask for a release
// ("~> 0.1", say), and no constraint matches "dev".
const Version = "0.1.0"

// providerAddresses are the names under which a configuration's source "tkeimage/tkeimage" is looked for, first by
// Terraform, then by OpenTofu.
var providerAddresses = []string{
	"registry.terraform.io/tkeimage/tkeimage",
	"registry.opentofu.org/tkeimage/tkeimage",
}

// Mirror makes folder a filesystem mirror that holds the provider's binary and nothing else, with a CLI configuration
// that knows no other place to install from. It returns the path of that configuration, for CLIEnvironment.
func Mirror(folder, providerBinary string) (configFile string, err error) {
	folder, err = filepath.Abs(folder)
	if err != nil {
		return "", err
	}
	providerBinary, err = filepath.Abs(providerBinary)
	if err != nil {
		return "", err
	}
	if _, err := os.Stat(providerBinary); err != nil {
		return "", fmt.Errorf("the provider is not built: %w", err)
	}

	for _, address := range providerAddresses {
		plugins := filepath.Join(folder, "mirror", filepath.FromSlash(address), Version, runtime.GOOS+"_"+runtime.GOARCH)
		if err := os.MkdirAll(plugins, 0o755); err != nil {
			return "", err
		}
		// A link, since the binary has tens of megabytes and there may be a mirror for each test.
		if err := os.Symlink(providerBinary, filepath.Join(plugins, "terraform-provider-tkeimage_v"+Version)); err != nil {
			return "", err
		}
	}

	configFile = filepath.Join(folder, "cli.tfrc")
	text := fmt.Sprintf("disable_checkpoint = true\n\nprovider_installation {\n  filesystem_mirror {\n    path = %q\n  }\n}\n",
		filepath.Join(folder, "mirror"))

	return configFile, os.WriteFile(configFile, []byte(text), 0o600)
}

// CLIEnvironment is this process's environment for a Terraform CLI that is to depend on nothing of its user's: neither
// on a CLI configuration and its plugin cache, nor on arguments and variables, nor on cloud credentials.
// Additions of the form NAME=value come on top.
func CLIEnvironment(configFile string, additions ...string) []string {
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
