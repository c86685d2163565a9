package transport

import (
	"cmp"
	"crypto/tls"
	"crypto/x509"
	"net"
	"net/http"
	"net/url"
	"sync"
	"time"
)

// connections has one http.Transport for each kind of connection, so that connections are shared
// where they may be.
type connections struct {
	base       http.RoundTripper
	ca         string // PEM, trusted for every host
	ownDialer  bool   // base dials as http.DefaultTransport does
	mu         sync.Mutex
	transports map[connectionKind]*http.Transport
}

// dialTimeout is that of http.DefaultTransport's dialer.
const dialTimeout = 30 * time.Second

// connectionKind is what two connections to one host may differ in.
type connectionKind struct {
	ca          string // PEM, trusted beside the system's
	insecure    bool   // no verification
	client      *clientIdentity
	dialTimeout time.Duration // 0 is dialTimeout
	guard       guard
}

func newConnections(base http.RoundTripper, limits Limits, ca string) *connections {
	own := base == nil
	if own {
		base = http.DefaultTransport
	}
	if plain, ok := base.(*http.Transport); ok {
		clone := plain.Clone()
		clone.MaxIdleConnsPerHost = limits.RequestsPerHost
		clone.OnProxyConnectResponse = checkProxyAnswer
		if ca != "" {
			clone.TLSClientConfig = connectionKind{}.tlsConfig(clone.TLSClientConfig, ca)
		}
		base = clone
	}
	return &connections{base: base, ca: ca, ownDialer: own, transports: map[connectionKind]*http.Transport{}}
}

// choose returns the transport for a kind of connection.
func (c *connections) choose(kind connectionKind, u *url.URL) http.RoundTripper {
	base, ok := c.base.(*http.Transport)
	if !ok {
		return c.base
	}
	if kind.guard.judges && hasProxy(base, u) {
		kind.guard = guard{} // the connection goes to the proxy, which the user chose
	}
	if kind == (connectionKind{}) {
		return base
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	made, found := c.transports[kind]
	if !found {
		made = base.Clone()
		made.TLSClientConfig = kind.tlsConfig(made.TLSClientConfig, c.ca)
		if kind.guard.judges || kind.dialTimeout > 0 {
			made.DialContext = c.newDialer(kind, base.DialContext)
		}
		c.transports[kind] = made
	}
	return made
}

// tlsConfig returns a configuration with the kind's trust, and that of every host; base, which may
// be nil, is changed.
func (k connectionKind) tlsConfig(base *tls.Config, everywhere string) *tls.Config {
	if base == nil {
		base = &tls.Config{MinVersion: tls.VersionTLS12}
	}
	base.InsecureSkipVerify = k.insecure
	if k.ca != "" || everywhere != "" {
		base.RootCAs = addSystemRoots(k.ca, everywhere)
	}
	if k.client != nil {
		base.Certificates = k.client.certificates
	}
	return base
}

// newDialer returns a dialer that checks addresses: http.DefaultTransport's before it connects, and
// the dialer of a test once it has connected.
func (c *connections) newDialer(kind connectionKind, dial dialFunc) dialFunc {
	if !c.ownDialer {
		return kind.guard.wrapDialer(dial)
	}
	own := &net.Dialer{
		Timeout: cmp.Or(kind.dialTimeout, dialTimeout), KeepAlive: dialTimeout,
		ControlContext: kind.guard.controlDial,
	}
	return own.DialContext
}

func addSystemRoots(certificates ...string) *x509.CertPool {
	pool, err := x509.SystemCertPool()
	if err != nil {
		pool = x509.NewCertPool()
	}
	for _, ca := range certificates {
		pool.AppendCertsFromPEM([]byte(ca))
	}
	return pool
}

// isDirect returns whether a request to u goes through no proxy.
func (c *connections) isDirect(u *url.URL) bool {
	base, ok := c.base.(*http.Transport)
	return ok && !hasProxy(base, u)
}

func hasProxy(t *http.Transport, u *url.URL) bool {
	if t.Proxy == nil {
		return false
	}
	proxy, err := t.Proxy(&http.Request{URL: u})
	return proxy != nil || err != nil
}
