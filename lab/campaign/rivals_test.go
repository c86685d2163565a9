//go:build linux

package campaign

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/cloudapi/apitest"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/tke"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/tke/tketest"
)

// lost is a way in which the answer to one of two creates does not arrive.
type lost struct {
	title  string
	effect tketest.Effect
}

var lostAnswers = []lost{
	{"connection reset before the request was taken", tketest.ResetBefore{}},
	{"connection reset after it was", tketest.ResetAfter{}},
	{"answer cut off", tketest.Truncate{}},
	{"half of the JSON", tketest.Malform{}},
	{"HTTP 502 with a page of HTML", tketest.HTTPStatus{Status: http.StatusBadGateway}},
	{"HTTP 200 with a page of HTML", tketest.HTTPStatus{Status: http.StatusOK}},
	{"InternalError", tketest.ErrorBefore{Code: "InternalError", Message: "internal error"}},
	{"InternalError although the service acted", tketest.ErrorAfter{Code: "InternalError", Message: "internal error"}},
	{"answer later than a try may take", tketest.Delay{For: lateAnswer}},
	{"answer later than we look for what it did", tketest.Delay{For: noAnswerAt}},
	{
		"connection reset after it was, then five lists without it",
		tketest.Together{tketest.ResetAfter{}, tketest.StaleLists{Count: 5}},
	},
}

const (
	equally     = "equal configurations"
	differently = "different configurations"
	unnamed     = "names made up"
)

var rivalColumns = []string{
	"rounds", "of them with creates at the same time", "both created", "error, one cache named",
	"error, two caches named", "error, none new",
}

// meeting stands before the service, and holds a create back until a second one has come, for a
// while.
type meeting struct {
	service http.Handler

	mu      sync.Mutex
	arrived int
	both    chan struct{}
}

// meetingTimeout is how long the first of two creates waits for the second, well within a try.
const meetingTimeout = 600 * time.Millisecond

func (m *meeting) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Header.Get("X-TC-Action") == tke.ActionCreate {
		m.mu.Lock()
		if m.arrived++; m.arrived == 2 {
			close(m.both)
		}
		m.mu.Unlock()
		select {
		case <-m.both:
		case <-time.After(meetingTimeout):
		}
	}
	m.service.ServeHTTP(w, r)
}

// TestRivals lets two runs create a cache of one name at once, and loses the answer to one of the
// creates: no id is ever in two states, and no cache of one run is changed or deleted by the other.
func TestRivals(t *testing.T) {
	t.Parallel()
	requireCLI(t)
	many := len(lostAnswers)
	if *full {
		many = max(*rounds, 100)
	}
	seen := newTable("rivals", "Rounds", "one of the two creates", rivalColumns...)
	t.Cleanup(func() { seen.compareWithGuide(t, false) })
	counts := &figures{counts: map[string]map[string]int{}}
	for _, kind := range lostAnswers {
		seen.addRow(kind.title)
	}
	t.Run("rounds", func(t *testing.T) {
		for round := range many {
			kind := lostAnswers[round%len(lostAnswers)]
			turn := round / len(lostAnswers) // each kind with each configuration, and at either create
			with, nth := []string{equally, differently, unnamed}[(turn+round%len(lostAnswers))%3], 1+turn/3%2
			t.Run(fmt.Sprintf("%d %s/%s/%d", round, kind.title, with, nth), func(t *testing.T) {
				t.Parallel()
				kind.runRound(t, with, nth, func(column string) { counts.addTo(kind.title, column) })
			})
		}
	})
	for row, numbers := range counts.counts {
		for _, column := range rivalColumns {
			seen.setCell(row, column, fmt.Sprint(numbers[column]))
		}
		seen.count.Add(int64(numbers["rounds"]))
	}
}

// runRound is one round; it loses the answer to the nth create.
func (l lost) runRound(t *testing.T, with string, nth int, count func(column string)) {
	t.Helper()
	a := newRun(t, tketest.Options{})
	front := &meeting{service: a.cloud, both: make(chan struct{})}
	url := apitest.Start(t, front)
	b := newRunAt(t, a.cloud, "TKEIMAGE_ENDPOINT_TKE="+url)
	a.env = append(a.env, "TKEIMAGE_ENDPOINT_TKE="+url)
	a.unnamed, b.unnamed = with == unnamed, with == unnamed
	a.writeCache("size_gib = 20\ntags = { team = \"ml\" }")
	b.writeCache("size_gib = 20\ntags = { team = \"ml\" }")
	if with == differently {
		b.writeCache("size_gib = 30\ntags = { team = \"web\" }")
	}
	a.must("plan", "-out=plan")
	b.must("plan", "-out=plan")
	a.cloud.Inject(tketest.Fault{Action: tke.ActionCreate, Nth: nth, Effect: l.effect})
	said := applyTogether(a, b)
	a.waitForService()
	count("rounds")
	if front.hasMet() {
		count("of them with creates at the same time")
	}
	count(a.nameOutcome(b, said))
	if calls := a.cloud.Calls(tke.ActionCreate); calls != 2 {
		t.Errorf("%d creates were sent, want one of each run", calls)
	}
	a.checkOwnership(b, map[string]int64{equally: 20, differently: 30, unnamed: 20}[with])
}

func (m *meeting) hasMet() bool {
	select {
	case <-m.both:
		return true
	default:
		return false
	}
}

// applyTogether applies the plans of two runs at once, and returns what both printed.
func applyTogether(a, b *run) (said string) {
	a.t.Helper()
	var both sync.WaitGroup
	var texts [2]string
	var errs [2]error
	for i, r := range []*run{a, b} {
		both.Go(func() { _, texts[i], errs[i] = r.attempt("apply", "plan") })
	}
	both.Wait()
	for _, err := range errs {
		if err != nil {
			a.t.Fatal(err)
		}
	}
	return texts[0] + texts[1]
}

// waitForService waits until the service has done all that it was asked.
func (r *run) waitForService() {
	r.t.Helper()
	for begun := time.Now(); time.Since(begun) < 2*noAnswerAt; time.Sleep(50 * time.Millisecond) {
		if !slices.ContainsFunc(r.cloud.Requests(), func(q tketest.Request) bool { return !q.Done }) {
			return
		}
	}
	r.t.Fatal("the service is still at work")
}

// nameOutcome names what became of two applies. A cache that no state holds must be named: by the
// error, by the next plan of a run, or, where its name was made up, by that name.
func (r *run) nameOutcome(other *run, said string) (column string) {
	r.t.Helper()
	held := append(r.readState(), other.readState()...)
	var unheld []string
	for _, cache := range r.cloud.Caches() {
		if !slices.ContainsFunc(held, func(h stateCache) bool { return h.id == cache.ID }) {
			unheld = append(unheld, cache.ID)
		}
	}
	named := 0
	for _, cache := range r.cloud.Caches() {
		if strings.Contains(said, cache.ID+":") {
			named++
		}
	}
	for _, id := range unheld {
		cache, _ := r.cloud.Cache(id)
		namedByPlan := func() bool { return !r.unnamed && strings.Contains(r.must("plan")+other.must("plan"), id) }
		if !strings.Contains(said, id) && !(r.unnamed && strings.Contains(said, cache.Name)) && !namedByPlan() {
			tally.orphaned.Add(1)
			r.t.Errorf("%s is in no state, and nothing names it: %s", id, said)
		}
	}
	switch {
	case len(held) == 2:
		return "both created"
	case named == 0:
		return "error, none new"
	case named == 1:
		return "error, one cache named"
	}
	return "error, two caches named"
}

// checkOwnership checks that two states share no id, that each cache is as its own run asked, and
// that the destroy of one run leaves the cache of the other.
func (r *run) checkOwnership(other *run, otherSize int64) {
	r.t.Helper()
	mine, others := r.readState(), other.readState()
	sizes := map[string]int64{}
	for _, h := range mine {
		sizes[h.id] = 20
	}
	for _, h := range others {
		if sizes[h.id] != 0 {
			tally.doubled.Add(1)
			r.t.Errorf("%s is in both states", h.id)
		}
		sizes[h.id] = otherSize
	}
	for id, size := range sizes {
		if cache, there := r.cloud.Cache(id); !there || cache.SizeGiB != size || cache.Status != tketest.StatusReady {
			r.t.Errorf("%s is %+v, want it Ready with %d GiB", id, cache, size)
		}
	}
	r.must("destroy", "-auto-approve")
	for _, h := range others {
		if _, there := r.cloud.Cache(h.id); !there {
			tally.lost.Add(1)
			r.t.Errorf("the destroy of one run has deleted %s of the other", h.id)
		}
		if code, said := other.try("plan", "-detailed-exitcode"); code != 0 {
			r.t.Errorf("the other run has something left to do: %s", said)
		}
	}
	other.must("destroy", "-auto-approve")
	for id := range sizes {
		if _, there := r.cloud.Cache(id); there {
			r.t.Errorf("%s is left behind", id)
		}
	}
}

// TestTwoAddresses: a plan warns where the state holds one cache at two addresses, and not where it
// holds two caches.
func TestTwoAddresses(t *testing.T) {
	t.Parallel()
	for _, refresh := range []string{"true", "false"} {
		t.Run("refresh="+refresh, func(t *testing.T) {
			t.Parallel()
			r := newRun(t, tketest.Options{})
			second := "\n}\nresource \"tkeimage_cache\" \"y\" {\n  name = \"other\"\n  images = [\"nginx:1.29\"]\n " +
				" vpc_id = \"vpc-508ctkfb\"\n  subnet_id = \"subnet-8ah75lo8\"\n"
			r.writeCache(second)
			r.must("apply", "-auto-approve")
			const warning = "Image cache is at two addresses"
			if said := r.must("plan", "-refresh="+refresh); strings.Contains(said, warning) {
				t.Errorf("two caches at two addresses are warned of: %s", said)
			}
			first := r.readState()[0].id
			r.must("state", "rm", "tkeimage_cache.y")
			r.must("import", "tkeimage_cache.y", first)
			if said := r.must("plan", "-refresh="+refresh); strings.Count(said, warning+" ") != 1 ||
				!strings.Contains(said, first) {
				t.Errorf("one cache at two addresses is not warned of once: %s", said)
			}
		})
	}
}
