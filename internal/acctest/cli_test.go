package acctest_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/acctest"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/tfcli"
)

func TestProviderInstallsFromItsMirror(t *testing.T) {
	t.Parallel()

	cli := acctest.CLI(t)
	config := acctest.Mirror(t, acctest.ProviderBinary(t))
	folder := t.TempDir()
	const configuration = `
terraform {
  required_providers {
    tkeimage = {
      source  = "tkeimage/tkeimage"
      version = "~> 0.1"
    }
  }
}

provider "tkeimage" {}
`
	if err := os.WriteFile(filepath.Join(folder, "main.tf"), []byte(configuration), 0o600); err != nil {
		t.Fatal(err)
	}

	for _, arguments := range [][]string{
		{"init", "-no-color"}, {"validate", "-no-color"}, {"providers", "schema", "-json"},
	} {
		command := exec.CommandContext(t.Context(), cli, arguments...)
		command.Dir = folder
		command.Env = tfcli.Environment(config)
		output, err := command.CombinedOutput()
		if err != nil {
			t.Fatalf("%s: %v\n%s", strings.Join(arguments, " "), err, output)
		}
	}
}
