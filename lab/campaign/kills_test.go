//go:build linux

package campaign

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/tke"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/tke/tketest"
)

// victim is who gets a signal.
type victim string

const (
	terraform victim = "Terraform"
	providers victim = "the provider"
	both      victim = "both"
)

type namedSignal struct {
	name   string
	signal syscall.Signal
}

var (
	victims = []victim{terraform, providers, both}
	signals = []namedSignal{
		{"SIGINT", syscall.SIGINT}, {"SIGTERM", syscall.SIGTERM}, {"SIGHUP", syscall.SIGHUP},
		{"SIGKILL", syscall.SIGKILL},
	}
)

// kill is one round: what is done when, all of it from one seed.
type kill struct {
	to       victim
	name     string
	signal   syscall.Signal
	destroys bool
	delay    time.Duration // from the start of the command
	atCreate bool          // counted from the moment at which the service has acted
	building time.Duration
	held     time.Duration // how late the answer to the create or the delete comes
}

func newKill(round int, random *rand.Rand) kill {
	s := signals[round%len(signals)]
	k := kill{
		name: s.name, signal: s.signal, to: victims[round/len(signals)%len(victims)],
		destroys: round/(len(signals)*len(victims))%3 == 2,
		building: time.Duration(random.Int64N(int64(400 * time.Millisecond))),
		held:     time.Duration(random.Int64N(int64(300 * time.Millisecond))),
	}
	// Half of the rounds aim at what is short and matters most: from the call to the writing of the
	// state.
	if k.atCreate = random.IntN(2) == 0; k.atCreate {
		k.delay = time.Duration(random.Int64N(int64(k.held + k.building + 300*time.Millisecond)))
	} else {
		k.delay = time.Duration(random.Int64N(int64(2 * time.Second)))
	}
	return k
}

// losesState reports whether the CLI ends without writing the state: nothing handles SIGKILL, and
// Terraform not SIGHUP either.
func (k kill) losesState() bool {
	return k.signal == syscall.SIGKILL || k.signal == syscall.SIGHUP && k.to != providers
}

func (k kill) String() string {
	what, from := "apply", "start"
	if k.destroys {
		what = "destroy"
	}
	if k.atCreate {
		from = "call"
	}
	return fmt.Sprintf("%s to %s during %s, %s after its %s", k.name, k.to, what, k.delay.Round(time.Millisecond), from)
}

// figures of the campaign, by signal and victim.
type figures struct {
	mu     sync.Mutex
	counts map[string]map[string]int
}

func (f *figures) add(k kill, column string) { f.addTo(k.name+" to "+string(k.to), column) }

func (f *figures) addTo(row, column string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.counts[row] == nil {
		f.counts[row] = map[string]int{}
	}
	f.counts[row][column]++
}

var killColumns = []string{
	"rounds", "it ran on to its end", "the id was in the state, or there was no cache",
	"a cache unknown to the state", "found and imported by its name",
}

// TestKills sends signals at random moments of apply and destroy. With the seed that is printed the
// moments are the same again, though the schedule is not.
func TestKills(t *testing.T) {
	t.Parallel()
	requireCLI(t)
	many, from := *rounds, *seed
	switch {
	case many == 0 && *full:
		many = 240
	case many == 0:
		many = 12
	}
	if from == 0 {
		from = rand.Uint64()
	}
	t.Logf("%d rounds, -seed=%d", many, from)
	// What ignores SIGHUP, as under nohup, makes its children ignore it; a handler does not.
	signal.Notify(make(chan os.Signal, 1), syscall.SIGHUP)
	seen := &figures{counts: map[string]map[string]int{}}
	t.Cleanup(func() { seen.compareWithGuide(t, "kills", signals, killColumns) })
	for round := range many {
		k := newKill(round, rand.New(rand.NewPCG(from, uint64(round))))
		t.Run(fmt.Sprintf("%d", round), func(t *testing.T) {
			t.Parallel()
			t.Logf("-seed=%d: %s", from, k)
			k.runRound(t, seen)
		})
	}
}

// compareWithGuide writes the table of a campaign, or compares it: a row for each signal and each
// victim.
func (f *figures) compareWithGuide(t *testing.T, title string, sent []namedSignal, columns []string) {
	t.Helper()
	seen := newTable(title, "Rounds", "signal", columns...)
	for _, s := range sent {
		for _, v := range victims {
			row := s.name + " to " + string(v)
			seen.addRow(row)
			for _, column := range columns {
				seen.setCell(row, column, fmt.Sprint(f.counts[row][column]))
			}
			seen.count.Add(int64(f.counts[row]["rounds"]))
		}
	}
	seen.compareWithGuide(t, false)
}

func (k kill) runRound(t *testing.T, seen *figures) {
	t.Helper()
	build := func(ctx context.Context, _ tketest.Cache) error {
		select {
		case <-time.After(k.building):
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	r := newRun(t, tketest.Options{Builder: build})
	r.writeCache("size_gib = 20")
	command, action := "apply", tke.ActionCreate
	if k.destroys {
		r.must("apply", "-auto-approve")
		command, action = "destroy", tke.ActionDelete
	}
	r.cloud.Inject(tketest.Fault{Action: action, Effect: tketest.DelayAfter{For: k.held}})
	struck := k.sendDuring(r, action, command)
	r.waitForProviders()
	seen.add(k, "rounds")
	if !struck {
		seen.add(k, "it ran on to its end")
	}
	unknown := r.listUnknown()
	switch {
	case len(unknown) == 0:
		seen.add(k, "the id was in the state, or there was no cache")
	case !k.losesState() || len(unknown) > 1:
		tally.lost.Add(int64(len(unknown)))
		t.Errorf("%v is lost; printed:\n%s", unknown, r.printed.String())
	default:
		seen.add(k, "a cache unknown to the state")
	}
	for _, id := range unknown {
		r.importCache(id)
		seen.add(k, "found and imported by its name")
	}
	if k.destroys {
		r.must("destroy", "-auto-approve")
		r.checkGone()
		return
	}
	r.must("apply", "-auto-approve")
	r.checkConverged()
}

// sendDuring runs the command, sends the signal at its moment, and waits for the end of the
// command. It reports whether a process was there to receive it.
func (k kill) sendDuring(r *run, action, command string) (struck bool) {
	r.t.Helper()
	ctx, cancel := context.WithTimeout(r.t.Context(), longest)
	defer cancel()
	var output bytes.Buffer
	running := r.newCommand(ctx, command, "-auto-approve")
	running.Stdout, running.Stderr = &output, &output
	running.WaitDelay = 10 * time.Second // a provider that goes on holds the pipes of a CLI that was killed
	if err := running.Start(); err != nil {
		r.t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- running.Wait() }()
	over := func(wait time.Duration) bool {
		select {
		case err := <-ended:
			ended <- err
			return true
		case <-time.After(wait):
			return false
		}
	}
	for k.atCreate && r.cloud.Calls(action) == 0 && !over(time.Millisecond) {
	}
	if !over(k.delay) {
		struck = k.sendSignal(r, running.Process.Pid, over)
	}
	err := <-ended
	r.printed.Write(output.Bytes())
	if ctx.Err() != nil {
		r.t.Fatalf("the command did not end:\n%s", output.String())
	}
	if exit := (*exec.ExitError)(nil); err != nil && !errors.As(err, &exit) && !errors.Is(err, exec.ErrWaitDelay) {
		r.t.Fatal(err)
	}
	r.removeLockInfo()
	return struck
}

// sendSignal sends the signal to each victim. Between two providers of one command it waits for the
// next.
func (k kill) sendSignal(r *run, cli int, over func(time.Duration) bool) (struck bool) {
	if k.to != providers {
		struck = syscall.Kill(cli, k.signal) == nil
	}
	if k.to == terraform {
		return struck
	}
	for {
		for _, pid := range r.listProviders() {
			struck = syscall.Kill(pid, k.signal) == nil || struck
		}
		if struck || over(5*time.Millisecond) {
			return struck
		}
	}
}

// removeLockInfo removes the file that names the holder of the lock; the lock itself ended with the
// process.
func (r *run) removeLockInfo() {
	err := os.Remove(filepath.Join(r.folder, ".terraform.tfstate.lock.info"))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		r.t.Error(err)
	}
}
