package sandbox

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
)

// ErrNoCLI says that there is no Terraform CLI, and what to do about it.
var ErrNoCLI = errors.New(
	"neither terraform nor tofu is on the PATH: run this through make, which builds OpenTofu if need be, " +
		"or name one in TF_ACC_TERRAFORM_PATH",
)

// FindCLI returns the absolute path of the Terraform CLI to use: the one that the environment names
// (make does), else terraform or tofu on the PATH.
func FindCLI() (string, error) {
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

	return "", ErrNoCLI
}
