//go:build linux

package campaign

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/acctest"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/tke/tketest"
)

// The secrets of the campaign. They are looked for in everything that a run writes but the
// configuration.
const (
	secretID        = "AKIDcampaign"
	canarySecretKey = "CANARY-secret-key"
	canaryToken     = "CANARY-security-token"
	canaryPassword  = "CANARY-registry-password"
	canary          = "CANARY"
)

// tally counts over the whole process what must be none.
var tally struct{ orphaned, doubled, lost, secrets, races, left atomic.Int64 }

// mostToEnd is how long a provider may go on without its CLI, for which it looks once a second. The
// guide says the same.
const mostToEnd = 10 * time.Second

// longest is how long a single command may take before it counts as hung.
const longest = 5 * time.Minute

// run is one folder with a configuration, a stand-in, and the CLI.
type run struct {
	t       *testing.T
	cli     string
	folder  string
	env     []string
	races   string // the folder that the race detector writes to
	cloud   *tketest.Server
	unnamed bool // the cache's name is made up by the provider
	printed bytes.Buffer
}

func newRun(t *testing.T, options tketest.Options, more ...string) *run {
	t.Helper()
	options.Credentials = []tketest.Credential{{SecretID: secretID, SecretKey: canarySecretKey, Token: canaryToken}}
	return newRunAt(t, acctest.Cloud(t, options), more...)
}

// newRunAt makes a run at a service that another run uses too.
func newRunAt(t *testing.T, cloud *tketest.Server, more ...string) *run {
	t.Helper()
	r := &run{t: t, cli: requireCLI(t), folder: t.TempDir(), cloud: cloud}
	// A link of its own in each run distinguishes its processes from those of others.
	own := filepath.Join(r.folder, "bin")
	err := os.Mkdir(own, 0o700)
	if err == nil {
		err = linkOrCopy(built.binary, filepath.Join(own, "terraform-provider-tkeimage"))
	}
	if err != nil {
		t.Fatal(err)
	}
	// GORACE takes no comma in a path, and the names of tests have some.
	//nolint:usetesting // its folder has the name of the test
	if r.races, err = os.MkdirTemp(built.folder, "races-"); err != nil {
		t.Fatal(err)
	}
	r.env = environment(t, r.folder, r.cloud.URL, append(more, "GORACE=log_path="+filepath.Join(r.races, "race"))...)
	t.Cleanup(r.searchSecrets)
	return r
}

// linkOrCopy makes a hard link where both are on one file system, else a copy: what /proc shows of
// a symbolic link is its target.
func linkOrCopy(from, to string) error {
	if os.Link(from, to) == nil {
		return nil
	}
	content, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	return os.WriteFile(to, content, 0o700)
}

const terraformBlock = `
terraform {
  required_providers {
    tkeimage = { source = "tkeimage/tkeimage" }
  }
}
variable "password" {
  type      = string
  ephemeral = true
  default   = null
}
`

func (r *run) writeConfiguration(text string) {
	r.t.Helper()
	if err := os.WriteFile(filepath.Join(r.folder, "main.tf"), []byte(terraformBlock+text), 0o600); err != nil {
		r.t.Fatal(err)
	}
}

// writeCache writes the configuration of one cache, with a password.
func (r *run) writeCache(more string) {
	r.t.Helper()
	name := `"llm"`
	if r.unnamed {
		name = "null"
	}
	r.writeConfiguration(`
resource "tkeimage_cache" "x" {
  name      = ` + name + `
  images    = ["registry.example.com/llm:v1"]
  vpc_id    = "vpc-508ctkfb"
  subnet_id = "subnet-8ah75lo8"
  registry_credentials = {
    "registry.example.com" = { username = "u", password_wo = var.password, password_wo_version = 1 }
  }
  ` + more + `
}
`)
}

func (r *run) newCommand(ctx context.Context, arguments ...string) *exec.Cmd {
	arguments = slices.Insert(slices.Clone(arguments), 1, "-no-color")
	if arguments[0] == "state" { // a command of two words
		arguments[1], arguments[2] = arguments[2], arguments[1]
	}
	command := exec.CommandContext(ctx, r.cli, arguments...)
	command.Dir, command.Env = r.folder, r.env
	return command
}

// try returns the exit code, and what was printed with the CLI's frames and line breaks taken out.
func (r *run) try(arguments ...string) (code int, said string) {
	r.t.Helper()
	code, said, err := r.attempt(arguments...)
	if err != nil {
		r.t.Fatal(err)
	}
	return code, said
}

// attempt is try for other goroutines than the test's.
func (r *run) attempt(arguments ...string) (code int, said string, err error) {
	ctx, cancel := context.WithTimeout(r.t.Context(), longest)
	defer cancel()
	output, err := r.newCommand(ctx, arguments...).CombinedOutput()
	r.printed.Write(output)
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) || ctx.Err() != nil {
		return 0, "", fmt.Errorf("%v: %w\n%s", arguments, errors.Join(err, ctx.Err()), output)
	}
	if exit != nil {
		return exit.ExitCode(), flattenOutput(string(output)), nil
	}
	return 0, flattenOutput(string(output)), nil
}

func flattenOutput(output string) string {
	return strings.Join(strings.Fields(strings.NewReplacer("│", " ", "╷", " ", "╵", " ").Replace(output)), " ")
}

func (r *run) must(arguments ...string) (said string) {
	r.t.Helper()
	code, said := r.try(arguments...)
	if code != 0 {
		r.t.Fatalf("%v: exit code %d\n%s", arguments, code, said)
	}
	return said
}

func (r *run) apply() (code int, said string) { r.t.Helper(); return r.try("apply", "-auto-approve") }
func (r *run) destroy() (code int, said string) {
	r.t.Helper()
	return r.try("destroy", "-auto-approve")
}

// stateCache is a cache as a state file has it.
type stateCache struct {
	id      string
	status  string
	tainted bool
}

// readState reads the file itself: what is not written there is lost.
func (r *run) readState() (caches []stateCache) {
	r.t.Helper()
	content, err := os.ReadFile(filepath.Join(r.folder, "terraform.tfstate"))
	if errors.Is(err, fs.ErrNotExist) || err == nil && len(content) == 0 {
		return nil // the CLI makes the file when it takes the lock
	}
	var state struct {
		Resources []struct {
			Mode, Type string
			Instances  []struct {
				Status     string
				Attributes struct{ ID, Status string }
			}
		}
	}
	if err == nil {
		err = json.Unmarshal(content, &state)
	}
	if err != nil {
		r.t.Fatalf("the state: %v\n%s", err, content)
	}
	for _, resource := range state.Resources {
		for _, instance := range resource.Instances {
			if resource.Mode == "managed" {
				caches = append(caches, stateCache{
					instance.Attributes.ID, instance.Attributes.Status, instance.Status == "tainted",
				})
			}
		}
	}
	return caches
}

// listUnknown returns the caches that exist and that the state does not hold.
func (r *run) listUnknown() (ids []string) {
	r.t.Helper()
	known := map[string]bool{}
	for _, cache := range r.readState() {
		known[cache.id] = true
	}
	for _, cache := range r.cloud.Caches() {
		if !known[cache.ID] {
			ids = append(ids, cache.ID)
		}
	}
	return ids
}

// checkConverged checks what must be true in the end: one cache, usable, in the state, and nothing
// left to do. Then it destroys everything.
func (r *run) checkConverged() {
	r.t.Helper()
	caches, state := r.cloud.Caches(), r.readState()
	switch {
	case len(caches) > 1:
		tally.doubled.Add(1)
		r.t.Errorf("%d caches, want one: %+v", len(caches), caches)
	case len(caches) == 0 || caches[0].Status != tketest.StatusReady:
		r.t.Errorf("there is no usable cache: %+v", caches)
	case len(state) != 1 || state[0].id != caches[0].ID || state[0].tainted:
		tally.lost.Add(1)
		r.t.Errorf("the state holds %+v, and there is %s", state, caches[0].ID)
	}
	if code, said := r.try("plan", "-detailed-exitcode"); code != 0 {
		r.t.Errorf("there is something left to do: %s", said)
	}
	r.must("destroy", "-auto-approve")
	r.checkGone()
}

// checkGone checks that nothing is left, neither at the service nor in the state.
func (r *run) checkGone() {
	r.t.Helper()
	if left := r.cloud.Caches(); len(left) != 0 {
		tally.orphaned.Add(int64(len(left)))
		r.t.Errorf("left behind: %+v", left)
	}
	if left := r.readState(); len(left) != 0 {
		r.t.Errorf("left in the state: %+v", left)
	}
}

var importable = regexp.MustCompile(`terraform import \S+ (imc-[a-z0-9]{8})`)

// importCache imports a cache that the state lacks, as the plan advises. No plan knows a name that
// the provider has generated: then the error of the apply must have named it.
func (r *run) importCache(id string) {
	r.t.Helper()
	if r.unnamed {
		if cache, _ := r.cloud.Cache(id); !strings.Contains(r.printed.String(), cache.Name) {
			tally.orphaned.Add(1)
			r.t.Errorf("nothing names %s or its name %s", id, cache.Name)
		}
		r.must("import", "tkeimage_cache.x", id)
		return
	}
	advice := importable.FindStringSubmatch(r.must("plan"))
	if len(advice) != 2 || advice[1] != id {
		tally.orphaned.Add(1)
		r.t.Errorf("the plan does not say how to import %s: %v", id, advice)
	}
	r.must("import", "tkeimage_cache.x", id)
}

// searchSecrets looks for secrets in everything that the run has written, and for findings of the
// race detector.
func (r *run) searchSecrets() {
	if acctest.FindSecret(r.printed.String(), canary) >= 0 {
		tally.secrets.Add(1)
		r.t.Errorf("a secret was printed:\n%s", r.printed.String())
	}
	found, _ := filepath.Glob(filepath.Join(r.races, "race.*"))
	for _, file := range found {
		report, _ := os.ReadFile(file)
		tally.races.Add(1)
		r.t.Errorf("the race detector found:\n%s", report)
	}
	err := filepath.WalkDir(r.folder, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() || d.Name() == "terraform-provider-tkeimage" {
			return err
		}
		content, err := os.ReadFile(path)
		if acctest.FindSecret(string(content), canary) >= 0 {
			tally.secrets.Add(1)
			r.t.Errorf("%s holds a secret", path)
		}
		return err
	})
	if err != nil {
		r.t.Error(err)
	}
}

// listProviders returns the processes of this run's provider.
func (r *run) listProviders() (pids []int) {
	binary := filepath.Join(r.folder, "bin", "terraform-provider-tkeimage")
	links, _ := filepath.Glob("/proc/[0-9]*/exe")
	for _, exe := range links {
		if target, err := os.Readlink(exe); err == nil && strings.TrimSuffix(target, " (deleted)") == binary {
			pid, _ := strconv.Atoi(filepath.Base(filepath.Dir(exe))) // the pattern has digits alone
			pids = append(pids, pid)
		}
	}
	return pids
}

// waitForProviders waits until the providers of a CLI that has ended have ended too.
func (r *run) waitForProviders() {
	r.t.Helper()
	var pids []int
	for begun := time.Now(); time.Since(begun) < mostToEnd; time.Sleep(50 * time.Millisecond) {
		if pids = r.listProviders(); len(pids) == 0 {
			return
		}
	}
	tally.left.Add(int64(len(pids)))
	r.t.Errorf("processes of the provider go on without a CLI: %v", pids)
	for _, pid := range pids {
		_ = syscall.Kill(pid, syscall.SIGKILL)
	}
}
