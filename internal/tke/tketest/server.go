package tketest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"sync"
	"time"
)

// defaultSnapshotter is the one that was seen.
const defaultSnapshotter = "overlay"

// maxBody is the largest request.
const maxBody = 10 << 20

// Server is the service. It is an [http.Handler], and safe for concurrent use.
type Server struct {
	// URL of the listener, with scheme and without a slash at the end; empty for a server that does
	// not listen.
	URL string

	opts    Options
	puller  *puller
	times   timeFormatter
	limiter *limiter
	log     requestLog
	faults  faultList

	ctx     context.Context // ends when the server closes
	cancel  context.CancelFunc
	http    *http.Server
	gate    *gate
	running sync.WaitGroup // requests, builds, and the listener

	mu         sync.Mutex
	closed     bool
	seq        int
	caches     map[string]*record
	staleLists map[string]*staleList
	denied     map[string]bool
}

// NewUnstarted makes a server that does not listen. It is reached as a handler, or through
// [Server.Transport].
func NewUnstarted(opts Options) *Server {
	s := &Server{
		opts:       opts.withDefaults(),
		caches:     map[string]*record{},
		staleLists: map[string]*staleList{},
		denied:     map[string]bool{},
	}
	s.ctx, s.cancel = context.WithCancel(context.Background())
	s.limiter = &limiter{perSecond: s.opts.RequestsPerSecond, taken: map[string][]time.Time{}}
	s.times = timeFormatter{s.opts.TimeForms, s.opts.Unconfirmed.PlainTimesIn, s.opts.Clock()}
	if s.opts.Builder == nil {
		s.puller = newPuller(s.opts)
		s.opts.Builder = s.puller.pullImages
	}
	return s
}

// New makes a server that listens on a free port of the loopback interface. It panics if it cannot.
func New(opts Options) *Server {
	s := NewUnstarted(opts)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(fmt.Sprintf("tketest: cannot listen: %v", err))
	}
	s.gate = newGate(listener, func() { s.http.SetKeepAlivesEnabled(true) })
	s.URL = "http://" + listener.Addr().String()
	s.http = &http.Server{
		Handler:           s,
		ErrorLog:          log.New(io.Discard, "", 0),
		ReadHeaderTimeout: time.Minute,
	}
	s.running.Go(func() {
		if err := s.http.Serve(s.gate); !errors.Is(err, http.ErrServerClosed) {
			panic(fmt.Sprintf("tketest: %v", err))
		}
	})
	return s
}

// TB is what [Start] needs of a test.
type TB interface {
	Helper()
	Cleanup(cleanup func())
}

// Start makes a server that listens until the test ends.
func Start(tb TB, opts Options) *Server {
	tb.Helper()
	s := New(opts)
	tb.Cleanup(s.Close)
	return s
}

// Close breaks off builds and connections, and returns when nothing of the server runs any more.
func (s *Server) Close() {
	s.mu.Lock()
	s.closed = true
	s.mu.Unlock()
	s.cancel()
	if s.http != nil {
		_ = s.http.Close()
	}
	s.running.Wait()
	if s.puller != nil {
		s.puller.close()
	}
}

// ServeHTTP answers one request.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if !s.beginRequest() {
		http.Error(w, "closed", http.StatusServiceUnavailable)
		return
	}
	defer s.running.Done()
	c := newCall(r, s.opts.SignatureClock())
	entry := s.log.addEntry(c, s.opts.Clock())
	plan := s.faults.planCall(s.log.copyEntry(entry))
	answer := s.performCall(c, plan)
	answer.date = s.opts.SignatureClock()
	s.log.completeEntry(entry, answer, plan.applied)
	waitFor(s.ctx, answer.hold)
	if answer.refuse > 0 && s.gate != nil {
		s.http.SetKeepAlivesEnabled(false) // or the client would ask over a connection that it has
		s.gate.shut(answer.refuse)
	}
	answer.writeTo(w)
}

// beginRequest counts a request as running, so that Close can wait for it.
func (s *Server) beginRequest() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return false
	}
	s.running.Add(1)
	return true
}

// performCall does what the request asks for, and whatever else was planned for it. A client that
// hangs up meanwhile does not stop it: nor does the service stop.
func (s *Server) performCall(c *call, p callPlan) reply {
	if !waitFor(s.ctx, p.delay) {
		return reply{reset: true}
	}
	if p.instead != nil {
		return p.instead(c)
	}
	c.lag, c.reversed = p.lag, p.reversed
	response, apiErr := s.handleCall(c)
	answer := c.newReply(response, apiErr)
	if list, ok := response.(describeResponse); ok && apiErr == nil {
		answer.list = &list
	}
	answer.acted = apiErr == nil
	for _, after := range p.after {
		acted := answer.acted
		answer = after(c, answer)
		answer.acted = acted
	}
	return answer
}
