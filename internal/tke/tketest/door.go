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
	opened chan struct{} // closed while the door is open
	timer  *time.Timer
	closed bool
}

func newGate(listener net.Listener, onOpened func()) *gate {
	d := &gate{addr: listener.Addr(), onOpened: onOpened, inner: listener, opened: make(chan struct{})}
	close(d.opened)
	return d
}

// shut refuses connections for a while. A door that is shut already stays so for as long as was
// said first.
func (d *gate) shut(duration time.Duration) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.closed || d.timer != nil {
		return
	}
	d.opened = make(chan struct{})
	_ = d.inner.Close()
	d.timer = time.AfterFunc(duration, d.open)
}

// open listens on the same port again, and tries until it can.
func (d *gate) open() {
	d.mu.Lock()
	if d.closed || d.timer == nil {
		d.mu.Unlock()
		return
	}
	listener, err := net.Listen(d.addr.Network(), d.addr.String())
	if err != nil {
		d.timer = time.AfterFunc(10*time.Millisecond, d.open)
		d.mu.Unlock()
		return
	}
	d.inner, d.timer = listener, nil
	close(d.opened)
	d.mu.Unlock()
	d.onOpened()
}

// Accept waits while the door is shut.
func (d *gate) Accept() (net.Conn, error) {
	for {
		d.mu.Lock()
		inner, opened := d.inner, d.opened
		d.mu.Unlock()
		<-opened
		conn, err := inner.Accept()
		d.mu.Lock()
		again := !d.closed && (d.inner != inner || d.timer != nil)
		d.mu.Unlock()
		if err == nil || !again {
			return conn, err
		}
	}
}

// Close is for good.
func (d *gate) Close() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.closed {
		return nil
	}
	d.closed = true
	if d.timer != nil {
		d.timer.Stop()
		close(d.opened)
		return nil
	}
	return d.inner.Close()
}

func (d *gate) Addr() net.Addr { return d.addr }

// Open ends what [RefuseNext] began.
func (s *Server) Open() {
	if s.gate != nil {
		s.gate.open()
	}
}
