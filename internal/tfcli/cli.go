// Package tfcli is what tests, the demonstration and the bench run a Terraform CLI with: the CLI
// itself, a mirror to install the provider from, and an environment that depends on nothing of its
// user's.
package tfcli

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
)

// errNoCLI says that there is no Terraform CLI, and what to do about it.
var errNoCLI = errors.New(
	"neither terraform nor tofu is on the PATH: run this through make, which builds OpenTofu if need be, " +
		"or name one in TF_ACC_TERRAFORM_PATH",
)

// Find returns the absolute path of the Terraform CLI to use: the one that the environment names
// (make does), else terraform or tofu on the PATH.
func Find() (string, error) {
	for _, variable := range []string{"TKEIMAGE_TF_CLI", "TF_ACC_TERRAFORM_PATH"} {
		if path := os.Getenv(variable); path != "" {
			return filepath.Abs(path)
		}
	}
	for _, name := range []string{"terraform", "tofu"} {
		if path, err := exec.LookPath(name); err == nil {
			return filepath.Abs(path)
		}
	}

	return "", errNoCLI
}
