package registry

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os/exec"
	"strings"
	"sync"
	"testing"

	"golang.org/x/net/dns/dnsmessage"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/registry/failure"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/registry/registrytest"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/registry/transport"
)

// destinations are addresses to which names lead, and whether a registry elsewhere may lead there
// over plain HTTP and over https. In the namespace all of them are this machine's.
var destinations = []struct {
	addr         string
	plain, https bool
}{
	{"10.99.0.2", true, true},
	{"192.168.99.2", true, true},
	{"fd99::2", true, true},
	{"2002:a63:2::1", true, true},      // 6to4 of 10.99.0.2
	{"64:ff9b::10.99.0.2", true, true}, // NAT64 of it
	{"169.254.0.47", false, true},
	{"169.254.169.254", false, false},
	{"169.254.0.23", false, false},
	{"100.100.100.200", false, false},
	{"127.0.0.1", false, false},
	{"127.99.0.1", false, false},
	{"::1", false, false},
	{"fec0::1", false, false},
	{"fd00:ec2::254", false, false},
	{"64:ff9b::169.254.169.254", false, false},
	{"64:ff9b:1::127.0.0.1", false, false},
	{"2002:7f00:1::1", false, false},
	{"2001:0:a9fe:a9fe::1", false, false},
	{"2001:db8::5efe:127.0.0.1", false, false},
}

// TestWhereConnectionsReallyLead runs itself in a network of its own, where the addresses of
// metadata services and tunnels are this machine's, and connects with the dialer that is shipped.
func TestWhereConnectionsReallyLead(t *testing.T) {
	t.Parallel()
	registrytest.RunInOwnNetwork(t, "TestInANetworkOfItsOwn")
}

// TestInANetworkOfItsOwn is the part that runs there.
//
//nolint:paralleltest // it changes how the whole process finds addresses
func TestInANetworkOfItsOwn(t *testing.T) {
	if !registrytest.IsInOwnNetwork() {
		t.Skip("TestWhereConnectionsReallyLead runs it in a namespace")
	}
	addresses := []string{"10.99.0.1"}
	for _, d := range destinations {
		addresses = append(addresses, d.addr)
	}
	bringUp(t, addresses)
	net.DefaultResolver = resolverOf(t)

	content := randomBytes(1000)
	plain, secure := newStand(t), newTLSStand(t)
	storage := map[*stand]*stand{
		plain: newStorage(t, newStand(t), content), secure: newStorage(t, newTLSStand(t), content),
	}
	for s, port := range map[*stand]int{plain: 8080, secure: 8443} {
		s.image("x", "1", "linux/amd64", content)
		reached := forward(t, port, s, storage[s])
		scheme := map[*stand]string{plain: "http", secure: "https"}[s]
		config := quick(t)
		config.Transport.Base = nil // the dialer that is shipped
		host := fmt.Sprintf("registry.example.com:%d", port)
		config.Transport.Hosts = map[string]transport.Host{host: {PlainHTTP: s == plain, CACertificate: secure.ca()}}
		c := newClient(t, config)
		image := mustResolve(t, c, host+"/x:1", "")
		for i, d := range destinations {
			s.intercept = nil
			s.redirecting(image.Layers[0], fmt.Sprintf("%s://n%d.example.com:%d/x", scheme, i, port))
			_, err := c.Blob(t.Context(), image, image.Layers[0]).ReadAt(make([]byte, 1), 0)
			allowed := map[string]bool{"http": d.plain, "https": d.https}[scheme]
			if allowed && err != nil {
				t.Errorf("%s to %s: %v", scheme, d.addr, err)
			}
			if !allowed {
				assertKind(t, err, failure.Refused)
			}
			if got := reached(d.addr); (got > 0) != allowed {
				t.Errorf("%s to %s: %d connections were made", scheme, d.addr, got)
			}
		}
	}
}

func bringUp(t *testing.T, addresses []string) {
	t.Helper()
	ip := func(arguments ...string) {
		if out, err := exec.CommandContext(t.Context(), "ip", arguments...).CombinedOutput(); err != nil {
			t.Fatalf("ip %s: %v: %s", strings.Join(arguments, " "), err, out)
		}
	}
	ip("link", "set", "lo", "up")
	for _, address := range addresses {
		switch addr := netip.MustParseAddr(address); {
		case addr == netip.IPv6Loopback(), addr == netip.MustParseAddr("127.0.0.1"): // it is there
		case addr.Is4():
			ip("addr", "add", address+"/32", "dev", "lo")
		default:
			ip("-6", "addr", "add", address+"/128", "dev", "lo", "nodad")
		}
	}
}

// forward listens on all addresses and leads connections to the registry's address to its stand,
// and others to the storage. It returns how many connections came to an address.
func forward(t *testing.T, port int, registry, storage *stand) (reached func(addr string) int) {
	t.Helper()
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", fmt.Sprintf("[::]:%d", port))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	var mu sync.Mutex
	connections := map[netip.Addr]int{}
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			local, to := netip.MustParseAddrPort(conn.LocalAddr().String()).Addr().Unmap(), storage
			mu.Lock()
			connections[local]++
			mu.Unlock()
			if local == netip.MustParseAddr("10.99.0.1") {
				to = registry
			}
			inner, err := new(net.Dialer).DialContext(t.Context(), "tcp", to.host())
			if err != nil {
				conn.Close()
				continue
			}
			go func() { _, _ = io.Copy(inner, conn); inner.Close() }()
			go func() { _, _ = io.Copy(conn, inner); conn.Close() }()
		}
	}()
	return func(addr string) int {
		mu.Lock()
		defer mu.Unlock()
		return connections[netip.MustParseAddr(addr)]
	}
}

// resolverOf answers for registry.example.com, and for n and a number the destination of this
// number.
func resolverOf(t *testing.T) *net.Resolver {
	t.Helper()
	socket, err := (&net.ListenConfig{}).ListenPacket(t.Context(), "udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { socket.Close() })
	go func() {
		buffer := make([]byte, 1500)
		for {
			n, from, err := socket.ReadFrom(buffer)
			if err != nil {
				return
			}
			var m dnsmessage.Message
			if m.Unpack(buffer[:n]) != nil || len(m.Questions) != 1 {
				continue
			}
			m.Response, m.Authoritative, m.Additionals = true, true, nil
			m.Answers = answersTo(m.Questions[0])
			if packed, err := m.Pack(); err == nil {
				_, _ = socket.WriteTo(packed, from)
			}
		}
	}()
	return &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "udp", socket.LocalAddr().String())
	}}
}

func answersTo(q dnsmessage.Question) []dnsmessage.Resource {
	addr := netip.MustParseAddr("10.99.0.1")
	var i int
	if _, err := fmt.Sscanf(q.Name.String(), "n%d.example.com.", &i); err == nil && i < len(destinations) {
		addr = netip.MustParseAddr(destinations[i].addr)
	}
	header := dnsmessage.ResourceHeader{Name: q.Name, Type: q.Type, Class: q.Class, TTL: 1}
	switch {
	case addr.Is4() && q.Type == dnsmessage.TypeA:
		return []dnsmessage.Resource{{Header: header, Body: &dnsmessage.AResource{A: addr.As4()}}}
	case addr.Is6() && q.Type == dnsmessage.TypeAAAA:
		return []dnsmessage.Resource{{Header: header, Body: &dnsmessage.AAAAResource{AAAA: addr.As16()}}}
	}
	return nil
}
