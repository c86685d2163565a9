package registry

import (
	"context"
	"errors"
	"io"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/semaphore"
)

// impatience is the cause with which a request is given up.
type impatience string

func (i impatience) Error() string { return string(i) }
func (impatience) Timeout() bool   { return true }

const (
	errSilent  impatience = "the host did not begin to answer"
	errStalled impatience = "the host sends next to nothing"
	errLengthy impatience = "the answer did not end"
)

// polite makes one attempt at a request: it waits for its turn at the host, and has no patience with silence. Its place is
// beneath the retries, so that nobody holds a turn while waiting to try again.
type polite struct {
	client   *Client
	registry *endpoint
}

func (p *polite) RoundTrip(req *http.Request) (*http.Response, error) {
	release, err := p.client.slots.take(req.Context(), req.URL.Host)
	if err != nil {
		return nil, err
	}
	limits := p.client.limits
	ctx, cancel := context.WithCancelCause(req.Context())
	silence := time.AfterFunc(limits.HeaderTimeout, func() { cancel(errSilent) })
	began := time.Now()
	counted := counterOf(ctx)
	counted.requests.Add(1)
	if p.client.showsWhere(p.registry, req.URL) {
		ctx = p.registry.tracing(ctx)
	}
	resp, err := p.client.pick(p.registry, req.URL).RoundTrip(req.WithContext(ctx))
	silence.Stop()
	p.logRequest(req, resp, time.Since(began))
	if err != nil {
		err = givenUp(ctx, err)
		cancel(nil)
		release()
		return nil, err
	}
	if _, err := req.URL.Parse(resp.Header.Get("Location")); err != nil {
		// net/http would make an error of it with the whole Location, and its signature, in the text.
		resp.Header.Del("Location")
	}
	resp.Body = &watchedBody{
		inner: resp.Body, ctx: ctx, cancel: cancel, release: release, counted: counted,
		patience: limits.IdleTimeout, rate: limits.MinBytesPerSecond,
	}
	return resp, nil
}

// logRequest tells neither query nor headers, and of foreign hosts no path either: presigned URLs have their secrets there.
func (p *polite) logRequest(req *http.Request, resp *http.Response, took time.Duration) {
	fields := map[string]any{"method": req.Method, "host": req.URL.Host, "milliseconds": took.Milliseconds()}
	if req.URL.Host == p.registry.host {
		fields["path"] = req.URL.Path
	}
	if resp != nil {
		fields["status"] = resp.StatusCode
	}
	if asked := req.Header.Get("Range"); asked != "" {
		fields["range"] = describeRange(asked)
	}
	p.client.log(req.Context(), "registry request", fields)
}

// givenUp tells our own impatience from the caller's cancellation: both cancel the request's context.
func givenUp(ctx context.Context, err error) error {
	if own, impatient := errors.AsType[impatience](context.Cause(ctx)); impatient {
		return own
	}
	return err
}

// slots bounds the requests in flight per host. A turn lasts until the answer's body is closed.
type slots struct {
	size  int64
	mu    sync.Mutex
	hosts map[string]*semaphore.Weighted
}

func (s *slots) take(ctx context.Context, host string) (release func(), err error) {
	turn := s.of(host)
	if err := turn.Acquire(ctx, 1); err != nil {
		return nil, err
	}
	return sync.OnceFunc(func() { turn.Release(1) }), nil
}

func (s *slots) of(host string) *semaphore.Weighted {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.hosts == nil {
		s.hosts = map[string]*semaphore.Weighted{}
	}
	if s.hosts[host] == nil {
		s.hosts[host] = semaphore.NewWeighted(s.size)
	}
	return s.hosts[host]
}

// watchedBody gives a body up when the time spent waiting for it brings too little. Time that the reader spends elsewhere
// does not count.
type watchedBody struct {
	inner    io.ReadCloser
	ctx      context.Context
	cancel   context.CancelCauseFunc
	release  func()
	counted  *counter
	patience time.Duration
	rate     int64

	stall  *time.Timer
	waited time.Duration
	got    int64
}

func (b *watchedBody) watch() {
	if b.stall == nil {
		b.stall = time.AfterFunc(b.patience, func() { b.cancel(errStalled) })
		return
	}
	b.stall.Reset(b.patience)
}

func (b *watchedBody) Read(p []byte) (int, error) {
	began := time.Now()
	b.watch()
	n, err := b.inner.Read(p)
	b.stall.Stop()
	b.counted.bytes.Add(int64(n))
	b.waited += time.Since(began)
	b.got += int64(n)
	if err != nil && !errors.Is(err, io.EOF) {
		return n, givenUp(b.ctx, err)
	}
	if err == nil && b.waited >= b.patience {
		if float64(b.got) < float64(b.rate)*b.waited.Seconds() {
			b.cancel(errStalled)
			return n, errStalled
		}
		b.waited, b.got = 0, 0
	}
	return n, err
}

func (b *watchedBody) Close() error {
	err := b.inner.Close()
	b.cancel(nil)
	b.release()
	return err
}

// counter counts what one blob cost, retries and redirects and tokens included.
type counter struct{ bytes, requests atomic.Int64 }

type counterKey struct{}

func withCounter(ctx context.Context, c *counter) context.Context {
	return context.WithValue(ctx, counterKey{}, c)
}

func counterOf(ctx context.Context) *counter {
	if c, ok := ctx.Value(counterKey{}).(*counter); ok {
		return c
	}
	return new(counter)
}
