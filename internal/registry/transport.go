package registry

import (
	"crypto/tls"
	"crypto/x509"
	"net"
	"net/http"
	"net/url"
	"sync"
	"time"
)

// transports holds one http.RoundTripper for each way of connecting, so that connections are shared where they may be.
type transports struct {
	base http.RoundTripper
	own  bool // base dials as net/http does by itself
	mu   sync.Mutex
	made map[transportKey]*http.Transport
}

// dialTimeout is that of http.DefaultTransport's dialer.
const dialTimeout = 30 * time.Second

// transportKey is what makes two connections to the same host different.
type transportKey struct {
	ca       string // PEM, trusted besides the system's
	insecure bool   // no verification
	guard    guard
}

func newTransports(base http.RoundTripper, limits Limits) *transports {
	own := base == nil
	if own {
		base = http.DefaultTransport
	}
	if plain, ok := base.(*http.Transport); ok {
		clone := plain.Clone()
		clone.MaxIdleConnsPerHost = limits.RequestsPerHost
		base = clone
	}
	return &transports{base: base, own: own, made: map[transportKey]*http.Transport{}}
}

// pick chooses how a request on behalf of a registry connects. A host's own configuration comes first. The registry's CA
// goes along to its realm and its storage, which belong to it; skipped verification stays with its own host name.
func (c *Client) pick(registry *endpoint, u *url.URL) http.RoundTripper {
	config, configured := c.hosts[hostKey(u.Host)]
	how := transportKey{guard: c.guardFor(registry, u)}
	switch {
	case configured:
		how.ca, how.insecure = config.CACertificate, config.InsecureSkipVerify
	case registry.isSibling(u):
		how.ca, how.insecure = registry.config.CACertificate, registry.config.InsecureSkipVerify
	default:
		how.ca = registry.config.CACertificate
	}
	return c.transports.get(how, u)
}

func (t *transports) get(how transportKey, u *url.URL) http.RoundTripper {
	base, ok := t.base.(*http.Transport)
	if !ok {
		return t.base
	}
	if how.guard.judges && proxied(base, u) {
		how.guard = guard{} // the connection goes to the proxy, which the user chose
	}
	if how == (transportKey{}) {
		return base
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	made, found := t.made[how]
	if !found {
		made = how.apply(base.Clone())
		if how.guard.judges {
			made.DialContext = t.guarded(how.guard, base.DialContext)
		}
		t.made[how] = made
	}
	return made
}

func (how transportKey) apply(t *http.Transport) *http.Transport {
	if t.TLSClientConfig == nil {
		t.TLSClientConfig = &tls.Config{MinVersion: tls.VersionTLS12}
	}
	t.TLSClientConfig.InsecureSkipVerify = how.insecure
	if how.ca != "" {
		t.TLSClientConfig.RootCAs = withSystemRoots(how.ca)
	}
	return t
}

// guarded dials as net/http does by itself, and checks addresses before it connects; or by a dialer of
// tests, and checks what it has connected to.
func (t *transports) guarded(g guard, dial dialFunc) dialFunc {
	if !t.own {
		return g.around(dial)
	}
	own := &net.Dialer{Timeout: dialTimeout, KeepAlive: dialTimeout, ControlContext: g.control}
	return own.DialContext
}

func withSystemRoots(ca string) *x509.CertPool {
	pool, err := x509.SystemCertPool()
	if err != nil {
		pool = x509.NewCertPool()
	}
	pool.AppendCertsFromPEM([]byte(ca))
	return pool
}

func proxied(t *http.Transport, u *url.URL) bool {
	if t.Proxy == nil {
		return false
	}
	proxy, err := t.Proxy(&http.Request{URL: u})
	return proxy != nil || err != nil
}
