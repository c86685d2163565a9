package transport

import (
	"context"
	"errors"
	"math/rand/v2"
	"net"
	"net/http"
	"syscall"
	"time"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/registry/failure"
)

// retryLink repeats requests that failed in passing. It is the one place that does: the links
// around it make another request only as a step of a protocol, and Resumption continues content
// where it broke. All requests are GET, HEAD, or an exchange of a refresh token, so that each may
// be repeated.
//
// A document is read whole within the attempt, so that one that breaks off counts as a failed
// attempt. net/http repeats a request once by itself where a kept connection turns out to be
// closed.
type retryLink struct {
	next  link
	retry Retry
}

func (l *retryLink) roundTrip(ctx context.Context, req Request) (*http.Response, error) {
	for attempt := 0; ; attempt++ {
		resp, err := l.makeAttempt(ctx, req)
		wait, again := l.retry.decide(ctx, req, attempt, resp, err)
		if !again && err == nil {
			return resp, nil
		}
		if !again {
			return nil, classifyError(ctx, req.url.Host, err)
		}
		if resp != nil {
			discardBody(resp)
		}
		if err := sleepFor(ctx, wait); err != nil {
			return nil, classifyError(ctx, req.url.Host, err)
		}
	}
}

func (l *retryLink) makeAttempt(ctx context.Context, req Request) (*http.Response, error) {
	resp, err := l.next.roundTrip(ctx, req)
	if err != nil || req.MaxBytes == 0 || resp.StatusCode != http.StatusOK || req.Method == http.MethodHead {
		return resp, err
	}
	if err := readWhole(ctx, resp, req.MaxBytes); err != nil {
		return nil, err
	}
	return resp, nil
}

// decide returns whether there is another attempt, and after which wait. A wait that would outlast
// the context or RetryAfterMax is not begun: the answer says more than a deadline that passed.
func (r Retry) decide(
	ctx context.Context, req Request, attempt int, resp *http.Response, err error,
) (wait time.Duration, again bool) {
	most := r.Max
	if req.MayBeDropped && err != nil && !isUnconnected(err) {
		most = 1
	}
	switch {
	case ctx.Err() != nil, req.Once, req.spare, attempt >= most:
		return 0, false
	case err != nil:
		return r.backoff(attempt), isPassing(err) && !(req.MayBeDropped && isTimeout(err))
	case !isPassingStatus(resp.StatusCode):
		return 0, false
	}
	asked := retryAfter(resp)
	if deadline, bounded := ctx.Deadline(); asked > r.RetryAfterMax || bounded && time.Until(deadline) < asked {
		return 0, false
	}
	if asked > 0 {
		return asked, true
	}
	return r.backoff(attempt), true
}

// backoff doubles from WaitMin to WaitMax, plus up to a quarter at random, so that many readers do
// not return in step.
func (r Retry) backoff(attempt int) time.Duration {
	wait := r.WaitMax
	if attempt < 16 {
		wait = min(wait, r.WaitMin<<attempt)
	}
	return wait + time.Duration(rand.Int64N(int64(wait)/4+1))
}

// sleepFor waits before another attempt, and returns the cause if the context ends first.
func sleepFor(ctx context.Context, wait time.Duration) error {
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-timer.C:
		return nil
	}
}

func isPassingStatus(status int) bool {
	switch status {
	case http.StatusRequestTimeout, http.StatusTooManyRequests, http.StatusInternalServerError,
		http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return true
	}
	return false
}

// isPassing returns whether another attempt may not meet the same failure of a connection.
func isPassing(err error) bool {
	decided, isDecided := errors.AsType[*failure.Error](err)
	var dns *net.DNSError
	switch {
	case IsBroken(err):
		return true
	case isDecided: // by this package, of what came
		return decided.Kind == failure.Proxy && isPassingStatus(decided.StatusCode)
	case isTLS(err):
		return false
	case errors.As(err, &dns):
		return !dns.IsNotFound
	case errors.Is(err, syscall.EHOSTUNREACH), errors.Is(err, syscall.ENETUNREACH):
		return false
	}
	return true
}
