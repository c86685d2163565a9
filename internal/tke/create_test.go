package tke_test

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/cloudapi"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/tke"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/tke/tketest"
)

// lostAnswers are what may happen to a create that the service carries out.
var lostAnswers = map[string]tketest.Effect{
	"reset after":          tketest.ResetAfter{},
	"truncated":            tketest.Truncate{},
	"malformed":            tketest.Malform{},
	"InternalError":        tketest.ErrorAfter{Code: "InternalError", Message: "internal error"},
	"listed late":          tketest.Together{tketest.ResetAfter{}, tketest.StaleLists{Count: 2}},
	"listed five too late": tketest.Together{tketest.ResetAfter{}, tketest.StaleLists{Count: 5}},
}

func TestACreateThatCertainlyDidNotActIsSentAgain(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		effect tketest.Effect
		calls  int // of CreateImageCache
	}{
		"nothing":         {tketest.Together{}, 1},
		"throttled":       {tketest.Throttle{}, 2},
		"throttled by ip": {tketest.Throttle{Code: "RequestLimitExceeded.IPLimitExceeded"}, 2},
		"429":             {tketest.HTTPStatus{Status: 429}, 2},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := start(t, tketest.Options{})
			server.Inject(tketest.Fault{Action: tke.ActionCreate, Effect: test.effect})
			id, err := dial(t, config(server.URL)).Create(within(t, time.Minute), nginx("llm"))
			if caches := server.Caches(); err != nil || len(caches) != 1 || caches[0].ID != id {
				t.Errorf("id %s, %v, caches %+v", id, err, caches)
			}
			if calls := server.Calls(tke.ActionCreate); calls != test.calls {
				t.Errorf("%d creates were sent, want %d", calls, test.calls)
			}
		})
	}
}

// TestALostAnswerOfACreateIsNeverSettledByTheName: no cache is taken over, the one that is new is
// named, and nothing is sent again.
func TestALostAnswerOfACreateIsNeverSettledByTheName(t *testing.T) {
	t.Parallel()
	for name, effect := range lostAnswers {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := start(t, tketest.Options{})
			older := server.Put(tketest.Cache{Name: "llm", Images: []string{"other"}})
			server.Inject(tketest.Fault{Action: tke.ActionCreate, Effect: effect})
			id, err := dial(t, config(server.URL)).Create(within(t, time.Minute), nginx("llm"))
			uncertain, ok := errors.AsType[*tke.UncertainError](err)
			if !ok || id != "" {
				t.Fatalf("got %q, %v", id, err)
			}
			if len(uncertain.Found) != 1 || uncertain.Found[0].ID == older.ID || uncertain.SearchErr != nil {
				t.Errorf("found %+v, look %v", uncertain.Found, uncertain.SearchErr)
			}
			if len(server.Caches()) != 2 || server.Calls(tke.ActionCreate) != 1 {
				t.Errorf("%d caches after %d creates", len(server.Caches()), server.Calls(tke.ActionCreate))
			}
		})
	}
}

// TestALookForALostCreateGoesOnToItsEnd: what another run made under the same name must not hide
// what this one made later.
func TestALookForALostCreateGoesOnToItsEnd(t *testing.T) {
	t.Parallel()
	server := start(t, tketest.Options{})
	server.Inject(
		tketest.Fault{
			Action: tke.ActionCreate,
			Effect: tketest.Together{tketest.ResetAfter{}, tketest.StaleLists{Count: 4}},
		},
	)
	server.Inject(
		tketest.Fault{Action: tke.ActionDescribe, Nth: 1, Effect: tketest.EmptyList{}},
	) // so the other one seems to be new
	server.Put(tketest.Cache{Name: "llm", Images: []string{"other"}})
	_, err := dial(t, config(server.URL)).Create(within(t, time.Minute), nginx("llm"))
	uncertain, ok := errors.AsType[*tke.UncertainError](err)
	if !ok || len(uncertain.Found) != 2 {
		t.Errorf("got %v with %+v, want both caches", err, uncertain)
	}
}

// TestAnAnswerWithTheIDOfACacheThatWasThereBeforeIsNotBelieved: a service that gave two runs one
// cache would let each delete the other's.
func TestAnAnswerWithTheIDOfACacheThatWasThereBeforeIsNotBelieved(t *testing.T) {
	t.Parallel()
	server := start(t, tketest.Options{})
	older := server.Put(tketest.Cache{Name: "llm", Images: []string{"other"}}).ID
	c := config(server.URL)
	c.Transport = roundTripper(func(r *http.Request) (*http.Response, error) {
		response, err := http.DefaultTransport.RoundTrip(r)
		if err == nil && r.Header.Get("X-TC-Action") == tke.ActionCreate {
			_ = response.Body.Close()
			body := fmt.Sprintf(`{"Response":{"ImageCacheId":%q,"RequestId":"a"}}`, older)
			response.Body, response.ContentLength = io.NopCloser(strings.NewReader(body)), int64(len(body))
		}
		return response, err
	})
	id, err := dial(t, c).Create(within(t, time.Minute), nginx("llm"))
	uncertain, ok := errors.AsType[*tke.UncertainError](err)
	if !ok || id == older || len(uncertain.Found) != 1 || uncertain.Found[0].ID == older ||
		!strings.Contains(err.Error(), older) {
		t.Errorf("got %q, %v", id, err)
	}
}

// TestANameThatWasMadeUpForTheRequestEndsTheLook: there can be no other cache of it.
func TestANameThatWasMadeUpForTheRequestEndsTheLook(t *testing.T) {
	t.Parallel()
	server := start(t, tketest.Options{})
	server.Inject(tketest.Fault{Action: tke.ActionCreate, Effect: tketest.ResetAfter{}})
	request := nginx("tf-abcdefghijkl")
	request.NameIsGenerated = true
	_, err := dial(t, config(server.URL)).Create(within(t, time.Minute), request)
	uncertain, ok := errors.AsType[*tke.UncertainError](err)
	if !ok || len(uncertain.Found) != 1 || uncertain.Found[0].Name != request.Name || uncertain.Found[0].SizeGiB != 20 {
		t.Errorf("got %v with %+v", err, uncertain)
	}
	if looks := server.Calls(tke.ActionDescribe); looks != 2 {
		t.Errorf("%d looks, want one before and one after", looks)
	}
}

// TestAnUndecidedCreateSaysSo: where the service did not act, or it cannot be known, there is an
// error and no second cache.
func TestAnUndecidedCreateSaysSo(t *testing.T) {
	t.Parallel()
	for name, effect := range map[string]tketest.Effect{
		"reset before": tketest.ResetBefore{}, "502": tketest.HTTPStatus{Status: 502},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := start(t, tketest.Options{})
			server.Inject(tketest.Fault{Action: tke.ActionCreate, Effect: effect})
			_, err := dial(t, config(server.URL)).Create(within(t, time.Minute), nginx("llm"))
			uncertain, ok := errors.AsType[*tke.UncertainError](err)
			if !ok || uncertain.Name != "llm" || len(uncertain.Found) != 0 || uncertain.SearchErr != nil {
				t.Errorf("got %v", err)
			}
			if len(server.Caches()) != 0 || server.Calls(tke.ActionCreate) != 1 {
				t.Errorf("%d caches after %d creates", len(server.Caches()), server.Calls(tke.ActionCreate))
			}
		})
	}
}

// TestACreateThatCannotBeLookedForSaysSo: usually the network that lost the answer is still down,
// and the cache exists.
func TestACreateThatCannotBeLookedForSaysSo(t *testing.T) {
	t.Parallel()
	server := start(t, tketest.Options{})
	server.Inject(tketest.Fault{Action: tke.ActionCreate, Effect: tketest.ResetAfter{}})
	server.Inject(
		tketest.Fault{Action: tke.ActionDescribe, Nth: 2, Times: tketest.Always, Effect: tketest.ResetBefore{}},
	)
	_, err := dial(t, config(server.URL)).Create(within(t, time.Minute), nginx("llm"))
	uncertain, ok := errors.AsType[*tke.UncertainError](err)
	if !ok || len(server.Caches()) != 1 {
		t.Fatalf("got %v and %d caches", err, len(server.Caches()))
	}
	lost, _ := errors.AsType[*cloudapi.Error](uncertain.Err)
	look, _ := errors.AsType[*cloudapi.Error](uncertain.SearchErr)
	if lost == nil || lost.Action != tke.ActionCreate || look == nil || look.Action != tke.ActionDescribe ||
		!errors.Is(err, look) ||
		!errors.Is(err, lost) {
		t.Errorf("the create ended with %v, the look with %v", uncertain.Err, uncertain.SearchErr)
	}
}
