package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/tfcli"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/tke/tketest"
)

// object is a part of a configuration in JSON.
type object = map[string]any

// workspace is a folder with a configuration, and the CLI to run over it.
type workspace struct {
	cli, folder, cliConfig string
	environment            []string
}

// newWorkspace writes a configuration into a new folder, and a mirror with the provider and that
// for Kubernetes beside it.
func newWorkspace(b binaries, provider string, configuration object) (w *workspace, err error) {
	w = &workspace{}
	if w.folder, err = os.MkdirTemp("", "tkeimage-bench-"); err != nil {
		return nil, err
	}
	if w.cli, err = tfcli.Find(); err != nil {
		return nil, err
	}
	kubernetes := tfcli.Plugin{
		Source: "hashicorp/kubernetes", Version: tfcli.KubernetesVersion, Binary: b.kubernetes,
	}
	if w.cliConfig, err = tfcli.Mirror(w.folder, provider, kubernetes); err != nil {
		return nil, err
	}
	content, err := json.Marshal(configuration)
	if err != nil {
		return nil, err
	}
	return w, os.WriteFile(filepath.Join(w.folder, "main.tf.json"), content, 0o600)
}

func (w *workspace) close() { _ = os.RemoveAll(w.folder) }

// setVariables sets the environment of every later run.
func (w *workspace) setVariables(variables ...string) { w.environment = variables }

// cloudEnvironment returns the environment of a provider that talks to a stand-in of the service.
func cloudEnvironment(endpoint string, more ...string) []string {
	return append([]string{
		"TENCENTCLOUD_SECRET_ID=" + tketest.DefaultSecretID, "TENCENTCLOUD_SECRET_KEY=" + tketest.DefaultSecretKey,
		"TKEIMAGE_ENDPOINT_TKE=" + endpoint,
	}, more...)
}

func (w *workspace) prepareCommand(ctx context.Context, arguments ...string) *exec.Cmd {
	command := exec.CommandContext(ctx, w.cli, arguments...) //nolint:gosec // the CLI that the user chose
	command.Dir = w.folder
	command.Env = tfcli.Environment(w.cliConfig, w.environment...)
	return command
}

// runCommand runs the CLI to its end and returns how long that took.
func (w *workspace) runCommand(ctx context.Context, arguments ...string) (time.Duration, error) {
	command := w.prepareCommand(ctx, append(arguments, "-no-color")...)
	begun := time.Now()
	output, err := command.CombinedOutput()
	if err != nil {
		return 0, fmt.Errorf(
			"%s %s: %w\n%s",
			filepath.Base(w.cli), strings.Join(arguments, " "), err, lastOf(string(output)),
		)
	}
	return time.Since(begun), nil
}
