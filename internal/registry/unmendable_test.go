package registry

import (
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/registry/failure"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/registry/transport"
)

// countingServer counts what it is asked.
func countingServer(
	t *testing.T, start func(http.Handler) *httptest.Server, answer http.HandlerFunc,
) (host string, requests *atomic.Int64) {
	t.Helper()
	var asked atomic.Int64
	server := start(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked.Add(1)
		answer(w, r)
	}))
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	t.Cleanup(server.Close)
	return strings.TrimPrefix(strings.TrimPrefix(server.URL, "https://"), "http://"), &asked
}

// TestWhatCannotMendIsAnErrorAtOnce: no attempt is repeated, and the error names the host.
func TestWhatCannotMendIsAnErrorAtOnce(t *testing.T) {
	t.Parallel()
	page := func(status int) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "text/html; charset=utf-8")
			w.WriteHeader(status)
			_, _ = io.WriteString(w, "<html><head><title>Sign in</title></head></html>")
		}
	}
	plain := func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusTeapot) }
	for name, test := range map[string]struct {
		start  func(http.Handler) *httptest.Server
		answer http.HandlerFunc
		host   transport.Host
		kind   failure.Kind
		says   string
		most   int64 // requests
	}{
		"TLS to a port of plain HTTP": {
			httptest.NewServer, plain,
			transport.Host{InsecureSkipVerify: true}, // else plain HTTP is tried on loopback
			failure.TLS, "HTTP response to HTTPS client", 0,
		},
		"plain HTTP to a port of TLS": {
			httptest.NewTLSServer, plain, transport.Host{PlainHTTP: true}, failure.TLS, "expects TLS", 0,
		},
		"a certificate that nothing trusts": {
			httptest.NewTLSServer, plain, transport.Host{}, failure.TLS, "certificate", 0,
		},
		"a web page": {
			httptest.NewServer, page(200), transport.Host{PlainHTTP: true}, failure.WebPage, `titled "Sign in"`, 2,
		},
		"a web page that says no": {
			httptest.NewServer, page(403), transport.Host{PlainHTTP: true}, failure.Forbidden, `titled "Sign in"`, 2,
		},
		"a proxy that wants a login": {
			httptest.NewServer, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusProxyAuthRequired) },
			transport.Host{PlainHTTP: true}, failure.Proxy, "407", 2,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			host, asked := countingServer(t, test.start, test.answer)
			config := Config{Transport: transport.Config{
				DockerConfigDir: t.TempDir(), Hosts: map[string]transport.Host{host: test.host},
			}}
			_, err := newClient(t, config).Resolve(t.Context(), host+"/x:1", "")
			e := assertKind(t, err, test.kind)
			if !strings.Contains(e.Error(), test.says) || e.Host != host {
				t.Errorf("%s: %v", e.Host, e)
			}
			if asked.Load() > test.most {
				t.Errorf("%d requests, at most %d", asked.Load(), test.most)
			}
		})
	}
}

// TestAProxysFailureIsTheProxys: the error names it, and the registry behind it.
func TestAProxysFailureIsTheProxys(t *testing.T) {
	t.Parallel()
	stopped := httptest.NewServer(nil)
	stopped.Close()
	for name, test := range map[string]struct {
		status int // 0 for a proxy that is not there
		most   int64
	}{
		"it wants a login":  {http.StatusProxyAuthRequired, 1},
		"it refuses":        {http.StatusForbidden, 1},
		"it fails for long": {http.StatusBadGateway, 4},
		"it is not there":   {0, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			proxy, asked := strings.TrimPrefix(stopped.URL, "http://"), new(atomic.Int64)
			if test.status != 0 {
				answer := func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(test.status) }
				proxy, asked = countingServer(t, httptest.NewServer, answer)
			}
			base := http.DefaultTransport.(*http.Transport).Clone()
			base.Proxy = http.ProxyURL(&url.URL{Scheme: "http", User: url.UserPassword("u", canaryPassword), Host: proxy})
			config := quick(t)
			config.Transport.Base = base
			_, err := newClient(t, config).Resolve(t.Context(), "registry.example.com/x:1", "")
			e := assertKind(t, err, failure.Proxy)
			if e.Proxy != proxy || e.Host != "registry.example.com" || e.StatusCode != test.status ||
				strings.Contains(e.Error(), canaryPassword) {
				t.Errorf("%+v", e)
			}
			if asked.Load() > test.most {
				t.Errorf("%d requests, at most %d", asked.Load(), test.most)
			}
		})
	}
}
