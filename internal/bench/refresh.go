package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/cloudapi"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/sandbox"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/tke"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/tke/tketest"
)

const (
	latency     = 50 * time.Millisecond
	parallelism = 10 // Terraform's default
)

// refreshFigures are what the refresh of a state costs, beside one call for each cache.
type refreshFigures struct {
	caches, calls      int
	wall, bare, single time.Duration // refresh; the same without any cache to read; one call per cache
}

// measureRefresh makes a state of so many caches, and refreshes it at a service that answers after 50 ms and allows 20 requests
// a second.
func measureRefresh(ctx context.Context, binary string, caches int) (figures refreshFigures, err error) {
	folder, err := os.MkdirTemp("", "tkeimage-bench-")
	if err != nil {
		return figures, err
	}
	defer func() { _ = os.RemoveAll(folder) }()
	quick := tketest.New(tketest.Options{RequestsPerSecond: -1, Pace: -1, Builder: tketest.InstantBuilder})
	defer quick.Close()
	slow := tketest.New(tketest.Options{Builder: tketest.InstantBuilder})
	defer slow.Close()
	slow.Inject(tketest.Fault{Times: tketest.Always, Effect: tketest.Delay{For: latency}})

	c, err := newCLI(folder, binary)
	if err != nil {
		return figures, err
	}
	if err := c.run(ctx, quick.URL, "init"); err != nil {
		return figures, err
	}
	if err := c.run(ctx, quick.URL, "apply", "-auto-approve", "-parallelism=50", "-var=caches="+strconv.Itoa(caches)); err != nil {
		return figures, err
	}
	var ids []string
	for _, cache := range quick.Caches() {
		slow.Put(cache)
		ids = append(ids, cache.ID)
	}
	figures.caches = caches
	if figures.bare, err = timed(func() error {
		return c.run(ctx, quick.URL, "plan", "-refresh=false", "-var=caches="+strconv.Itoa(caches))
	}); err != nil {
		return figures, err
	}
	if figures.wall, err = timed(func() error {
		return c.run(ctx, slow.URL, "plan", "-refresh-only", "-var=caches="+strconv.Itoa(caches))
	}); err != nil {
		return figures, err
	}
	figures.calls = slow.Calls(tketest.ActionDescribe)
	figures.single, err = timed(func() error { return oneByOne(ctx, slow.URL, ids) })
	return figures, err
}

// oneByOne reads as a provider does that makes one call for each cache, at the same rate and parallelism.
func oneByOne(ctx context.Context, endpoint string, ids []string) error {
	client, err := tke.New(tke.Config{
		Credentials: cloudapi.Credential{SecretID: tketest.DefaultSecretID, SecretKey: tketest.DefaultSecretKey}, Region: tketest.DefaultRegion, Endpoint: endpoint,
	})
	if err != nil {
		return err
	}
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(parallelism)
	for _, id := range ids {
		group.Go(func() error {
			_, err := client.Named(ctx, id) // a call of its own, as no two of these are gathered
			return err
		})
	}
	return group.Wait()
}

func timed(do func() error) (time.Duration, error) {
	begun := time.Now()
	err := do()
	return time.Since(begun), err
}

// cli runs the Terraform CLI over a configuration of so many caches.
type cli struct{ path, folder, config string }

func newCLI(folder, binary string) (*cli, error) {
	path, err := sandbox.FindCLI()
	if err != nil {
		return nil, err
	}
	config, err := sandbox.Mirror(folder, binary)
	if err != nil {
		return nil, err
	}
	configuration := map[string]any{
		"terraform": map[string]any{"required_providers": map[string]any{"tkeimage": map[string]any{"source": "tkeimage/tkeimage"}}},
		"variable":  map[string]any{"caches": map[string]any{"type": "number", "default": 0}, "rate": map[string]any{"type": "number"}},
		"provider":  map[string]any{"tkeimage": map[string]any{"max_requests_per_second": "${var.rate}"}},
		"resource": map[string]any{"tkeimage_cache": map[string]any{"x": map[string]any{
			"count": "${var.caches}", "images": []string{"registry.example.com/app:v${count.index}"}, "vpc_id": "vpc-508ctkfb", "subnet_id": "subnet-8ah75lo8",
		}}},
	}
	content, err := json.Marshal(configuration)
	if err != nil {
		return nil, err
	}
	return &cli{path: path, folder: folder, config: config}, os.WriteFile(filepath.Join(folder, "main.tf.json"), content, 0o600)
}

func (c *cli) run(ctx context.Context, endpoint string, arguments ...string) error {
	rate := "1000"
	if arguments[0] == "plan" {
		rate = strconv.Itoa(tke.DefaultMaxRequestsPerSecond)
	}
	command := exec.CommandContext(ctx, c.path, append(arguments, "-no-color")...) //nolint:gosec // the CLI that the user chose
	command.Dir = c.folder
	command.Env = sandbox.CLIEnvironment(c.config, "TENCENTCLOUD_SECRET_ID="+tketest.DefaultSecretID, "TENCENTCLOUD_SECRET_KEY="+tketest.DefaultSecretKey,
		"TKEIMAGE_ENDPOINT_TKE="+endpoint, "TKEIMAGE_MEASUREMENT_CACHE_DIR=", "TF_VAR_rate="+rate)
	output, err := command.CombinedOutput()
	if err != nil {
		return fmt.Errorf("%s %v: %w\n%s", filepath.Base(c.path), arguments, err, output)
	}
	return nil
}
