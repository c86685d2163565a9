package transport

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"syscall"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/registry/failure"
)

// guard judges the addresses of a host to which a registry led. The zero guard allows all: the user
// named the host.
type guard struct {
	judges bool
	plain  bool       // over plain HTTP, or to an address in place of a name: no certificate vouches for a name
	home   netip.Addr // where the registry itself is, if that is known
}

// checkAddress refuses an address that a registry has no reason to lead to.
func (g guard) checkAddress(addr netip.Addr) error {
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

// controlDial checks the address that a name led to, before anything is sent there. It is for
// net.Dialer.
func (g guard) controlDial(_ context.Context, _, address string, _ syscall.RawConn) error {
	return g.checkText(address)
}

func (g guard) checkText(address string) error {
	addr, err := netip.ParseAddrPort(address)
	if err != nil {
		return &failure.Error{
			Kind: failure.Refused, Err: fmt.Errorf("the connection leads to no address: %w", errNotAHost),
		}
	}
	return g.checkAddress(addr.Addr())
}

type dialFunc func(ctx context.Context, network, address string) (net.Conn, error)

// wrapDialer checks the addresses of another dialer, once it has connected.
func (g guard) wrapDialer(dial dialFunc) dialFunc {
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
