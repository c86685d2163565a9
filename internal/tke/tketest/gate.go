package tketest

import (
	"net"
	"sync"
	"time"
)

// gate is a listener that can be shut for a while: connections are then refused, as by a service
// that is being restarted.
type gate struct {
	addr     net.Addr
	onOpened func()

	mu     sync.Mutex
	inner  net.Listener  // what is listened on now
	opened chan struct{} // closed while the gate is open
	timer  *time.Timer
	closed bool
}

func newGate(listener net.Listener, onOpened func()) *gate {
	g := &gate{addr: listener.Addr(), onOpened: onOpened, inner: listener, opened: make(chan struct{})}
	close(g.opened)
	return g
}

// shut refuses connections for a while. To shut a gate that is shut changes nothing.
func (g *gate) shut(duration time.Duration) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.closed || g.timer != nil {
		return
	}
	g.opened = make(chan struct{})
	_ = g.inner.Close()
	g.timer = time.AfterFunc(duration, g.open)
}

// open listens on the same port again, and tries until it can.
func (g *gate) open() {
	g.mu.Lock()
	if g.closed || g.timer == nil {
		g.mu.Unlock()
		return
	}
	listener, err := net.Listen(g.addr.Network(), g.addr.String())
	if err != nil {
		g.timer = time.AfterFunc(10*time.Millisecond, g.open)
		g.mu.Unlock()
		return
	}
	g.inner, g.timer = listener, nil
	close(g.opened)
	g.mu.Unlock()
	g.onOpened()
}

// Accept waits while the gate is shut.
func (g *gate) Accept() (net.Conn, error) {
	for {
		g.mu.Lock()
		inner, opened := g.inner, g.opened
		g.mu.Unlock()
		<-opened
		conn, err := inner.Accept()
		g.mu.Lock()
		again := !g.closed && (g.inner != inner || g.timer != nil)
		g.mu.Unlock()
		if err == nil || !again {
			return conn, err
		}
	}
}

// Close closes the listener for good.
func (g *gate) Close() error {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.closed {
		return nil
	}
	g.closed = true
	if g.timer != nil {
		g.timer.Stop()
		close(g.opened)
		return nil
	}
	return g.inner.Close()
}

func (g *gate) Addr() net.Addr { return g.addr }

// Open ends what [RefuseNext] began.
func (s *Server) Open() {
	if s.gate != nil {
		s.gate.open()
	}
}
