package tketest_test

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"slices"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/tke/tketest"
)

// Each effect, over a real connection: what the client sees, and whether the cache exists all the
// same.
func TestEffects(t *testing.T) {
	t.Parallel()
	code := func(want string) func(error) bool { return func(err error) bool { return codeOf(err) == want } }
	says := func(want string) func(error) bool {
		return func(err error) bool { return err != nil && strings.Contains(err.Error(), want) }
	}
	for _, test := range []struct {
		name   string
		effect tketest.Effect
		sees   func(error) bool
		exists bool
	}{
		{
			"answer", tketest.ErrorBefore{Code: "ResourceInsufficient", Message: "sold out"},
			code("ResourceInsufficient"), false,
		},
		{"answer after", tketest.ErrorAfter{Code: "InternalError"}, code("InternalError"), true},
		{"throttle", tketest.Throttle{}, code("RequestLimitExceeded"), false},
		{
			"throttle IP", tketest.Throttle{Code: tketest.CodeIPLimitExceeded},
			code("RequestLimitExceeded.IPLimitExceeded"), false,
		},
		{
			"throttle account", tketest.Throttle{Code: tketest.CodeUinLimitExceeded},
			code("RequestLimitExceeded.UinLimitExceeded"), false,
		},
		{"throttle region", tketest.Throttle{Code: tketest.CodeGlobalRegionLimitExceeded},
			code("RequestLimitExceeded.GlobalRegionUinLimitExceeded"), false},
		{"gateway", tketest.HTTPStatus{Status: http.StatusBadGateway}, says("502"), false},
		{"reset before", tketest.ResetBefore{}, says("connection reset by peer"), false},
		{"reset after", tketest.ResetAfter{}, says("connection reset by peer"), true},
		{"truncate", tketest.Truncate{}, says("unexpected EOF"), true},
		{"malform", tketest.Malform{}, says("unexpected end of JSON input"), true},
		{"empty list", tketest.EmptyList{}, func(err error) bool { return err == nil }, true},
		{
			"together", tketest.Together{tketest.Delay{For: time.Millisecond}, tketest.ResetAfter{}},
			says("connection reset by peer"), true,
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			s, c := start(t, tketest.Options{})
			fault := s.Inject(tketest.Fault{Action: tketest.ActionCreate, Effect: test.effect})
			c.ok(t, tketest.ActionDescribe, fields{})
			if _, err := c.send(tketest.ActionCreate, minimal()); !test.sees(err) {
				t.Errorf("the client sees %v", err)
			}
			if exists := len(s.Caches()) == 1; exists != test.exists {
				t.Errorf("a cache exists: %v, want %v", exists, test.exists)
			}
			request := s.Requests()[1]
			if request.Acted != test.exists || !request.Done || len(request.Faults) != 1 || fault.Applied() != 1 {
				t.Errorf("recorded %+v, %d hits", request, fault.Applied())
			}
			c.create(t, nil) // it struck once
		})
	}
}

func TestHTTPStatusIsAPage(t *testing.T) {
	t.Parallel()
	s, _ := start(t, tketest.Options{})
	s.Inject(tketest.Fault{Effect: tketest.HTTPStatus{Status: http.StatusServiceUnavailable}})
	resp, err := http.Get(s.URL)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, _ := io.ReadAll(resp.Body)
	if resp.StatusCode != http.StatusServiceUnavailable || resp.Header.Get("Content-Type") != "text/html" ||
		!strings.HasPrefix(string(body), "<html>") {
		t.Errorf("%d, %v: %s", resp.StatusCode, resp.Header, body)
	}
}

// What is lost on a network is lost in the process too.
func TestTransportLosesWhatANetworkLoses(t *testing.T) {
	t.Parallel()
	s := tketest.NewUnstarted(tketest.Options{Builder: tketest.InstantBuilder})
	defer s.Close()
	c := newClient(s)
	s.Inject(tketest.Fault{Effect: tketest.ResetAfter{}})
	s.Inject(tketest.Fault{Nth: 2, Effect: tketest.Truncate{}})
	for _, want := range []string{"connection reset by peer", "unexpected EOF"} {
		if _, err := c.send(tketest.ActionCreate, minimal()); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %q", err, want)
		}
	}
	if len(s.Caches()) != 2 {
		t.Errorf("%d caches, want 2", len(s.Caches()))
	}
	s.Inject(tketest.Fault{Effect: tketest.ResetBefore{}})
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://tke.example.com/", http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Transport().RoundTrip(request); !errors.Is(err, syscall.ECONNRESET) {
		t.Errorf("got %v, want ECONNRESET", err)
	}
}

func TestFaultsAreCountedEachOnItsOwn(t *testing.T) {
	t.Parallel()
	s, c := start(t, tketest.Options{})
	s.Inject(tketest.Fault{Action: tketest.ActionDescribe, Nth: 2, Times: 2, Effect: tketest.Throttle{}})
	s.Inject(tketest.Fault{Nth: 3, Times: tketest.Always, Effect: tketest.ErrorBefore{Code: "InternalError"}})
	var got []string
	for range 5 {
		_, err := c.send(tketest.ActionDescribe, fields{})
		got = append(got, codeOf(err))
	}
	want := []string{"", "RequestLimitExceeded", "RequestLimitExceeded", "InternalError", "InternalError"}
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	s.ClearFaults()
	c.ok(t, tketest.ActionDescribe, fields{})

	named := func(r tketest.Request) bool { return r.Body["ImageCacheName"] == "unlucky" }
	s.Inject(tketest.Fault{When: named, Effect: tketest.ErrorBefore{Code: "InternalError"}})
	c.create(t, nil)
	c.refused(t, tketest.ActionCreate, with(minimal(), fields{"ImageCacheName": "unlucky"}), "InternalError")
}

func TestDelayGoesOnWithoutTheClient(t *testing.T) {
	inBubble(t, tketest.Options{}, func(t *testing.T, s *tketest.Server, c *client) {
		s.Inject(tketest.Fault{Effect: tketest.Delay{For: time.Hour}})
		s.Inject(tketest.Fault{Effect: tketest.Delay{For: time.Hour}})
		// The SDK gives up after a minute.
		_, err := c.send(tketest.ActionCreate, minimal())
		if err == nil || !strings.Contains(err.Error(), "deadline exceeded") {
			t.Errorf("got %v, want a timeout", err)
		}
		if s.Calls(tketest.ActionCreate) != 1 || s.Acted(tketest.ActionCreate) != 0 || s.Requests()[0].Done {
			t.Errorf("recorded %+v", s.Requests())
		}
		time.Sleep(2*time.Hour - 2*time.Minute)
		synctest.Wait()
		if s.Acted(tketest.ActionCreate) != 0 {
			t.Error("acted before both delays were over")
		}
		time.Sleep(time.Minute)
		synctest.Wait()
		if s.Acted(tketest.ActionCreate) != 1 || len(s.Caches()) != 1 {
			t.Errorf("%d caches after the delays, want 1", len(s.Caches()))
		}
	})
}

func TestEmptyList(t *testing.T) {
	t.Parallel()
	s, c := start(t, tketest.Options{})
	s.Put(tketest.Cache{})
	s.Inject(tketest.Fault{Action: tketest.ActionDescribe, Effect: tketest.EmptyList{}})
	answer := c.ok(t, tketest.ActionDescribe, fields{})
	if raw, _ := json.Marshal(answer["ImageCaches"]); string(raw) != "[]" || answer["TotalCount"] != 0.0 {
		t.Errorf("got %v", answer)
	}
	s.Inject(tketest.Fault{Action: tketest.ActionDescribe, Effect: tketest.EmptyList{}})
	c.refused(t, tketest.ActionDescribe, fields{"Limit": 51}, "InvalidParameterValue")
	if got := c.list(t, fields{}); len(got) != 1 {
		t.Errorf("then %d caches, want 1", len(got))
	}
}

func TestListsLagBehind(t *testing.T) {
	t.Parallel()
	s, c := start(t, tketest.Options{})
	names := func() string {
		var out []string
		for _, cache := range c.list(t, fields{}) {
			out = append(out, cache["ImageCacheName"].(string))
		}
		return strings.Join(out, ",")
	}
	want := func(what, first, second, third string) {
		t.Helper()
		if got := []string{names(), names(), names()}; got[0] != first || got[1] != second || got[2] != third {
			t.Errorf("%s: %q, want %q %q %q", what, got, first, second, third)
		}
	}
	lag := func(action string) {
		s.Inject(tketest.Fault{Action: action, Effect: tketest.StaleLists{Count: 2}})
	}
	lag(tketest.ActionCreate)
	id := c.create(t, fields{"ImageCacheName": "a"})
	want("created", "", "", "a")
	await(t, s, id, tketest.StatusReady)
	lag(tketest.ActionUpdate)
	c.ok(t, tketest.ActionUpdate, fields{"ImageCacheId": id, "ImageCacheName": "b"})
	want("updated", "a", "a", "b")
	lag(tketest.ActionDelete)
	c.ok(t, tketest.ActionDelete, fields{"ImageCacheIds": []string{id}})
	want("deleted", "b", "b", "")
}
