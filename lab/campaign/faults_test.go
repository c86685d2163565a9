//go:build linux

package campaign

import (
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/tke"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/tke/tketest"
)

// fault is a kind of trouble with a call.
type fault struct {
	title  string
	effect tketest.Effect
	before bool // strikes with the answer of the call before
	lasts  bool // goes on until the second run begins
	// how many lists in a row it strikes, by ids or by names, from the moment on; 0: it strikes a
	// call
	lists int
	ahead time.Duration // how far the service's clock is ahead of this machine's from then on
	says  string        // what an error must say, where there is one: one of several texts
	only  string        // the only moments that it is for, by title; empty: all
}

const (
	// With a second for a try, and half of one to look for what it did. A machine that is busy is
	// late with all of it, and nothing may come out differently for that.
	lateAnswer = 1100 * time.Millisecond // beyond a try, early in the search
	noAnswerAt = 4 * time.Second         // beyond the search too
)

var faults = []fault{
	{
		title:  "connection refused for a moment",
		effect: tketest.RefuseNext{For: 200 * time.Millisecond},
		before: true,
		says:   "connection refused",
	},
	{
		title:  "connection refused, and it stays so",
		effect: tketest.RefuseNext{For: time.Hour},
		before: true,
		says:   "connection refused",
	},
	{
		title:  "connection reset before the request was taken",
		effect: tketest.ResetBefore{},
		says:   "got no answer|its outcome is unknown",
	},
	{
		title:  "connection reset after it was",
		effect: tketest.ResetAfter{},
		says:   "got no answer|its outcome is unknown",
	},
	{
		title:  "answer later than a try may take",
		effect: tketest.Delay{For: lateAnswer},
		says:   "got no answer|its outcome is unknown",
	},
	{
		title:  "answer later than we look for what it did",
		effect: tketest.Delay{For: noAnswerAt},
		only:   "create,create with a name made up",
		says:   "its outcome is unknown",
	},
	{
		title:  "no answer at all, and it stays so",
		effect: tketest.Delay{For: noAnswerAt},
		lasts:  true,
		only:   "look before it,wait,refresh,wait for the update,wait for the deletion",
		says:   "got no answer: no answer within 1s",
	},
	{title: "HTTP 429", effect: tketest.HTTPStatus{Status: http.StatusTooManyRequests}, says: "HTTP status 429"},
	{
		title:  "HTTP 502 with a page of HTML",
		effect: tketest.HTTPStatus{Status: http.StatusBadGateway},
		says:   "HTTP status 502|its outcome is unknown: HTTP 502",
	},
	{
		title:  "HTTP 503, and it stays so",
		effect: tketest.HTTPStatus{Status: http.StatusServiceUnavailable},
		lasts:  true,
		says:   "HTTP status 503|its outcome is unknown: HTTP 503",
	},
	{
		title:  "HTTP 302 to somewhere else",
		effect: tketest.HTTPStatus{Status: http.StatusFound},
		says:   "HTTP status 302|its outcome is unknown: HTTP 302",
	},
	{
		title:  "HTTP 200 with a page of HTML",
		effect: tketest.HTTPStatus{Status: http.StatusOK},
		says:   "something other than the TKE API|no answer of the API came",
	},
	{
		title:  "HTTP 200 with an empty object",
		effect: tketest.HTTPStatus{Status: http.StatusOK, Body: "{}"},
		says:   "something other than the TKE API|no answer of the API came",
	},
	{title: "answer cut off", effect: tketest.Truncate{}, says: "got no answer|its outcome is unknown"},
	{
		title:  "half of the JSON",
		effect: tketest.Malform{},
		says:   "something other than the TKE API|no answer of the API came",
	},
	{title: "RequestLimitExceeded", effect: tketest.Throttle{}, says: "RequestLimitExceeded"},
	{
		title:  "RequestLimitExceeded.IPLimitExceeded",
		effect: tketest.Throttle{Code: tketest.CodeIPLimitExceeded},
		says:   "RequestLimitExceeded",
	},
	{
		title:  "RequestLimitExceeded.UinLimitExceeded",
		effect: tketest.Throttle{Code: tketest.CodeUinLimitExceeded},
		says:   "RequestLimitExceeded",
	},
	{
		title:  "RequestLimitExceeded.GlobalRegionUinLimitExceeded",
		effect: tketest.Throttle{Code: tketest.CodeGlobalRegionLimitExceeded},
		says:   "RequestLimitExceeded",
	},
	{
		title:  "RequestLimitExceeded, and it stays so",
		effect: tketest.Throttle{},
		lasts:  true,
		says:   "lower max_requests_per_second",
	},
	{
		title:  "InternalError",
		effect: tketest.ErrorBefore{Code: "InternalError", Message: "internal error"},
		says:   "open a ticket with the request id|its outcome is unknown: InternalError",
	},
	{
		title:  "InternalError, and it stays so",
		effect: tketest.ErrorBefore{Code: "InternalError", Message: "internal error"},
		lasts:  true,
		says:   "open a ticket with the request id|its outcome is unknown: InternalError",
	},
	{
		title:  "InternalError although the service acted",
		effect: tketest.ErrorAfter{Code: "InternalError", Message: "internal error"},
		says:   "open a ticket with the request id|its outcome is unknown: InternalError",
	},
	{
		title:  "token expired",
		effect: tketest.ErrorBefore{Code: "AuthFailure.TokenFailure", Message: "Token verification failed"},
		lasts:  true,
		says:   "The security token has expired",
	},
	{
		title:  "clock ten minutes behind",
		effect: tketest.Delay{For: time.Nanosecond},
		before: true,
		ahead:  10 * time.Minute,
		says:   "This machine's clock is behind the service's by",
	},
	{
		title:  "clock ten minutes ahead",
		effect: tketest.Delay{For: time.Nanosecond},
		before: true,
		ahead:  -10 * time.Minute,
		says:   "This machine's clock is ahead of the service's by",
	},
	{
		title:  "permission missing",
		effect: tketest.ErrorBefore{Code: tketest.CodeCamNoAuth, Message: "you are not authorized"},
		lasts:  true,
		says:   "It needs the CAM action tke:",
	},
	{
		title:  "quota used up",
		effect: tketest.ErrorBefore{Code: tketest.CodeLimitExceeded, Message: "the quota is used up"},
		only:   "create,create with a name made up",
		says:   "A quota is exhausted",
	},
	{
		title:  "connection reset after it was, then five lists without it",
		effect: tketest.Together{tketest.ResetAfter{}, tketest.StaleLists{Count: 5}},
		only:   "create,create with a name made up",
		says:   "its outcome is unknown",
	},
	{title: "empty list, once", effect: tketest.EmptyList{}, lists: 1},
	{title: "empty list, five times", effect: tketest.EmptyList{}, lists: 5},
	{title: "list that lacks what it counts, once", effect: tketest.ShortList{}, lists: 1},
	{title: "list that lacks what it counts, five times", effect: tketest.ShortList{}, lists: 5},
	{title: "list the other way round, once", effect: tketest.ReversedList{}, lists: 1},
	{title: "list the other way round, five times", effect: tketest.ReversedList{}, lists: 5},
	{title: "list with a cache twice", effect: tketest.DoubledList{}, lists: 1, says: "with the same cache twice"},
	{title: "list without a status", effect: tketest.StatuslessList{}, lists: 1, says: "with a cache without a status"},
	{
		title:  "lists that lag behind by three",
		effect: tketest.StaleLists{Count: 3},
		only:   "create,create with a name made up,update,delete",
		says:   "no longer exists",
	},
	{
		title:  "lists that lag behind by five",
		effect: tketest.StaleLists{Count: 5},
		only:   "create,create with a name made up,update,delete",
		says:   "no longer exists",
	},
}

// moment is a call at which trouble strikes.
type moment struct {
	title string
	on    phase
	call  func(cloud *tketest.Server) tketest.Fault // where, without what
	prior func(cloud *tketest.Server) tketest.Fault // the call before it
}

type phase string

const (
	creating   phase = "creating"
	refreshing phase = "refreshing"
	updating   phase = "updating"
	deleting   phase = "deleting"
	matching   phase = "matching"
)

func matchAction(action string) func(*tketest.Server) tketest.Fault {
	return func(*tketest.Server) tketest.Fault { return tketest.Fault{Action: action} }
}

// matchList is the nth list by names or by ids, from when an action has taken effect.
func matchList(by string, nth int, once string) func(*tketest.Server) tketest.Fault {
	return func(cloud *tketest.Server) tketest.Fault {
		return tketest.Fault{Action: tke.ActionDescribe, Nth: nth, When: func(r tketest.Request) bool {
			return r.Body[by] != nil && (once == "" || cloud.Acted(once) > 0)
		}}
	}
}

const (
	byName = "ImageCacheNames"
	byID   = "ImageCacheIds"
)

// made up: the provider makes the name up, so that it looks for it only right before the creation.
const madeUp = "create with a name made up"

// A creation looks for the name three times: when it is planned, when the CLI plans it again during
// apply, and right before it.
var moments = []moment{
	{"plan", creating, matchList(byName, 1, ""), nil},
	{"look before it", creating, matchList(byName, 3, ""), matchList(byName, 2, "")},
	{"create", creating, matchAction(tke.ActionCreate), matchList(byName, 3, "")},
	{madeUp, creating, matchAction(tke.ActionCreate), matchList(byName, 1, "")},
	{"wait", creating, matchList(byID, 1, tke.ActionCreate), matchAction(tke.ActionCreate)},
	{"refresh", refreshing, matchList(byID, 1, ""), nil},
	{"update", updating, matchAction(tke.ActionUpdate), matchList(byID, 1, "")},
	{"wait for the update", updating, matchList(byID, 1, tke.ActionUpdate), matchAction(tke.ActionUpdate)},
	{"delete", deleting, matchAction(tke.ActionDelete), matchList(byID, 1, "")},
	{"wait for the deletion", deleting, matchList(byID, 1, tke.ActionDelete), matchAction(tke.ActionDelete)},
	{"match", matching, matchAction(tke.ActionMatch), nil},
}

// listing are the moments that are lists, and the first of them is a help that faults of calls do
// not disturb.
var listing = []string{"plan", "look before it", "wait", "refresh", "wait for the update", "wait for the deletion"}

func (f fault) isFor(m moment) bool {
	if f.lists > 0 {
		return slices.Contains(listing, m.title)
	}
	if f.before && m.prior == nil || m.title == "plan" {
		return false
	}
	return f.only == "" || slices.Contains(strings.Split(f.only, ","), m.title)
}

// TestFaults strikes each call with each kind of trouble. The short form strikes the create with
// each kind, the refresh with lists that are wrong five times, and one more call, which differs
// from kind to kind.
func TestFaults(t *testing.T) {
	t.Parallel()
	requireCLI(t)
	seen := newTable("faults", "Faults injected", "trouble")
	for _, m := range moments {
		seen.columns = append(seen.columns, m.title)
	}
	t.Cleanup(func() { seen.compareWithGuide(t, true) })
	for i, f := range faults {
		seen.addRow(f.title)
		if late, ok := f.effect.(tketest.Delay); ok && late.For > time.Second {
			seen.timed = append(seen.timed, f.title)
		}
		for j, m := range moments {
			if !f.isFor(m) {
				continue
			}
			inShort := m.title == "create" || j == i%len(moments) || f.lists > 1 && m.on == refreshing
			if !*full && !inShort {
				continue
			}
			t.Run(m.title+"/"+f.title, func(t *testing.T) {
				t.Parallel()
				outcome, hits := strikeCall(t, f, m)
				t.Log(outcome)
				seen.setCell(f.title, m.title, outcome)
				seen.count.Add(int64(hits))
			})
		}
	}
}

// strikeCall injects a fault at one moment and returns how the run ends, and how often the fault
// struck.
func strikeCall(t *testing.T, f fault, m moment) (outcome string, hits int) {
	t.Helper()
	var ahead atomic.Int64
	r := newRun(t, tketest.Options{
		SignatureClock: func() time.Time { return time.Now().Add(time.Duration(ahead.Load())) },
	})
	r.unnamed = m.title == madeUp
	r.writeCache("size_gib = 20")
	if m.on != creating {
		r.must("apply", "-auto-approve")
	}
	if m.on == updating {
		r.writeCache("size_gib = 30")
	}
	if m.on == matching {
		match := "data \"tkeimage_cache_match\" \"x\" {\n  images = [\"registry.example.com/llm:v1\"]"
		r.writeCache("size_gib = 20\n}\n" + match)
	}
	r.cloud.ResetRequests()
	struck := f.injectAt(m, r.cloud)
	if f.ahead != 0 {
		struck = callWhenStruck(struck, func() { ahead.Store(int64(f.ahead)) })
	}
	injected := r.cloud.Inject(struck)
	first := r.apply
	if m.on == deleting {
		first = r.destroy
	}
	code, said := first()
	if injected.Applied() == 0 {
		t.Fatalf("the trouble never came: %s", said)
	}
	r.checkNamed(said)
	r.cloud.ClearFaults()
	r.cloud.Open()
	ahead.Store(0)
	if code != 0 &&
		!slices.ContainsFunc(strings.Split(f.says, "|"), func(text string) bool {
			return strings.Contains(said, text)
		}) {
		t.Errorf("the error does not say %q: %s", f.says, said)
	}
	return r.repeatCommand(code == 0, m.on), injected.Applied()
}

func (f fault) injectAt(m moment, cloud *tketest.Server) tketest.Fault {
	where := m.call
	if f.before {
		where = m.prior
	}
	injected := where(cloud)
	injected.Effect = f.effect
	if f.lasts {
		injected.Times = tketest.Always
	}
	if f.lists > 0 {
		injected = strikeInARow(injected, f.lists)
	}
	return injected
}

// strikeInARow lets a fault strike so many lists in a row, whatever they ask for, from the first
// that it is for.
func strikeInARow(f tketest.Fault, times int) tketest.Fault {
	fits, left := f.When, max(f.Nth, 1)
	f.Nth, f.Times = 1, times
	f.When = func(r tketest.Request) bool {
		if left > 0 && fits(r) {
			left--
		}
		return left == 0
	}
	return f
}

// checkNamed checks that an error names each cache that the service has made and no state holds,
// unless the search for it failed too.
func (r *run) checkNamed(said string) {
	r.t.Helper()
	for _, id := range r.listUnknown() {
		if !strings.Contains(said, "terraform import ADDRESS "+id) &&
			!strings.Contains(said, "Looking for that cache failed too") {
			tally.orphaned.Add(1)
			r.t.Errorf("no error says how to import %s: %s", id, said)
		}
	}
}

// callWhenStruck does something when the fault strikes for the first time.
func callWhenStruck(f tketest.Fault, do func()) tketest.Fault {
	fits, left := f.When, max(f.Nth, 1)
	f.When = func(r tketest.Request) bool {
		if fits != nil && !fits(r) {
			return false
		}
		if left--; left == 0 {
			do()
		}
		return true
	}
	return f
}

// repeatCommand runs the command a second time, checks what must be true after it, and returns how
// both ended.
func (r *run) repeatCommand(quietly bool, on phase) (outcome string) {
	r.t.Helper()
	if on == deleting {
		r.must("destroy", "-auto-approve")
		r.checkGone()
		if quietly {
			return "unnoticed"
		}
		return "error, then deleted"
	}
	before := r.readState()
	switch {
	case len(before) > 0 && before[0].tainted:
		outcome = "error, then replaced"
	case len(before) > 0:
		outcome = "error, then goes on"
	default:
		outcome = "error, then created"
	}
	if quietly {
		outcome = "unnoticed"
	}
	if len(before) == 0 && !quietly && r.waitForCache() {
		r.importCache(r.listUnknown()[0])
		outcome = "error, then imported"
	}
	r.must("apply", "-auto-approve")
	r.checkConverged()
	return outcome
}

// waitForCache waits for a cache whose creation the service may still be about.
func (r *run) waitForCache() bool {
	for begun := time.Now(); time.Since(begun) < noAnswerAt; time.Sleep(50 * time.Millisecond) {
		if len(r.listUnknown()) > 0 {
			return true
		}
		if !slices.ContainsFunc(r.cloud.Requests(), func(q tketest.Request) bool { return !q.Done }) {
			return len(r.listUnknown()) > 0
		}
	}
	return false
}
