package registry

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"sync"
)

// transports holds one http.RoundTripper for each way of connecting, so that connections are shared where they may be.
type transports struct {
	base http.RoundTripper
	mu   sync.Mutex
	made map[transportKey]http.RoundTripper
}

// transportKey is what makes two connections to the same host different.
type transportKey struct {
	ca       string // PEM, trusted besides the system's
	insecure bool   // no verification
	guarded  bool   // never to an internal address
}

func newTransports(base http.RoundTripper, limits Limits) *transports {
	if base == nil {
		base = http.DefaultTransport
	}
	if plain, ok := base.(*http.Transport); ok {
		own := plain.Clone()
		own.MaxIdleConnsPerHost = limits.RequestsPerHost
		base = own
	}
	return &transports{base: base, made: map[transportKey]http.RoundTripper{}}
}

// pick chooses how a request on behalf of a registry connects. A host's own configuration comes first. The registry's CA
// goes along to its realm and its storage, which belong to it; skipped verification stays with its own host name.
func (c *Client) pick(registry *endpoint, u *url.URL) http.RoundTripper {
	config, configured := c.hosts[hostKey(u.Host)]
	sibling := strings.EqualFold(u.Hostname(), registry.origin().Hostname())
	var how transportKey
	switch {
	case configured:
		how.ca, how.insecure = config.CACertificate, config.InsecureSkipVerify
	case sibling:
		how.ca, how.insecure = registry.config.CACertificate, registry.config.InsecureSkipVerify
	default:
		how.ca = registry.config.CACertificate
	}
	// Over https a certificate vouches for the name; over plain HTTP the name could lead anywhere.
	how.guarded = u.Scheme == "http" && !configured && !sibling && !isLoopback(registry.host)
	return c.transports.get(how, u)
}

func (t *transports) get(how transportKey, u *url.URL) http.RoundTripper {
	base, ok := t.base.(*http.Transport)
	if !ok {
		return t.base
	}
	if how.guarded && proxied(base, u) {
		how.guarded = false // the connection goes to the proxy, which the user chose
	}
	if how == (transportKey{}) {
		return base
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	made, found := t.made[how]
	if !found {
		made = how.apply(base.Clone())
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
	if how.guarded {
		t.DialContext = guarded(t.DialContext)
	}
	return t
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

type dialer func(ctx context.Context, network, address string) (net.Conn, error)

// guarded judges the address that a name led to, before a byte is sent. Judging the name's addresses beforehand would leave
// time for the name to change its mind.
func guarded(dial dialer) dialer {
	if dial == nil {
		dial = new(net.Dialer).DialContext
	}
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		conn, err := dial(ctx, network, address)
		if err != nil {
			return nil, err
		}
		remote, err := netip.ParseAddrPort(conn.RemoteAddr().String())
		if err == nil && isInternal(remote.Addr()) {
			conn.Close()
			return nil, &Error{Kind: KindRefused, Err: errInternal}
		}
		return conn, nil
	}
}
