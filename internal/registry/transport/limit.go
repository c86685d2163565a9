package transport

import (
	"context"
	"errors"
	"io"
	"net/http"
	"time"
)

// timeoutError is the cause with which the limitLink aborts a request.
type timeoutError string

func (e timeoutError) Error() string { return string(e) }
func (timeoutError) Timeout() bool   { return true }

const (
	errSilent  timeoutError = "the host did not begin to answer"
	errStalled timeoutError = "the host sends next to nothing"
	errLengthy timeoutError = "the answer did not end"
)

// limitLink limits concurrent requests per host and aborts answers that stall. It sits below
// retries, so that a waiting retry occupies no slot.
type limitLink struct {
	next   link
	limits Limits
	slots  *slots
}

func (l *limitLink) roundTrip(ctx context.Context, req Request) (*http.Response, error) {
	taken, err := l.slots.ofHost(req.url.Host).take(ctx)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancelCause(ctx)
	silence := time.AfterFunc(l.limits.HeaderTimeout, func() { cancel(errSilent) })
	resp, err := l.next.roundTrip(ctx, req)
	silence.Stop()
	if err != nil {
		err = timeoutOr(ctx, err)
		cancel(nil)
		taken.release()
		return nil, err
	}
	taken.heedStatus(resp.StatusCode)
	body := &watchedBody{
		inner: resp.Body, ctx: ctx, cancel: cancel, release: taken.release,
		idleTimeout: l.limits.IdleTimeout, minBytesPerSecond: l.limits.MinBytesPerSecond,
	}
	if req.MaxBytes > 0 {
		body.end = time.AfterFunc(l.limits.DocumentTimeout, func() { cancel(errLengthy) })
	}
	resp.Body = body
	return resp, nil
}

// timeoutOr returns the timeout that ended the context, or else err: a cancellation by the caller
// ends it too.
func timeoutOr(ctx context.Context, err error) error {
	if timeout, ok := errors.AsType[timeoutError](context.Cause(ctx)); ok {
		return timeout
	}
	return err
}

// watchedBody aborts a body when the time spent waiting for it brings too little. Time that the
// reader spends elsewhere does not count.
type watchedBody struct {
	inner             io.ReadCloser
	ctx               context.Context
	cancel            context.CancelCauseFunc
	release           func()
	idleTimeout       time.Duration
	minBytesPerSecond int64

	end    *time.Timer // of a document, which has to end; nil for others
	stall  *time.Timer
	waited time.Duration
	got    int64
}

func (b *watchedBody) Read(p []byte) (int, error) {
	began := time.Now()
	b.startTimer()
	n, err := b.inner.Read(p)
	b.stall.Stop()
	b.waited += time.Since(began)
	b.got += int64(n)
	if err != nil && !errors.Is(err, io.EOF) {
		return n, timeoutOr(b.ctx, err)
	}
	if err == nil && b.waited >= b.idleTimeout {
		if float64(b.got) < float64(b.minBytesPerSecond)*b.waited.Seconds() {
			b.cancel(errStalled)
			return n, errStalled
		}
		b.waited, b.got = 0, 0
	}
	return n, err
}

func (b *watchedBody) startTimer() {
	if b.stall == nil {
		b.stall = time.AfterFunc(b.idleTimeout, func() { b.cancel(errStalled) })
		return
	}
	b.stall.Reset(b.idleTimeout)
}

func (b *watchedBody) Close() error {
	err := b.inner.Close()
	if b.end != nil {
		b.end.Stop()
	}
	b.cancel(nil)
	b.release()
	return err
}
