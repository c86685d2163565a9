package transport

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/registry/failure"
)

func TestWhatFailsInPassingIsRepeated(t *testing.T) {
	t.Parallel()
	unconnected := &net.OpError{Op: "dial", Err: errReset}
	unknown := &net.DNSError{IsNotFound: true}
	many := status(http.StatusTooManyRequests, "Retry-After", "2")
	for name, test := range map[string]struct {
		req      Request
		answers  []answer
		attempts int
		kind     failure.Kind
		least    time.Duration
	}{
		"a reset":                    {Request{}, []answer{failing(errReset), status(200)}, 2, "", 0},
		"a reset, again and again":   {Request{}, []answer{failing(errReset)}, 4, failure.Unreachable, 0},
		"a silent host":              {Request{}, []answer{failing(errSilent), status(200)}, 2, "", 0},
		"a busy registry":            {Request{}, []answer{many, status(200)}, 2, "", 2 * time.Second},
		"a wait that is too long":    {Request{}, []answer{status(503, "Retry-After", "61")}, 1, "", 0},
		"a name that does not exist": {Request{}, []answer{failing(unknown)}, 1, failure.Unreachable, 0},
		"a destination that is refused": {
			Request{}, []answer{failing(failure.New(failure.Refused, ""))}, 1, failure.Refused, 0,
		},
		"a lasting answer": {Request{}, []answer{status(404)}, 1, "", 0},
		"one attempt only": {Request{Once: true}, []answer{failing(errReset)}, 1, failure.Unreachable, 0},
		"what may be dropped": {
			Request{MayBeDropped: true}, []answer{failing(errReset)}, 2, failure.Unreachable, 0,
		},
		"what may be dropped, and is silent": {
			Request{MayBeDropped: true}, []answer{failing(errSilent)}, 1, failure.Timeout, 0,
		},
		"what may be dropped, unconnected": {
			Request{MayBeDropped: true}, []answer{failing(unconnected)}, 4, failure.Unreachable, 0,
		},
		"what may be dropped, and a busy host": {
			Request{MayBeDropped: true}, []answer{status(503), status(503), status(206)}, 3, "", 0,
		},
		"a document that breaks off": {
			Request{MaxBytes: 9}, []answer{breakingOff(200, "{"), withBody(200, "{}")}, 2, "", 0,
		},
		"a document that always breaks off": {
			Request{MaxBytes: 9}, []answer{breakingOff(200, "{")}, 4, failure.Unreachable, 0,
		},
		"content that breaks off, left to read": {Request{}, []answer{breakingOff(200, "{")}, 1, "", 0},
		"a document that is too large": {
			Request{MaxBytes: 1}, []answer{withBody(200, "{}")}, 1, failure.TooLarge, 0,
		},
		"a document of unknown size, too large": {
			Request{MaxBytes: 1}, []answer{breakingOff(200, "{}")}, 1, failure.TooLarge, 0,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				next := &fakeLink{answers: test.answers}
				test.req.url = parseURL(t, "https://r.io/")
				began := time.Now()
				resp, err := (&retryLink{next: next, retry: Retry{}.withDefaults()}).roundTrip(t.Context(), test.req)
				if len(next.seen) != test.attempts || time.Since(began) < test.least {
					t.Errorf("%d attempts in %s", len(next.seen), time.Since(began))
				}
				if test.kind == "" && err != nil || test.kind != "" && !errors.Is(err, test.kind) ||
					(resp == nil) != (err != nil) {
					t.Errorf("%v, %v", resp, err)
				}
			})
		})
	}
}

func TestADocumentIsReadWhole(t *testing.T) {
	t.Parallel()
	next := &fakeLink{answers: []answer{withBody(200, "{}")}}
	req := requestTo(t, "https://r.io/")
	req.MaxBytes = 2
	resp, err := (&retryLink{next: next}).roundTrip(t.Context(), req)
	if err != nil {
		t.Fatal(err)
	}
	if data, err := io.ReadAll(resp.Body); err != nil || string(data) != "{}" {
		t.Errorf("%q, %v", data, err)
	}
}

func TestAWaitEndsWithItsContext(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(time.Second, cancel)
		next := &fakeLink{answers: []answer{status(503, "Retry-After", "50")}}
		began := time.Now()
		_, err := (&retryLink{next: next, retry: Retry{}.withDefaults()}).roundTrip(ctx, requestTo(t, "https://r.io/"))
		if !errors.Is(err, failure.Canceled) || time.Since(began) != time.Second {
			t.Errorf("%v after %s", err, time.Since(began))
		}
	})
}

func TestWaitsDoubleUpToTheirBound(t *testing.T) {
	t.Parallel()
	r := Retry{WaitMin: 100 * time.Millisecond, WaitMax: time.Second}
	for attempt, base := range map[int]time.Duration{
		0: 100 * time.Millisecond, 1: 200 * time.Millisecond, 3: 800 * time.Millisecond,
		4: time.Second, 15: time.Second, 40: time.Second, 1000: time.Second,
	} {
		if got := r.backoff(attempt); got < base || got > base+base/4 {
			t.Errorf("attempt %d waits %s", attempt, got)
		}
	}
}
