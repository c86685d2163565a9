package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"time"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/tfcli"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/tke/tketest"
)

// example is the configuration that the demonstration runs, as users find it.
const example = "examples/complete"

// graceTime is what Terraform gets to write its state after an interrupt.
const graceTime = 15 * time.Second

// progressLine matches what the CLI prints while it works.
var progressLine = regexp.MustCompile(`: Still |: Creating\.\.\.|complete after`)

// terraform runs the CLI over a copy of the example.
type terraform struct {
	binary string
	folder string
	env    []string
}

func newTerraform(s *stage) (*terraform, error) {
	binary, err := tfcli.Find()
	if err != nil {
		return nil, err
	}
	provider := os.Getenv("TKEIMAGE_PROVIDER_BIN")
	if provider == "" {
		return nil, errors.New("TKEIMAGE_PROVIDER_BIN names no binary of the provider: run `make demo`")
	}
	config, err := tfcli.Mirror(s.folder, provider)
	if err != nil {
		return nil, err
	}
	t := &terraform{binary: binary, folder: filepath.Join(s.folder, "example")}
	if err := os.CopyFS(t.folder, os.DirFS(example)); err != nil {
		return nil, fmt.Errorf("copying %s (run from the top of the repository): %w", example, err)
	}
	variables, err := json.Marshal(map[string]any{
		"images": s.images, "vpc_id": "vpc-508ctkfb", "subnet_id": "subnet-8ah75lo8",
	})
	if err != nil {
		return nil, err
	}
	if err := os.WriteFile(filepath.Join(t.folder, "terraform.tfvars.json"), variables, 0o600); err != nil {
		return nil, err
	}
	t.env = tfcli.Environment(config,
		"TENCENTCLOUD_SECRET_ID="+tketest.DefaultSecretID, "TENCENTCLOUD_SECRET_KEY="+tketest.DefaultSecretKey,
		"TKEIMAGE_ENDPOINT_TKE="+s.cloud.URL,
		"TKEIMAGE_MEASUREMENT_CACHE_DIR="+filepath.Join(s.folder, "measurements"), "TMPDIR="+s.folder,
		"DOCKER_CONFIG="+s.folder)
	return t, nil
}

// runCommand runs one command and returns what it wrote. Lines about waiting go to progress at
// once.
func (t *terraform) runCommand(ctx context.Context, progress func(string), arguments ...string) (string, error) {
	command := exec.CommandContext(ctx, t.binary, append(arguments, "-no-color")...)
	command.Dir, command.Env = t.folder, t.env
	ownGroup(command) // so that Ctrl-C reaches Terraform through us, once
	command.Cancel = func() error { return command.Process.Signal(os.Interrupt) }
	command.WaitDelay = graceTime
	var output bytes.Buffer
	out, in := io.Pipe()
	command.Stdout, command.Stderr = in, in
	read := make(chan struct{})
	go func() {
		defer close(read)
		lines := bufio.NewScanner(out)
		lines.Buffer(nil, 1<<20)
		for lines.Scan() {
			output.WriteString(lines.Text() + "\n")
			if progressLine.MatchString(lines.Text()) {
				progress(lines.Text())
			}
		}
		_, _ = io.Copy(io.Discard, out) // a line too long for the scanner must not block Terraform
	}()
	err := command.Run()
	_ = in.Close()
	<-read
	return output.String(), err
}

// runOrFail runs a command that has to succeed.
func (t *terraform) runOrFail(ctx context.Context, progress func(string), arguments ...string) (string, error) {
	output, err := t.runCommand(ctx, progress, arguments...)
	if err != nil {
		return "", fmt.Errorf("terraform %s: %w\n%s", arguments[0], err, output)
	}
	return output, nil
}

// runPlan plans and returns whether there is anything to do (exit status 2 of -detailed-exitcode).
func (t *terraform) runPlan(ctx context.Context, progress func(string)) (output string, changes bool, err error) {
	output, err = t.runCommand(ctx, progress, "plan", "-input=false", "-detailed-exitcode")
	var exit *exec.ExitError
	if errors.As(err, &exit) && exit.ExitCode() == 2 {
		return output, true, nil
	}
	if err != nil {
		err = fmt.Errorf("terraform plan: %w\n%s", err, output)
	}
	return output, false, err
}

// readOutputs reads the outputs of the state.
func (t *terraform) readOutputs(ctx context.Context) (map[string]json.RawMessage, error) {
	text, err := t.runOrFail(ctx, func(string) {}, "output", "-json")
	if err != nil {
		return nil, err
	}
	var outputs map[string]struct{ Value json.RawMessage }
	if err := json.Unmarshal([]byte(text), &outputs); err != nil {
		return nil, err
	}
	values := make(map[string]json.RawMessage, len(outputs))
	for name, output := range outputs {
		values[name] = output.Value
	}
	return values, nil
}
