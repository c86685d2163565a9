package transport

import (
	"context"
	"errors"
	"io"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/registry/failure"
)

// slowLink answers after a while with a body that has one byte at a time.
type slowLink struct{ begin, each time.Duration }

func (l slowLink) roundTrip(ctx context.Context, req Request) (*http.Response, error) {
	if err := wait(ctx, l.begin); err != nil {
		return nil, err
	}
	return &http.Response{
		StatusCode: http.StatusOK, ContentLength: -1, Body: slowBody{ctx, l.each}, Request: &http.Request{URL: req.url},
	}, nil
}

type slowBody struct {
	ctx  context.Context
	each time.Duration
}

func (b slowBody) Close() error { return nil }
func (b slowBody) Read(p []byte) (int, error) {
	if err := wait(b.ctx, b.each); err != nil {
		return 0, err
	}
	return copy(p[:1], "x"), nil
}

func wait(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(d):
		return nil
	}
}

func TestAnAnswerThatStallsIsAborted(t *testing.T) {
	t.Parallel()
	limits := Limits{}.withDefaults()
	for name, test := range map[string]struct {
		next     slowLink
		document bool
		want     error
		after    time.Duration
	}{
		"before it begins": {slowLink{begin: time.Hour}, false, errSilent, limits.HeaderTimeout},
		"in the middle":    {slowLink{each: time.Hour}, false, errStalled, limits.IdleTimeout},
		"drop by drop":     {slowLink{each: time.Second}, false, errStalled, limits.IdleTimeout},
		"a document that does not end": {
			slowLink{each: time.Millisecond / 2}, true, errLengthy, limits.DocumentTimeout,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				l := &limitLink{next: test.next, limits: limits, slots: &slots{size: 1}}
				req := requestTo(t, "https://r.io/")
				if test.document {
					req.MaxBytes = 1
				}
				began := time.Now()
				resp, err := l.roundTrip(t.Context(), req)
				if err == nil {
					_, err = io.Copy(io.Discard, resp.Body)
					resp.Body.Close()
				}
				if !errors.Is(err, test.want) || time.Since(began) != test.after {
					t.Errorf("%v after %s", err, time.Since(began))
				}
				if err := classifyError(t.Context(), "r.io", err); !errors.Is(err, failure.Timeout) {
					t.Error(err)
				}
			})
		})
	}
}

func TestASlotIsFreeOnceTheBodyIsClosed(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := &limitLink{next: slowLink{}, limits: Limits{}.withDefaults(), slots: &slots{size: 1}}
		first, err := l.roundTrip(t.Context(), requestTo(t, "https://r.io/"))
		if err != nil {
			t.Fatal(err)
		}
		bounded, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		if _, err := l.roundTrip(bounded, requestTo(t, "https://r.io/")); err == nil {
			t.Error("a second request to the host was made beside the first")
		}
		if other, err := l.roundTrip(t.Context(), requestTo(t, "https://storage.example/")); err != nil {
			t.Error("another host waits", err)
		} else {
			other.Body.Close()
		}
		first.Body.Close()
		second, err := l.roundTrip(t.Context(), requestTo(t, "https://r.io/"))
		if err != nil {
			t.Fatal(err)
		}
		second.Body.Close()
	})
}
