//go:build linux

package campaign

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/tke/tketest"
)

// trouble is what happens to a cache while it is being built or updated, or afterwards.
type trouble struct {
	title string
	on    phase
	pull  func(ctx context.Context) error // the pull of the build; nil: it succeeds
	long  bool                            // the build ends well, but not before the first command
	// the event after which meddle runs; empty: as soon as the cache is Ready or Updating
	step    string
	meddle  func(cloud *tketest.Server, id string)
	more    string // arguments of the cache
	says    string // empty: no text notices it
	options tketest.Options
}

func failPull(message string) func(context.Context) error {
	return func(context.Context) error { return errors.New(message) }
}

func pullSlowly(ctx context.Context) error {
	select {
	case <-time.After(400 * time.Millisecond):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func failCache(message string) func(*tketest.Server, string) {
	return func(cloud *tketest.Server, id string) { cloud.Fail(id, tketest.Event{Message: message}) }
}

func deleteCache(cloud *tketest.Server, id string) { cloud.Delete(id) }

const (
	stepDisk     = "DiskCreated"
	stepInstance = "EksCiCreated"
	stepSnapshot = "SnapCreated"
	short        = "timeouts = { create = \"2s\", update = \"2s\" }"
)

var troubles = []trouble{
	{
		title:  "the disk cannot be made",
		on:     creating,
		step:   stepDisk,
		pull:   pullSlowly,
		meddle: failCache("create disk failed: ResourcesSoldOut"),
		says:   "another zone",
	},
	{
		title:  "the builder cannot be started",
		on:     creating,
		step:   stepInstance,
		pull:   pullSlowly,
		meddle: failCache("create eksci failed: ResourceInsufficient"),
		says:   "another zone",
	},
	{
		title: "the disk is too small",
		on:    creating,
		pull:  failPull("write /data: no space left on device"),
		says:  "Raise size_gib",
	},
	{
		title: "the registry refuses the credentials",
		on:    creating,
		pull:  failPull("401 Unauthorized"),
		says:  "Check registry_credentials",
	},
	{title: "there is no such image", on: creating, pull: failPull("manifest unknown"), says: "no such image or tag"},
	{
		title: "the registry is out of reach",
		on:    creating,
		pull:  failPull("dial tcp 1.2.3.4:443: i/o timeout"),
		says:  "NAT gateway",
	},
	{
		title: "the snapshot cannot be taken",
		on:    creating,
		pull:  failPull("create snapshot failed: internal error"),
		says:  "create snapshot failed",
	},
	{
		title: "the build takes longer than its timeout",
		on:    creating,
		long:  true,
		more:  short,
		says:  "raise the timeout",
	},
	{
		title:  "it is deleted from outside when its disk is made",
		on:     creating,
		step:   stepDisk,
		pull:   pullSlowly,
		meddle: deleteCache,
		says:   "no longer exists",
	},
	{
		title:  "it is deleted from outside while it pulls",
		on:     creating,
		step:   stepInstance,
		pull:   pullSlowly,
		meddle: deleteCache,
		says:   "no longer exists",
	},
	{title: "it is deleted from outside once it is Ready", on: refreshing, meddle: deleteCache},
	{title: "it fails once it is Ready", on: refreshing, meddle: failCache("the snapshot was lost")},
	{
		title: "the update fails: no space",
		on:    updating,
		pull:  failPull("no space left on device"),
		says:  "Raise size_gib",
	},
	{
		title: "the update fails: credentials",
		on:    updating,
		pull:  failPull("pull access denied"),
		says:  "Check registry_credentials",
	},
	{
		title: "the update takes longer than its timeout",
		on:    updating,
		long:  true,
		more:  short,
		says:  "raise the timeout",
	},
	{
		title:  "it is deleted from outside while it is updated",
		on:     updating,
		pull:   pullSlowly,
		meddle: deleteCache,
		says:   "no longer exists",
	},
	{title: "it is deleted from outside before it is destroyed", on: deleting, meddle: deleteCache},
	{title: "names are unique, and this one is taken", on: creating, says: "another image cache has this name",
		options: tketest.Options{Unconfirmed: tketest.Unconfirmed{UniqueNames: true}}, step: "taken"},
}

// TestBuilds makes a build fail at each of its steps, and changes caches from outside.
func TestBuilds(t *testing.T) {
	t.Parallel()
	requireCLI(t)
	const first, says, second = "the first apply", "what the error says", "the second apply"
	seen := newTable("builds", "Troubles made", "what happens", first, says, second)
	t.Cleanup(func() { seen.compareWithGuide(t, true) })
	for i, trouble := range troubles {
		seen.addRow(trouble.title)
		if !*full && i%3 != 0 {
			continue
		}
		t.Run(trouble.title, func(t *testing.T) {
			t.Parallel()
			outcome, then := trouble.runApplies(t)
			seen.count.Add(1)
			seen.setCell(trouble.title, first, outcome)
			seen.setCell(trouble.title, second, then)
			if trouble.says != "" {
				seen.setCell(trouble.title, says, "… "+trouble.says+" …")
			}
		})
	}
	t.Run("the build takes longer than its timeout, and untaint keeps it", checkUntaint)
}

// checkUntaint does what the error advises instead of applying again: the cache that became Ready
// meanwhile stays, with its id.
func checkUntaint(t *testing.T) {
	t.Parallel()
	var late atomic.Bool
	late.Store(true)
	r := newRun(t, tketest.Options{
		Pace: 20 * time.Millisecond,
		Builder: func(ctx context.Context, _ tketest.Cache) error {
			for late.Load() && ctx.Err() == nil {
				time.Sleep(10 * time.Millisecond)
			}
			return ctx.Err()
		},
	})
	r.writeCache(short)
	if code, said := r.apply(); code == 0 || !strings.Contains(said, "`terraform untaint` keeps it") {
		t.Fatalf("exit code %d, and the advice does not come: %s", code, said)
	}
	state := r.readState()
	if len(state) != 1 || !state[0].tainted {
		t.Fatalf("the state holds %+v, want one cache, tainted", state)
	}
	late.Store(false)
	for r.cloud.Caches()[0].Status != tketest.StatusReady {
		time.Sleep(10 * time.Millisecond)
	}
	r.must("untaint", "tkeimage_cache.x")
	if kept := r.readState(); len(kept) != 1 || kept[0].id != state[0].id || kept[0].tainted {
		t.Errorf("the state holds %+v, want %s, and not tainted", kept, state[0].id)
	}
	r.checkConverged()
}

// runApplies returns how the first apply ends, and how the second.
func (b trouble) runApplies(t *testing.T) (outcome, then string) {
	t.Helper()
	var broken atomic.Bool // only the build of the command in question
	options := b.options
	options.Pace = 20 * time.Millisecond
	options.Builder = func(ctx context.Context, _ tketest.Cache) error {
		if broken.Load() && b.pull != nil {
			return b.pull(ctx)
		}
		for b.long && broken.Load() && ctx.Err() == nil {
			time.Sleep(10 * time.Millisecond)
		}
		return ctx.Err()
	}
	r := newRun(t, options)
	var taken tketest.Cache
	if b.step == "taken" {
		taken = r.cloud.Put(tketest.Cache{Name: "llm", Images: []string{"other"}})
	}
	r.writeCache(b.more)
	if b.on != creating {
		r.must("apply", "-auto-approve")
	}
	if b.on == updating {
		r.writeCache("size_gib = 30\n" + b.more)
	}
	broken.Store(true)
	done := r.startMeddling(b)
	first := r.apply
	if b.on == deleting {
		first = r.destroy
	}
	code, said := first()
	done()
	broken.Store(false)
	if b.says == "" && code != 0 || b.says != "" && !strings.Contains(said, b.says) {
		t.Errorf("want %q, exit code %d: %s", b.says, code, said)
	}
	if taken.ID != "" {
		r.cloud.Delete(taken.ID)
	}
	if b.more == short {
		r.writeCache(map[phase]string{creating: "", updating: "size_gib = 30"}[b.on])
	}
	for b.long && r.cloud.Caches()[0].Status != tketest.StatusReady {
		time.Sleep(10 * time.Millisecond)
	}
	return r.describeEnd(code == 0, b)
}

// describeEnd returns how the first apply ended, and runs the second one and returns how that ends.
func (r *run) describeEnd(quietly bool, b trouble) (outcome, then string) {
	r.t.Helper()
	state := r.readState()
	outcome = "error"
	if quietly {
		outcome = "unnoticed"
		if b.on == refreshing {
			outcome = "makes it anew"
		}
	}
	gone := len(r.cloud.Caches()) == 0
	mended := r.repeatCommand(quietly, b.on)
	if quietly {
		return outcome, "nothing left to do"
	}
	then = strings.TrimPrefix(mended, "error, then ")
	tainted := slices.ContainsFunc(state, func(h stateCache) bool { return h.tainted })
	if len(state) > 0 && !tainted && gone {
		then = "created" // the state had it, and the service did not
	}
	return outcome, then
}

// startMeddling changes the cache from outside once its build has reached the step. done ends the
// wait for that.
func (r *run) startMeddling(b trouble) (done func()) {
	if b.meddle == nil {
		return func() {}
	}
	if b.on == refreshing || b.on == deleting {
		b.meddle(r.cloud, r.cloud.Caches()[0].ID)
		return func() {}
	}
	ctx, cancel := context.WithCancel(r.t.Context())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		for ctx.Err() == nil {
			for _, cache := range r.cloud.Caches() {
				reached := b.step == "" && cache.Status == tketest.StatusUpdating
				for _, event := range cache.Events {
					reached = reached || b.step != "" && strings.EqualFold(event.Reason, b.step)
				}
				if reached && (b.step == "" || b.pull == nil || cache.Status == tketest.StatusPending) {
					b.meddle(r.cloud, cache.ID)
					return
				}
			}
			time.Sleep(time.Millisecond)
		}
	}()
	return func() { cancel(); <-ended }
}
