package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/measure"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/registry"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/registry/transport"
)

// helperArgument makes this program measure an image as the provider does, in a process of its own:
// its memory is then that of one measurement, as that of a pull is.
const helperArgument = "measure"

func prepareHelper(ctx context.Context, b binaries, mode measure.Mode, reference string) *exec.Cmd {
	//nolint:gosec // this program itself
	return exec.CommandContext(ctx, b.self, helperArgument, string(mode), reference)
}

// helperAnswer is what the helper prints, as JSON.
type helperAnswer struct {
	UnpackedBytes, Min, Max int64
	Exact                   bool
	Methods                 []string
}

func runHelper(ctx context.Context, mode, reference string) error {
	empty, err := os.MkdirTemp("", "tkeimage-bench-")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(empty) }()
	client, err := registry.New(registry.Config{Transport: transport.Config{DockerConfigDir: empty}})
	if err != nil {
		return err
	}
	report, err := (&measure.Measurer{Registry: client}).Measure(ctx, measure.Request{
		Images: []string{reference}, Platform: registry.DefaultPlatform, Mode: measure.Mode(mode),
		ReadBudget: measure.DefaultReadBudget, Disk: measure.DefaultDisk,
	})
	if err != nil {
		return err
	}
	u := report.UnpackedBytes
	answer := helperAnswer{UnpackedBytes: u.Value, Min: u.Min, Max: u.Max, Exact: report.Exact}
	for _, m := range report.Images[0].Measurements {
		answer.Methods = append(answer.Methods, string(m.Method))
	}
	content, err := json.Marshal(answer)
	fmt.Println(string(content))
	return err
}
