package provider_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/google/go-containerregistry/pkg/authn"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/acctest"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/registry/registrytest"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/tke"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/tke/tketest"
)

// completeExample is examples/complete with one small image and variables that can be changed.
type completeExample struct {
	*cli
	cloud     *tketest.Server
	reference string
	variables map[string]any
}

func newCompleteExample(t *testing.T) *completeExample {
	t.Helper()
	acctest.CLI(t)
	registry := registrytest.Start(t, registrytest.Options{})
	cloud := tketest.Start(
		t, tketest.Options{RequestsPerSecond: -1},
	) // with its own builder: the image is really pulled
	e := &completeExample{
		cli:       newCLI(t, cloud),
		cloud:     cloud,
		reference: pushRandom(t, registry.Host+"/app:v1", authn.Anonymous),
	}
	e.use(t, "complete")
	e.variables = map[string]any{
		"images":    []string{e.reference},
		"vpc_id":    "vpc-508ctkfb",
		"subnet_id": "subnet-8ah75lo8",
	}
	e.write(t)
	e.must(t, "init")
	return e
}

func (e *completeExample) write(t *testing.T) {
	t.Helper()
	content, err := json.Marshal(e.variables)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(e.folder, "terraform.tfvars.json"), content, 0o600); err != nil {
		t.Fatal(err)
	}
}

// change sets a variable, checks what the plan does to the cache, applies it, and checks that the
// next plan is empty.
func (e *completeExample) change(t *testing.T, name string, value any, want ...string) {
	t.Helper()
	e.variables[name] = value
	e.write(t)
	if got := e.planned(t)["tkeimage_cache.this"]; !slices.Equal(got, want) {
		t.Fatalf("%s = %v: the plan says %v, want %v", name, value, got, want)
	}
	e.must(t, "apply", "-auto-approve")
	e.empty(t)
}

func (e *completeExample) empty(t *testing.T) {
	t.Helper()
	if code, output := e.try(t, "plan", "-detailed-exitcode"); code != 0 {
		t.Fatalf("the second plan is not empty:\n%s", output)
	}
}

func (e *completeExample) onlyCache(t *testing.T) tketest.Cache {
	t.Helper()
	caches := e.cloud.Caches()
	if len(caches) != 1 || caches[0].Status != tketest.StatusReady {
		t.Fatalf("want one ready cache, there are %+v", caches)
	}
	return caches[0]
}

func (e *completeExample) calls(t *testing.T, create, update, remove int) {
	t.Helper()
	got := fmt.Sprint(e.cloud.Calls(tke.ActionCreate), e.cloud.Calls(tke.ActionUpdate), e.cloud.Calls(tke.ActionDelete))
	if want := fmt.Sprint(create, update, remove); got != want {
		t.Fatalf("create, update, delete were called %s times, want %s", got, want)
	}
}

// TestTheCompleteExample goes through the life of examples/complete with the built provider.
func TestTheCompleteExample(t *testing.T) {
	t.Parallel()
	e := newCompleteExample(t)
	e.change(t, "size_gib", nil, "create")
	e.calls(t, 1, 0, 0)
	first := e.onlyCache(t)

	e.change(t, "size_gib", 30, "update")
	e.calls(t, 1, 1, 0)
	if grown := e.onlyCache(t); grown.ID != first.ID || grown.SizeGiB != 30 {
		t.Fatalf("grown: %+v", grown)
	}

	e.change(t, "vpc_id", "vpc-elsewhere", "create", "delete")
	e.calls(t, 2, 1, 1)
	second := e.onlyCache(t)
	if second.ID == first.ID || second.VpcID != "vpc-elsewhere" {
		t.Fatalf("replaced: %+v", second)
	}

	e.must(t, "state", "rm", "tkeimage_cache.this")
	e.must(t, "import", "tkeimage_cache.this", second.ID)
	if got := e.planned(t)["tkeimage_cache.this"]; !slices.Equal(got, []string{"update"}) {
		t.Fatalf("after an import the plan says %v, want only what the service never tells to be recorded", got)
	}
	e.must(t, "apply", "-auto-approve")
	e.calls(t, 2, 1, 1) // recording makes no call
	e.empty(t)

	pushRandom(t, e.reference, authn.Anonymous) // the tag moves
	if got := e.planned(t)["tkeimage_cache.this"]; !slices.Equal(got, []string{"create", "delete"}) {
		t.Fatalf("after the tag moved the plan says %v", got)
	}
	e.must(t, "destroy", "-auto-approve")
	if left := e.cloud.Caches(); len(left) != 0 {
		t.Fatalf("left behind: %+v", left)
	}
}
