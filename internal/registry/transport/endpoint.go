package transport

import (
	"net"
	"net/netip"
	"net/url"
	"strings"
	"sync/atomic"
)

// endpoint is one registry, and what requests have shown about it.
type endpoint struct {
	host    string
	config  Host
	scheme  atomic.Pointer[string]     // nil until it is known
	shownAt atomic.Pointer[netip.Addr] // where the registry showed a certificate for its name
}

func newEndpoint(host string, config Host) *endpoint {
	e := &endpoint{host: host, config: config}
	switch {
	case config.PlainHTTP:
		e.settleScheme("http")
	case !isLoopback(host) || config.InsecureSkipVerify || config.CACertificate != "":
		e.settleScheme("https")
	}
	return e
}

func (e *endpoint) settleScheme(scheme string) { e.scheme.Store(&scheme) }

// currentScheme returns the scheme in use. For a loopback host of which nothing is known it is
// plain HTTP, as containerd and go-containerregistry assume for development registries.
func (e *endpoint) currentScheme() (scheme string, settled bool) {
	if s := e.scheme.Load(); s != nil {
		return *s, true
	}
	return "http", false
}

// origin returns the scheme, host and port that credentials are for.
func (e *endpoint) origin() *url.URL {
	scheme, _ := e.currentScheme()
	return &url.URL{Scheme: scheme, Host: e.host}
}

// isSibling returns whether a URL is on the registry's own host, on any port.
func (e *endpoint) isSibling(u *url.URL) bool {
	return strings.EqualFold(u.Hostname(), (&url.URL{Host: e.host}).Hostname())
}

// address returns where a registry is that is named by an address, or localhost, or that has shown
// a certificate for its name. Over plain HTTP a name proves nothing.
//
// It is the zero Addr where the registry is at no special place, so that connections are shared.
func (e *endpoint) address() netip.Addr {
	if isLoopback(e.host) {
		return netip.AddrFrom4([4]byte{127, 0, 0, 1})
	}
	addr, err := netip.ParseAddr((&url.URL{Host: e.host}).Hostname())
	if shown := e.shownAt.Load(); err != nil && shown != nil {
		addr = *shown
	}
	if placeOf(addr) == placeOpen {
		return netip.Addr{}
	}
	return addr.Unmap()
}

// sameOrigin compares scheme, host and port (RFC 6454, section 5).
func sameOrigin(a, b *url.URL) bool {
	return a.Scheme == b.Scheme && hostPort(a) == hostPort(b)
}

func hostPort(u *url.URL) string {
	port := u.Port()
	if port == "" {
		port = map[string]string{"http": "80", "https": "443"}[u.Scheme]
	}
	return net.JoinHostPort(strings.ToLower(u.Hostname()), port)
}

// isLoopback returns whether a host is this machine by its name (RFC 6761, section 6.3) or address.
func isLoopback(host string) bool {
	hostname := strings.ToLower((&url.URL{Host: host}).Hostname())
	hostname = strings.TrimSuffix(hostname, ".")
	if hostname == "localhost" || strings.HasSuffix(hostname, ".localhost") {
		return true
	}
	addr, err := netip.ParseAddr(hostname)
	return err == nil && addr.Unmap().IsLoopback()
}
