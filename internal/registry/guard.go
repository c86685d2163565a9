package registry

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/netip"
	"net/url"
	"strings"
	"syscall"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/registry/failure"
)

// guard is which addresses a connection may reach to which a registry led. The zero guard lets all pass:
// for hosts that the user named.
type guard struct {
	judges bool
	plain  bool       // over plain HTTP, or to an address in place of a name: no certificate vouches for a name
	home   netip.Addr // where the registry itself is, if that is known
}

// check refuses an address that a registry has no reason to lead to.
func (g guard) check(addr netip.Addr) error {
	addr = addr.Unmap()
	found := placeOf(addr)
	switch {
	case !g.judges, found == placeOpen:
		return nil
	case found == placeLinkLocal && !g.plain: // storage inside a cloud, with a certificate for its name
		return nil
	case g.home.IsValid() && (g.home == addr || found == placeLoopback && placeOf(g.home) == placeLoopback):
		return nil
	}
	return &failure.Error{Kind: failure.Refused, Err: errInternal}
}

// control checks the address that a name led to, before anything is sent there. It is for net.Dialer.
func (g guard) control(_ context.Context, _, address string, _ syscall.RawConn) error {
	return g.checkText(address)
}

func (g guard) checkText(address string) error {
	addr, err := netip.ParseAddrPort(address)
	if err != nil {
		return &failure.Error{Kind: failure.Refused, Err: fmt.Errorf("the connection leads to no address: %w", errNotAHost)}
	}
	return g.check(addr.Addr())
}

type dialFunc func(ctx context.Context, network, address string) (net.Conn, error)

// around guards a dialer that is not ours, once it has connected.
func (g guard) around(dial dialFunc) dialFunc {
	if dial == nil {
		dial = new(net.Dialer).DialContext
	}
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		conn, err := dial(ctx, network, address)
		if err != nil {
			return nil, err
		}
		if err := g.checkText(conn.RemoteAddr().String()); err != nil {
			conn.Close()
			return nil, err
		}
		return conn, nil
	}
}

// guardFor is the guard of a registry's requests to u.
func (c *Client) guardFor(registry *endpoint, u *url.URL) guard {
	if _, configured := c.hosts[hostKey(u.Host)]; configured || registry.isSibling(u) {
		return guard{}
	}
	return guard{judges: true, plain: u.Scheme == "http", home: registry.whereItIs()}
}

// isSibling is true for the registry's own host, on any port.
func (e *endpoint) isSibling(u *url.URL) bool {
	return strings.EqualFold(u.Hostname(), (&url.URL{Host: e.host}).Hostname())
}

// whereItIs is the address of a registry that is named by one, of localhost, or the one at which the
// registry showed a certificate for its name. Over plain HTTP a name proves nothing.
//
// It is the zero Addr where the registry is at no special place, so that connections are shared.
func (e *endpoint) whereItIs() netip.Addr {
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

// tracing remembers where the registry shows its certificate, from requests to its own host that go
// through no proxy.
func (e *endpoint) tracing(ctx context.Context) context.Context {
	return httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{GotConn: func(info httptrace.GotConnInfo) {
		if remote, err := netip.ParseAddrPort(info.Conn.RemoteAddr().String()); err == nil {
			addr := remote.Addr().Unmap()
			e.shownAt.Store(&addr)
		}
	}})
}

// showsWhere is true for a request whose connection leads to the registry itself, with a certificate.
func (c *Client) showsWhere(registry *endpoint, u *url.URL) bool {
	base, ok := c.transports.base.(*http.Transport)
	return ok && u.Scheme == "https" && u.Host == registry.host && !registry.config.InsecureSkipVerify && !proxied(base, u)
}
