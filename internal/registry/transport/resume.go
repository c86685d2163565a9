package transport

import (
	"context"
	"errors"
	"io"
	"net/http"
	"os"
	"sync"
)

// Resumption is the policy by which reading content goes on after its connection broke: a few times
// in a row without any bytes, and a number of times in all. A host that stalls counts as one that
// sends none, or a slow drip could go on for ever.
type Resumption struct {
	retry         Retry
	failuresInRow int
	resumed       int
}

// NewResumption returns the policy for one content, as the retries are configured.
func (r *Repository) NewResumption() *Resumption { return &Resumption{retry: r.retry} }

// Wait waits before another attempt, or returns err if there shall be none. progressed is whether
// bytes came since the last one.
func (r *Resumption) Wait(ctx context.Context, err error, progressed bool) error {
	stalled := errors.Is(err, errStalled)
	if !IsBroken(err) && !stalled {
		return err
	}
	r.resumed++
	if r.failuresInRow++; progressed && !stalled {
		r.failuresInRow = 0
	}
	if r.failuresInRow > r.retry.Max || r.resumed > r.retry.Resumes {
		return err
	}
	if sleepFor(ctx, r.retry.backoff(r.failuresInRow)) != nil {
		return err
	}
	return nil
}

// Content reads so many bytes over as many connections as it takes. It serves one reader. Close may
// be called at any time, more than once, and ends a Read wherever that waits: for bytes, for
// another attempt, or for an answer.
type Content struct {
	open       func(ctx context.Context, offset int64) (*http.Response, error)
	size       int64
	ctx        context.Context // ends with the content
	cancel     context.CancelFunc
	resumption *Resumption

	offset     int64
	progressed bool  // since the last resumption
	ended      error // what every further Read returns

	mu      sync.Mutex     // guards what a Close beside a Read changes
	current *http.Response // only the reader replaces it
	closed  bool
}

// OpenContent returns the content that open returns from an offset on. It ends with io.EOF after
// size bytes.
func (r *Repository) OpenContent(
	ctx context.Context, size int64, open func(ctx context.Context, offset int64) (*http.Response, error),
) (*Content, error) {
	c := &Content{open: open, size: size, resumption: r.NewResumption()}
	c.ctx, c.cancel = context.WithCancel(ctx)
	if err := c.openConnection(); err != nil {
		c.cancel()
		return nil, err
	}
	return c, nil
}

// Host returns the host that the content comes from.
func (c *Content) Host() string { return c.current.Request.URL.Host }

func (c *Content) Read(p []byte) (int, error) {
	if c.ended != nil {
		return 0, c.ended
	}
	n, err := c.readOn(p)
	if err != nil {
		if c.isClosed() {
			err = os.ErrClosed // whatever it is that closing looked like from here
		}
		c.ended = err
		_ = c.Close()
	}
	return n, err
}

func (c *Content) readOn(p []byte) (int, error) {
	rest := c.size - c.offset
	switch {
	case c.isClosed():
		return 0, os.ErrClosed
	case rest == 0:
		return 0, io.EOF
	case len(p) == 0:
		return 0, nil
	}
	p = p[:min(int64(len(p)), rest)]
	for {
		n, err := c.current.Body.Read(p)
		c.offset += int64(n)
		if n > 0 || err == nil {
			c.progressed = c.progressed || n > 0
			return n, nil // an error comes again with the next read
		}
		if err := c.resume(err); err != nil {
			return 0, err
		}
	}
}

func (c *Content) resume(cause error) error {
	if errors.Is(cause, io.EOF) {
		cause = io.ErrUnexpectedEOF // more was announced
	}
	c.current.Body.Close()
	progressed := c.progressed
	c.progressed = false
	if err := c.resumption.Wait(c.ctx, BodyError(c.ctx, c.current, cause), progressed); err != nil {
		return err
	}
	return c.openConnection()
}

// openConnection closes the connection at once if the content was closed meanwhile.
func (c *Content) openConnection() error {
	resp, err := c.open(c.ctx, c.offset)
	if err != nil {
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		resp.Body.Close()
		return os.ErrClosed
	}
	c.current = resp
	return nil
}

// Close ends the content.
func (c *Content) Close() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return nil
	}
	c.closed = true
	c.cancel() // before the body, so that no reader takes what follows for a broken connection
	return c.current.Body.Close()
}

func (c *Content) isClosed() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.closed
}
