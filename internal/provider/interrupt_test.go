//go:build unix

package provider_test

import (
	"context"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/acctest"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/tke"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/tke/tketest"
)

// heldBuilds is a builder that builds while its gate is open.
type heldBuilds struct{ gate chan struct{} }

func (b heldBuilds) build(ctx context.Context, _ tketest.Cache) error {
	select {
	case b.gate <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// finishOne lets one build end.
func (b heldBuilds) finishOne(t *testing.T) {
	t.Helper()
	select {
	case <-b.gate:
	case <-time.After(time.Minute):
		t.Fatal("nothing is built")
	}
}

const interruptedCache = `
terraform {
  required_providers {
    tkeimage = { source = "tkeimage/tkeimage" }
  }
}
resource "tkeimage_cache" "x" {
  name      = "llm"
  images    = ["registry.example.com/llm:v1"]
  vpc_id    = "vpc-508ctkfb"
  subnet_id = "subnet-8ah75lo8"
  size_gib  = 20
}
`

// interruptedRun is a folder where an apply was interrupted while the service builds.
type interruptedRun struct {
	*cli
	cloud  *tketest.Server
	builds heldBuilds
}

func newInterruptedRun(t *testing.T, configuration string) *interruptedRun {
	t.Helper()
	acctest.CLI(t)
	builds := heldBuilds{make(chan struct{})}
	cloud := acctest.Cloud(t, tketest.Options{Builder: builds.build})
	r := &interruptedRun{cli: newCLI(t, cloud), cloud: cloud, builds: builds}
	r.write(t, configuration)
	return r
}

func (r *interruptedRun) write(t *testing.T, configuration string) {
	t.Helper()
	if err := os.WriteFile(r.folder+"/main.tf", []byte(configuration), 0o600); err != nil {
		t.Fatal(err)
	}
	r.must(t, "init")
}

// interrupt applies, signals the CLI when the condition holds, and returns what was printed.
func (r *interruptedRun) interrupt(t *testing.T, signal os.Signal, when func() bool) string {
	t.Helper()
	var output strings.Builder
	apply := r.command(t, "apply", "-auto-approve")
	apply.Stdout, apply.Stderr = &output, &output
	if err := apply.Start(); err != nil {
		t.Fatal(err)
	}
	waitUntil(t, when)
	signaled := time.Now()
	if err := apply.Process.Signal(signal); err != nil {
		t.Fatal(err)
	}
	if err := apply.Wait(); err == nil {
		t.Error("an interrupted apply succeeded")
	}
	if took := time.Since(signaled); took > 20*time.Second {
		t.Errorf("the run went on for %s", took)
	}
	return strings.Join(strings.Fields(strings.NewReplacer("│", "", "╷", "", "╵", "").Replace(output.String())), " ")
}

// applyWithBuilds applies a plan that was made before any of the builds ended.
func (r *interruptedRun) applyWithBuilds(t *testing.T, builds int) (said string) {
	t.Helper()
	r.must(t, "plan", "-out=made")
	applied := make(chan string, 1)
	go func() {
		_, said := r.try(t, "apply", "made")
		applied <- said
	}()
	for range builds {
		r.builds.finishOne(t)
	}
	return <-applied
}

func waitUntil(t *testing.T, condition func() bool) {
	t.Helper()
	for begun := time.Now(); !condition(); time.Sleep(20 * time.Millisecond) {
		if time.Since(begun) > time.Minute {
			t.Fatal("what was waited for does not happen")
		}
	}
}

// state is the state without spaces, as only Terraform writes them.
func (r *interruptedRun) state(t *testing.T) string {
	t.Helper()
	return strings.ReplaceAll(r.must(t, "state", "pull"), " ", "")
}

func (r *interruptedRun) mustSay(t *testing.T, said string, wanted ...string) {
	t.Helper()
	for _, want := range wanted {
		if !strings.Contains(said, want) {
			t.Errorf("%q is missing in:\n%s", want, said)
		}
	}
}

// TestAnInterruptDuringTheBuildCostsNothing: the cache stays in the state as Pending, untainted;
// the next plan waits, and so does the next apply, without another create.
func TestAnInterruptDuringTheBuildCostsNothing(t *testing.T) {
	t.Parallel()
	for name, signal := range map[string]os.Signal{"Ctrl-C": os.Interrupt, "SIGTERM": syscall.SIGTERM} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newInterruptedRun(t, interruptedCache)
			said := r.interrupt(t, signal, func() bool {
				return r.cloud.Acted(tke.ActionCreate) == 1 && r.cloud.Calls(tke.ActionDescribe) >= 2
			})
			caches := r.cloud.Caches()
			if len(caches) != 1 {
				t.Fatalf("%d caches\n%s", len(caches), said)
			}
			id := caches[0].ID
			r.mustSay(t, said, "Warning: Image cache "+id+" is still being built", "creates no other cache")
			state := r.state(t)
			r.mustSay(t, state, id, `"status":"Pending"`)
			if strings.Contains(state, "tainted") {
				t.Errorf("the cache is tainted:\n%s", state)
			}

			plan := r.Plan(t)
			if does := plan.Actions()["tkeimage_cache.x"]; len(does) != 1 || does[0] != "update" {
				t.Errorf("the plan is to %v, want an update in place", does)
			}
			change := plan.Change("tkeimage_cache.x").Change
			if unknown, _ := change.AfterUnknown["status"].(bool); !unknown {
				t.Errorf("the plan does not show that the status changes: %+v", change)
			}
			r.mustSay(t, r.must(t, "plan"), "Image cache "+id+" is still being built", "waits")

			r.mustSay(t, r.applyWithBuilds(t, 1), "0 added, 1 changed, 0 destroyed")
			if created := r.cloud.Calls(tke.ActionCreate); created != 1 || r.cloud.Calls(tke.ActionUpdate) != 0 {
				t.Errorf("%d creates, %d updates, want 1 and none", created, r.cloud.Calls(tke.ActionUpdate))
			}
			r.mustSay(t, r.state(t), `"status":"Ready"`, `"snapshot_id":"snap-`)
			r.CheckEmptyPlan(t)
		})
	}
}

// TestACacheThatIsReadyAfterAnInterruptNeedsNoChange, and without a refresh a change of what is
// computed alone.
func TestACacheThatIsReadyAfterAnInterruptNeedsNoChange(t *testing.T) {
	t.Parallel()
	r := newInterruptedRun(t, interruptedCache)
	r.interrupt(t, os.Interrupt, func() bool { return r.cloud.Acted(tke.ActionCreate) == 1 })
	r.builds.finishOne(t)
	waitUntil(t, func() bool { return r.cloud.Caches()[0].Status == tketest.StatusReady })
	r.CheckEmptyPlan(t)
	if does := r.planned(t, "-refresh=false")["tkeimage_cache.x"]; len(does) != 1 || does[0] != "update" {
		t.Errorf("without a refresh the plan is to %v, want an update", does)
	}
	r.must(t, "apply", "-auto-approve", "-refresh=false")
	r.mustSay(t, r.state(t), `"status":"Ready"`, `"snapshot_id":"snap-`, `"type":"manual"`, `"created_at":"2`)
	r.CheckEmptyPlan(t)
	if created := r.cloud.Calls(tke.ActionCreate); created != 1 {
		t.Errorf("%d creates", created)
	}
}

// TestABuildThatFailsAfterAnInterruptIsReplaced: nothing waits for it.
func TestABuildThatFailsAfterAnInterruptIsReplaced(t *testing.T) {
	t.Parallel()
	r := newInterruptedRun(t, interruptedCache)
	r.interrupt(t, os.Interrupt, func() bool { return r.cloud.Acted(tke.ActionCreate) == 1 })
	r.cloud.Fail(r.cloud.Caches()[0].ID, tketest.Event{Message: "no space left on device"})
	if does := r.planned(t)["tkeimage_cache.x"]; len(does) != 2 {
		t.Errorf("the plan is to %v, want a replacement", does)
	}
}

// TestAnInterruptDuringAnUpdateCostsNothing: what the service took is in the state, so that it is
// not sent, and nothing is pulled, a second time.
func TestAnInterruptDuringAnUpdateCostsNothing(t *testing.T) {
	t.Parallel()
	r := newInterruptedRun(t, interruptedCache)
	r.mustSay(t, r.applyWithBuilds(t, 1), "1 added")

	r.write(t, strings.Replace(interruptedCache, "size_gib  = 20", "size_gib = 30", 1))
	said := r.interrupt(t, os.Interrupt, func() bool { return r.cloud.Acted(tke.ActionUpdate) == 1 })
	r.mustSay(t, said, "is still being updated")
	r.mustSay(t, r.state(t), `"status":"Updating"`, `"size_gib":30`)
	r.mustSay(t, r.must(t, "plan"), "is still being updated", "waits")
	r.mustSay(t, r.applyWithBuilds(t, 1), "0 added, 1 changed, 0 destroyed")
	if sent := r.cloud.Calls(tke.ActionUpdate); sent != 1 {
		t.Errorf("the update was sent %d times", sent)
	}
	r.CheckEmptyPlan(t)
}

// TestAChangeOfACacheThatIsBuiltWaits: the service refuses updates until a build has ended.
func TestAChangeOfACacheThatIsBuiltWaits(t *testing.T) {
	t.Parallel()
	r := newInterruptedRun(t, interruptedCache)
	r.interrupt(t, os.Interrupt, func() bool { return r.cloud.Acted(tke.ActionCreate) == 1 })
	r.write(t, strings.Replace(interruptedCache, "size_gib  = 20", "size_gib = 30", 1))
	r.mustSay(t, r.applyWithBuilds(t, 2), "0 added, 1 changed, 0 destroyed") // the second is the larger disk
	if sent, size := r.cloud.Calls(tke.ActionUpdate), r.cloud.Caches()[0].SizeGiB; sent != 1 || size != 30 {
		t.Errorf("%d updates were sent, and the cache has %d GiB", sent, size)
	}
	r.CheckEmptyPlan(t)
}
