package credentials_test

import (
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/credentials"
)

type wire func(*http.Request) (*http.Response, error)

func (w wire) RoundTrip(r *http.Request) (*http.Response, error) { return w(r) }

func TestTheMetadataServiceCannotPutARunOff(t *testing.T) {
	t.Parallel()
	resolved := resolve(t, credentials.Settings{CAMRoleName: "machine"}, nil, nil)
	synctest.Test(t, func(t *testing.T) {
		tries := 0
		made, err := resolved.Credentials(
			credentials.Services{MetadataTransport: wire(func(r *http.Request) (*http.Response, error) {
				tries++
				return &http.Response{
					StatusCode: http.StatusServiceUnavailable,
					Header:     http.Header{"Retry-After": {"3600"}},
					Body:       io.NopCloser(strings.NewReader("busy")),
					Request:    r,
				}, nil
			})},
		)
		if err != nil {
			t.Fatal(err)
		}
		begun := time.Now()
		if _, err := made.Retrieve(t.Context()); err == nil {
			t.Error("no session was returned")
		}
		if took := time.Since(begun); tries != 3 || took > 5*time.Minute {
			t.Errorf("%d tries in %s", tries, took)
		}
	})
}
