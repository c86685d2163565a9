package cloudapi_test

import (
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/cloudapi"
)

type wire func(*http.Request) (*http.Response, error)

func (w wire) RoundTrip(r *http.Request) (*http.Response, error) { return w(r) }

// TestRetryAfterIsHeededForAMinute: a read has no deadline of its own, so that an hour in a header
// would be an hour of a refresh, and a number that no duration holds would be any time.
func TestRetryAfterIsHeededForAMinute(t *testing.T) {
	t.Parallel()
	for header, bounds := range map[string][2]time.Duration{
		"":                                    {time.Second, 1500 * time.Millisecond},
		"20":                                  {20 * time.Second, 30 * time.Second},
		"3600":                                {time.Minute, 90 * time.Second},
		"9300000000":                          {time.Minute, 90 * time.Second}, // negative, in nanoseconds
		"9223372036854775807":                 {time.Minute, 90 * time.Second},
		"Fri, 31 Dec 2999 23:59:59 GMT":       {time.Minute, 90 * time.Second},
		"Fri, 31 Dec 1999 23:59:59 GMT":       {0, time.Second},
		"whenever you like, but not just now": {time.Second, 1500 * time.Millisecond},
	} {
		synctest.Test(t, func(t *testing.T) {
			tries := 0
			client, err := cloudapi.New(cloudapi.Config{
				Service: "echo", Version: "2020-01-01", Region: "ap-guangzhou", RetryWait: time.Second,
				Transport: wire(func(r *http.Request) (*http.Response, error) {
					tries++
					answer := &http.Response{
						StatusCode: http.StatusServiceUnavailable,
						Header:     http.Header{"Retry-After": {header}},
						Request:    r,
					}
					text := "busy"
					if tries > 1 {
						answer.StatusCode, text = http.StatusOK, `{"Response":{"Said":"hello","RequestId":"r"}}`
					}
					answer.Body = io.NopCloser(strings.NewReader(text))
					return answer, nil
				}),
			})
			if err != nil {
				t.Fatal(err)
			}
			begun := time.Now()
			got, err := call(t.Context(), client, cloudapi.Action{Name: "Unsigned", Unsigned: true, Repeatable: true})
			took := time.Since(begun)
			if err != nil || got.Said != "hello" || tries != 2 || took < bounds[0] || took > bounds[1] {
				t.Errorf("%q: %d tries in %s, want from %s to %s: %v", header, tries, took, bounds[0], bounds[1], err)
			}
		})
	}
}
