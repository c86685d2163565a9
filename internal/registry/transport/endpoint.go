package transport

import (
	"cmp"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"sync/atomic"
	"time"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/registry/hostsdir"
)

// endpoint is one place that has images, the registry that they name or a mirror of it, and what
// requests have shown about it.
type endpoint struct {
	hostsdir.Capabilities
	host        string
	path        string      // of its API: /v2
	namespace   string      // the registry that it is a mirror of, "" for none
	config      Host        // what is configured for this host, in any way
	header      http.Header // that goes along to this endpoint, and is secret
	dialTimeout time.Duration

	scheme  atomic.Pointer[string]     // nil until it is known
	shownAt atomic.Pointer[netip.Addr] // where the registry showed a certificate for its name
	failed  atomic.Pointer[time.Time]  // when it could not be reached, nil if it could
}

// newEndpoint returns an endpoint of a host, with what the user configured for this host before
// what a hosts.toml says.
func newEndpoint(host string, config Host, from hostsdir.Endpoint) *endpoint {
	e := &endpoint{
		host: host, path: from.Path, Capabilities: from.Capabilities, header: from.Header,
		dialTimeout: from.DialTimeout, config: config,
	}
	e.config.InsecureSkipVerify = config.InsecureSkipVerify || from.SkipVerify != nil && *from.SkipVerify
	e.config.CACertificate = cmp.Or(config.CACertificate, from.CACertificates)
	if config.client == nil && len(from.Client) > 0 {
		e.config.client = &clientIdentity{certificates: from.Client}
	}
	trust := e.config.InsecureSkipVerify || e.config.CACertificate != "" || e.config.client != nil
	switch {
	case config.PlainHTTP, from.Scheme == "http" && !trust:
		e.settleScheme("http")
	case from.Scheme == "http": // with settings for TLS, containerd tries both
	case from.Scheme == "https", !isLoopback(host), trust:
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

// isOrigin returns whether a URL is on the endpoint's own scheme, host and port.
func (e *endpoint) isOrigin(u *url.URL) bool {
	scheme, settled := e.currentScheme()
	return hostPort(u) == hostPort(e.origin()) && (!settled || u.Scheme == scheme)
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

// isSameOrigin compares scheme, host and port (RFC 6454, section 5).
func isSameOrigin(a, b *url.URL) bool {
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
