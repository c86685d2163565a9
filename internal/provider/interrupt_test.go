//go:build unix

package provider_test

import (
	"context"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/acctest"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/tke"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/tke/tketest"
)

// TestAnInterruptDuringTheWaitKeepsTheID: Ctrl-C while the cache is being built ends the run soon,
// and the id is in the state.
func TestAnInterruptDuringTheWaitKeepsTheID(t *testing.T) {
	t.Parallel()
	acctest.CLI(t)
	cloud := acctest.Cloud(t, tketest.Options{Builder: func(ctx context.Context, _ tketest.Cache) error {
		<-ctx.Done() // builds until the stand-in closes
		return ctx.Err()
	}})
	c := newCLI(t, cloud)
	const configuration = `
terraform {
  required_providers {
    tkeimage = { source = "tkeimage/tkeimage" }
  }
}
resource "tkeimage_cache" "x" {
  images    = ["registry.example.com/llm:v1"]
  vpc_id    = "vpc-508ctkfb"
  subnet_id = "subnet-8ah75lo8"
}
`
	if err := os.WriteFile(c.folder+"/main.tf", []byte(configuration), 0o600); err != nil {
		t.Fatal(err)
	}
	c.must(t, "init")
	var output strings.Builder
	apply := c.command(t, "apply", "-auto-approve")
	apply.Stdout, apply.Stderr = &output, &output
	if err := apply.Start(); err != nil {
		t.Fatal(err)
	}
	for cloud.Acted(tke.ActionCreate) == 0 || cloud.Calls(tke.ActionDescribe) < 2 {
		time.Sleep(20 * time.Millisecond)
	}
	interrupted := time.Now()
	if err := apply.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	if err := apply.Wait(); err == nil {
		t.Error("an interrupted apply succeeded")
	}
	if took := time.Since(interrupted); took > 20*time.Second {
		t.Errorf("the run went on for %s", took)
	}
	caches := cloud.Caches()
	if len(caches) != 1 {
		t.Fatalf("%d caches\n%s", len(caches), output.String())
	}
	state := strings.ReplaceAll(c.must(t, "state", "pull"), " ", "") // OpenTofu writes it without spaces
	if !strings.Contains(state, caches[0].ID) || !strings.Contains(state, `"status":"tainted"`) {
		t.Errorf("the state does not hold %s as tainted:\n%s\n%s", caches[0].ID, state, output.String())
	}
	if said := strings.Join(strings.Fields(output.String()), " "); !strings.Contains(said, "the run was interrupted") {
		t.Errorf("the run does not say what happened:\n%s", output.String())
	}
}
