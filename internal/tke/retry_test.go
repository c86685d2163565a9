package tke_test

import (
	"context"
	"errors"
	"net"
	"net/http"
	"testing"
	"time"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/cloudapi"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/tke"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/tke/tketest"
)

// TestFaultsOfReads: a read survives every transient fault, and reports every lasting one.
func TestFaultsOfReads(t *testing.T) {
	t.Parallel()
	for name, effect := range map[string]tketest.Effect{
		"reset before": tketest.ResetBefore{}, "reset after": tketest.ResetAfter{}, "truncated": tketest.Truncate{},
		"malformed": tketest.Malform{},
		"429":       tketest.HTTPStatus{Status: 429}, "502": tketest.HTTPStatus{Status: 502},
		"503":                  tketest.HTTPStatus{Status: 503},
		"throttled":            tketest.Throttle{},
		"throttled by ip":      tketest.Throttle{Code: "RequestLimitExceeded.IPLimitExceeded"},
		"throttled by account": tketest.Throttle{Code: "RequestLimitExceeded.UinLimitExceeded"},
		"throttled by region":  tketest.Throttle{Code: "RequestLimitExceeded.GlobalRegionUinLimitExceeded"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := start(t, tketest.Options{})
			id := server.Put(tketest.Cache{Images: []string{"nginx"}}).ID
			fault := server.Inject(tketest.Fault{Action: tke.ActionDescribe, Times: 3, Effect: effect})
			cache, err := dial(t, config(server.URL)).Get(t.Context(), id)
			if err != nil || cache == nil {
				t.Errorf("got %v, %v", cache, err)
			}
			if fault.Applied() != 3 || server.Calls(tke.ActionDescribe) != 4 {
				t.Errorf("%d faults, %d calls", fault.Applied(), server.Calls(tke.ActionDescribe))
			}
		})
	}
}

func TestALastingFaultIsReportedForWhatItIs(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		effect tketest.Effect
		kind   cloudapi.Kind
		says   string
	}{
		"HTML":      {tketest.HTTPStatus{Status: 502}, cloudapi.KindStatus, ""},
		"malformed": {tketest.Malform{}, cloudapi.KindMalformed, ""},
		"reset":     {tketest.ResetBefore{}, cloudapi.KindNetwork, ""},
		"throttled": {tketest.Throttle{}, cloudapi.KindService, "RequestLimitExceeded"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := start(t, tketest.Options{})
			server.Inject(tketest.Fault{Times: tketest.Always, Effect: test.effect})
			_, err := dial(t, config(server.URL)).Get(t.Context(), "imc-12345678")
			var e *cloudapi.Error
			if !errors.As(err, &e) || e.Kind != test.kind || e.Code != test.says || e.Action != tke.ActionDescribe {
				t.Errorf("got %#v", err)
			}
		})
	}
}

func TestAnAnswerWithoutContentIsNotAnEmptyList(t *testing.T) {
	t.Parallel()
	for _, body := range []string{
		`{}`, `[]`, `null`, `{"Response":{}}`, `{"Response":null}`,
		`{"Response":{"RequestId":"x","TotalCount":3,"ImageCaches":[]}}`,
	} {
		endpoint := httptestServer(t, func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(body)) })
		cache, err := dial(t, config(endpoint)).Get(t.Context(), "imc-12345678")
		var e *cloudapi.Error
		if !errors.As(err, &e) || e.Kind != cloudapi.KindMalformed {
			t.Errorf("%s: got %v, %v: Terraform would forget a cache", body, cache, err)
		}
	}
}

func TestARefusedCreateIsCertain(t *testing.T) {
	t.Parallel()
	server := start(t, tketest.Options{})
	server.Inject(
		tketest.Fault{Action: tke.ActionCreate, Effect: tketest.ErrorBefore{Code: "LimitExceeded", Message: "quota"}},
	)
	_, err := dial(t, config(server.URL)).Create(t.Context(), nginx("llm"))
	var e *cloudapi.Error
	if !errors.As(err, &e) || !e.HasCode("LimitExceeded") || server.Calls(tke.ActionCreate) != 1 {
		t.Errorf("got %v", err)
	}
}

func TestARefusedConnectionIsTriedAgainEvenForACreate(t *testing.T) {
	t.Parallel()
	server := start(t, tketest.Options{})
	refusals := 0
	c := config(server.URL)
	c.Transport = roundTripper(func(r *http.Request) (*http.Response, error) {
		if r.Header.Get("X-TC-Action") == tke.ActionCreate && refusals < 2 {
			refusals++
			r = r.Clone(r.Context())
			r.URL.Host = freePort(t)
		}
		return http.DefaultTransport.RoundTrip(r)
	})
	_, err := dial(t, c).Create(t.Context(), nginx("llm"))
	if err != nil || refusals != 2 || len(server.Caches()) != 1 {
		t.Errorf("after %d refusals: %v, %d caches", refusals, err, len(server.Caches()))
	}
}

// TestAnInterruptedCreateKeepsItsID: a cancellation while the answer to a create is on its way does
// not lose the id.
func TestAnInterruptedCreateKeepsItsID(t *testing.T) {
	t.Parallel()
	server := start(t, tketest.Options{})
	server.Inject(tketest.Fault{Action: tke.ActionCreate, Effect: tketest.Delay{For: 300 * time.Millisecond}})
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	id, err := dial(t, config(server.URL)).Create(ctx, nginx("llm"))
	if caches := server.Caches(); err != nil || len(caches) != 1 || caches[0].ID != id {
		t.Errorf("got %q, %v with caches %v", id, err, caches)
	}
}

func TestNothingSleepsThroughACancellation(t *testing.T) {
	t.Parallel()
	server := start(t, tketest.Options{})
	server.Inject(tketest.Fault{Times: tketest.Always, Effect: tketest.Throttle{}})
	c := config(server.URL)
	c.RetryWait = time.Hour
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	begun := time.Now()
	_, err := dial(t, c).List(ctx, tke.Filter{})
	if took := time.Since(begun); took > 5*time.Second || !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("ended after %s with %v", took, err)
	}
}

func TestTheClientStaysBelowTheServicesRate(t *testing.T) {
	t.Parallel()
	server := start(t, tketest.Options{RequestsPerSecond: 20})
	c := config(server.URL)
	c.MaxRequestsPerSecond = 0 // the default
	client := dial(t, c)
	for range 40 {
		if _, err := client.List(t.Context(), tke.Filter{}); err != nil {
			t.Fatal(err)
		}
	}
	for _, request := range server.Requests() {
		if request.Code != "" {
			t.Fatalf("the service answered %s", request.Code)
		}
	}
}

func freePort(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	return listener.Addr().String()
}
