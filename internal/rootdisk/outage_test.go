package rootdisk_test

import (
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	ggcr "github.com/google/go-containerregistry/pkg/registry"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/acctest"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/registry/imagetest"
)

// troubled is a registry that can be told to answer in another way.
type troubled struct {
	host    string
	trouble atomic.Pointer[http.HandlerFunc]
}

func startTroubled(t *testing.T) *troubled {
	t.Helper()
	s := &troubled{}
	inner := ggcr.New(ggcr.Logger(log.New(io.Discard, "", 0)))
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if trouble := s.trouble.Load(); trouble != nil {
			(*trouble)(w, r)
			return
		}
		inner.ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	s.host = strings.TrimPrefix(server.URL, "http://")
	return s
}

func (s *troubled) answer(with http.HandlerFunc) func() { return func() { s.trouble.Store(&with) } }

// pushApp pushes an image of one small file.
func (s *troubled) pushApp(t *testing.T) (reference, digest string) {
	t.Helper()
	return push(t, s.host+"/app:v1", image(t, "amd64", layer(t, 1, imagetest.File{Name: "a", Size: 5000})))
}

// keepingIn returns a configuration whose measurements are kept in a directory.
func keepingIn(dir, configuration string) string {
	return strings.Replace(
		configuration, `measurement_cache_dir = ""`, fmt.Sprintf("measurement_cache_dir = %q", dir), 1,
	)
}

// TestAPlanSurvivesAnOutage: with stale_if_error, and a destroy too, since it refreshes first.
func TestAPlanSurvivesAnOutage(t *testing.T) {
	t.Parallel()
	acctest.CLI(t)
	registry := startTroubled(t)
	reference, digest := registry.pushApp(t)
	dir := t.TempDir()
	config := func(arguments string) string { return keepingIn(dir, configuration("", arguments, reference)) }
	checks := []statecheck.StateCheck{
		has("exact", knownvalue.Bool(true)),
		has("digests", knownvalue.MapExact(map[string]knownvalue.Check{reference: knownvalue.StringExact(digest)})),
	}
	run(
		t,
		resource.TestStep{Config: config(""), ConfigStateChecks: checks},
		resource.TestStep{
			PreConfig: registry.answer(http.NotFound), Config: config(""),
			ExpectError: acctest.MatchWrapped(
				`Image does not exist.*last read less than a minute ago.*stale_if_error = true`,
			),
		},
		resource.TestStep{
			Config: config("stale_if_error = true"), ConfigStateChecks: checks,
			ConfigPlanChecks: resource.ConfigPlanChecks{
				PostApplyPostRefresh: []plancheck.PlanCheck{plancheck.ExpectEmptyPlan()},
			},
		}, // and the destroy that ends each test
	)
}

func TestTheTimeToReadIsBounded(t *testing.T) {
	t.Parallel()
	acctest.CLI(t)
	registry := startTroubled(t)
	reference, _ := registry.pushApp(t)
	run(
		t,
		resource.TestStep{
			Config:      configuration("", `timeouts = { read = "0s" }`, reference),
			ExpectError: acctest.MatchWrapped(`Invalid timeout.* read = "0s" is no time above zero`),
		},
		resource.TestStep{
			Config:      configuration("", `timeouts = { read = "soon" }`, reference),
			ExpectError: acctest.MatchWrapped(`Time Duration.*"soon"`),
		},
		resource.TestStep{
			PreConfig: registry.answer(func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }),
			Config:    configuration("", `timeouts = { read = "1s" }`, reference),
			ExpectError: acctest.MatchWrapped(`The time to read ran out.*` + reference +
				`.*timeouts.read, 1s, has passed, and nothing was learned`),
		},
	)
}

func TestADirectoryThatCannotBeWrittenIsNoError(t *testing.T) {
	t.Parallel()
	acctest.CLI(t)
	registry := startTroubled(t)
	reference, _ := registry.pushApp(t)
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	run(t, resource.TestStep{
		Config:            keepingIn(filepath.Join(file, "dir"), configuration("", "", reference)),
		ConfigStateChecks: []statecheck.StateCheck{has("exact", knownvalue.Bool(true))},
	})
}
