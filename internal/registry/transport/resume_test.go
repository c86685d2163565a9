package transport

import (
	"context"
	"errors"
	"io"
	"net/http"
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/registry/failure"
)

// contentOf opens a content of which each connection serves so many bytes, and then breaks.
func contentOf(ctx context.Context, t *testing.T, text string, perConnection ...int) (*Content, *int, error) {
	connections := 0
	r := &Repository{retry: Retry{}.withDefaults()}
	content, err := r.OpenContent(ctx, int64(len(text)), func(_ context.Context, offset int64) (*http.Response, error) {
		serves := perConnection[min(connections, len(perConnection)-1)]
		connections++
		if serves < 0 {
			return nil, &failure.Error{Kind: failure.NotFound}
		}
		rest := text[offset:]
		resp, err := breakingOff(http.StatusOK, rest[:min(serves, len(rest))])(Request{})
		resp.Request = &http.Request{URL: parseURL(t, "https://r.io/")}
		return resp, err
	})
	return content, &connections, err
}

func TestContentIsResumedWhereItBroke(t *testing.T) {
	t.Parallel()
	text := strings.Repeat("0123456789", 10)
	for name, test := range map[string]struct {
		perConnection []int
		read          int
		connections   int
		kind          failure.Kind
	}{
		"in one":                         {[]int{100}, 100, 1, ""},
		"in three":                       {[]int{50, 30}, 100, 3, ""},
		"with some that bring nothing":   {[]int{50, 0, 0, 0, 50}, 100, 5, ""},
		"with too many of those":         {[]int{50, 0}, 50, 5, failure.Unreachable},
		"too often, though it advances":  {[]int{1}, 11, 11, failure.Unreachable},
		"until it is not there any more": {[]int{50, -1}, 50, 2, failure.NotFound},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				content, connections, err := contentOf(t.Context(), t, text, test.perConnection...)
				if err != nil {
					t.Fatal(err)
				}
				data, err := io.ReadAll(content)
				if string(data) != text[:test.read] || *connections != test.connections {
					t.Errorf("%d bytes over %d connections", len(data), *connections)
				}
				if test.kind == "" && err != nil || test.kind != "" && !errors.Is(err, test.kind) {
					t.Error(err)
				}
				if _, again := content.Read(make([]byte, 1)); err != nil && !errors.Is(again, err) {
					t.Errorf("another read returns %v", again)
				}
			})
		})
	}
}

func TestClosingEndsAReadThatWaitsForAnotherAttempt(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		content, _, err := contentOf(t.Context(), t, "0123456789", 5, 0)
		if err != nil {
			t.Fatal(err)
		}
		time.AfterFunc(time.Millisecond, func() { _ = content.Close() })
		began := time.Now()
		if _, err := io.ReadAll(content); !errors.Is(err, os.ErrClosed) || time.Since(began) != time.Millisecond {
			t.Errorf("%v after %s", err, time.Since(began))
		}
		if err := content.Close(); err != nil {
			t.Error("closed again:", err)
		}
	})
}

func TestAStallIsNoProgress(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := (&Repository{retry: Retry{}.withDefaults()}).NewResumption()
		stalled := &failure.Error{Kind: failure.Timeout, Err: errStalled}
		resumed := 0
		for r.Wait(t.Context(), stalled, true) == nil {
			resumed++
		}
		if resumed != 3 {
			t.Errorf("resumed %d times", resumed)
		}
	})
}
