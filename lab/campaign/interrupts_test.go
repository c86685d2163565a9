//go:build linux

package campaign

import (
	"context"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/tke"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/tke/tketest"
)

// fleetSize is how many caches an interrupted run creates at once.
const fleetSize = 8

const longestBuild = 1500 * time.Millisecond

// fleet is the configuration of eight caches.
var fleet = fmt.Sprintf(`
resource "tkeimage_cache" "x" {
  count     = %d
  name      = "llm-${count.index}"
  images    = ["registry.example.com/llm:v${count.index}"]
  vpc_id    = "vpc-508ctkfb"
  subnet_id = "subnet-8ah75lo8"
}
`, fleetSize)

// interrupts are the signals that a user or a job runner ends a run with, and Terraform handles.
var interrupts = signals[:2]

var interruptColumns = []string{
	"rounds", "it ran on to its end", "caches that were built on after it", "tainted", "created twice",
	"ended by one more apply",
}

// newInterrupt is one round: signals in turn, at a moment between the first call and the end of the
// last build, or while the CLI starts.
func newInterrupt(round int, random *rand.Rand) kill {
	s := interrupts[round%len(interrupts)]
	k := kill{
		name: s.name, signal: s.signal, to: victims[round/len(interrupts)%len(victims)],
		atCreate: random.IntN(4) != 0,
		held:     time.Duration(random.Int64N(int64(300 * time.Millisecond))),
	}
	k.delay = time.Duration(random.Int64N(int64(k.held + longestBuild + 300*time.Millisecond)))
	return k
}

// TestInterrupts interrupts the creation of eight caches at random moments: no cache is tainted or
// created twice, and one more apply ends what was begun.
func TestInterrupts(t *testing.T) {
	t.Parallel()
	requireCLI(t)
	many, from := 6, *seed
	if *full {
		many = 100
	}
	if from == 0 {
		from = rand.Uint64()
	}
	t.Logf("%d rounds, -seed=%d", many, from)
	seen := &figures{counts: map[string]map[string]int{}}
	t.Cleanup(func() { seen.compareWithGuide(t, "interrupts", interrupts, interruptColumns) })
	for round := range many {
		random := rand.New(rand.NewPCG(from, uint64(round)))
		k := newInterrupt(round, random)
		t.Run(fmt.Sprintf("%d", round), func(t *testing.T) {
			t.Parallel()
			t.Logf("-seed=%d: %s", from, k)
			k.interruptFleet(t, random.Uint64(), seen)
		})
	}
}

func (k kill) interruptFleet(t *testing.T, builds uint64, seen *figures) {
	t.Helper()
	r := newRun(t, tketest.Options{Builder: func(ctx context.Context, cache tketest.Cache) error {
		random := rand.New(rand.NewPCG(builds, uint64(cache.Name[len(cache.Name)-1])))
		select {
		case <-time.After(time.Duration(random.Int64N(int64(longestBuild)))):
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	}})
	r.writeConfiguration(fleet)
	r.cloud.Inject(tketest.Fault{
		Action: tke.ActionCreate, Times: fleetSize, Effect: tketest.DelayAfter{For: k.held},
	})
	struck := k.sendDuring(r, tke.ActionCreate, "apply")
	r.waitForProviders()
	seen.add(k, "rounds")
	if !struck {
		seen.add(k, "it ran on to its end")
	}
	if lost := r.listUnknown(); len(lost) > 0 {
		tally.lost.Add(int64(len(lost)))
		t.Errorf("%v is lost; printed:\n%s", lost, r.printed.String())
	}
	for _, cache := range r.readState() {
		if cache.tainted {
			seen.add(k, "tainted")
			t.Errorf("%s is tainted; printed:\n%s", cache.id, r.printed.String())
		}
		if cache.status == tke.StatusPending {
			seen.add(k, "caches that were built on after it")
		}
	}
	r.must("apply", "-auto-approve")
	seen.add(k, "ended by one more apply")
	for range r.cloud.Acted(tke.ActionCreate) - fleetSize {
		tally.doubled.Add(1)
		seen.add(k, "created twice")
		t.Errorf("%d creates, want %d", r.cloud.Acted(tke.ActionCreate), fleetSize)
	}
	if deleted := r.cloud.Calls(tke.ActionDelete); deleted > 0 {
		t.Errorf("%d caches were deleted", deleted)
	}
	if code, said := r.try("plan", "-detailed-exitcode"); code != 0 {
		t.Errorf("there is something left to do: %s", said)
	}
}
