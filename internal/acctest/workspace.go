package acctest

import (
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/tfcli"
)

// Workspace is a folder with a configuration, and the CLI under test that runs there with built
// providers, as users do.
type Workspace struct {
	Folder string
	Env    []string

	binary string
}

// NewWorkspace makes a workspace of a folder. Additions to the environment have the form
// NAME=value.
func NewWorkspace(tb testing.TB, folder string, others []tfcli.Plugin, additions ...string) *Workspace {
	tb.Helper()
	config := Mirror(tb, ProviderBinary(tb), others...)
	return &Workspace{Folder: folder, binary: CLI(tb), Env: tfcli.Environment(config, additions...)}
}

// Using returns the same workspace with another CLI.
func (w *Workspace) Using(cli string) *Workspace {
	other := *w
	other.binary = cli
	return &other
}

// Command prepares one command of the CLI.
func (w *Workspace) Command(tb testing.TB, arguments ...string) *exec.Cmd {
	tb.Helper()
	command := exec.CommandContext(tb.Context(), w.binary, append(arguments, "-no-color")...)
	command.Dir, command.Env = w.Folder, w.Env
	return command
}

// Try runs a command, and returns its exit code and what it printed.
func (w *Workspace) Try(tb testing.TB, arguments ...string) (code int, output string) {
	tb.Helper()
	text, err := w.Command(tb, arguments...).CombinedOutput()
	var exit *exec.ExitError
	switch {
	case errors.As(err, &exit):
		return exit.ExitCode(), string(text)
	case err != nil:
		tb.Fatal(err)
	}
	return 0, string(text)
}

// Must runs a command that has to succeed.
func (w *Workspace) Must(tb testing.TB, arguments ...string) string {
	tb.Helper()
	code, output := w.Try(tb, arguments...)
	if code != 0 {
		tb.Fatalf("%v: exit code %d\n%s", arguments, code, output)
	}
	return output
}

// Set writes the values of variables, in place of those that were set before.
func (w *Workspace) Set(tb testing.TB, variables map[string]any) {
	tb.Helper()
	content, err := json.Marshal(variables)
	if err != nil {
		tb.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(w.Folder, "terraform.tfvars.json"), content, 0o600); err != nil {
		tb.Fatal(err)
	}
}

// CheckEmptyPlan checks that a plan changes nothing.
func (w *Workspace) CheckEmptyPlan(tb testing.TB) {
	tb.Helper()
	if code, output := w.Try(tb, "plan", "-detailed-exitcode"); code != 0 {
		tb.Fatalf("the second plan is not empty:\n%s", output)
	}
}
