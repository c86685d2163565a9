package registry

import (
	"context"
	"errors"
	"math/rand/v2"
	"net"
	"net/http"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/hashicorp/go-retryablehttp"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/registry/failure"
)

// retrying puts the attempts around a session's requests. All of them are GET, HEAD, or an exchange of a refresh token, so
// each may be made again. The layer beneath retries nothing; net/http itself repeats a request once when a kept connection
// turns out to be closed.
func (c *Client) retrying(registry *endpoint) http.RoundTripper {
	client := retryablehttp.NewClient()
	client.Logger = nil
	client.HTTPClient = &http.Client{
		Transport: &polite{client: c, registry: registry},
		// Redirects are followed by session.follow, which judges each.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	client.RetryMax = c.retry.Max
	client.CheckRetry = c.retry.again
	client.Backoff = func(_, _ time.Duration, attempt int, resp *http.Response) time.Duration {
		return c.retry.wait(attempt, resp)
	}
	client.ErrorHandler = lastAnswer
	return &retryablehttp.RoundTripper{Client: client}
}

// lastAnswer gives what the last attempt gave, instead of a text about attempts.
func lastAnswer(resp *http.Response, err error, _ int) (*http.Response, error) {
	if err != nil && resp != nil {
		resp.Body.Close()
		resp = nil
	}
	return resp, err
}

// again decides whether to make another attempt. A wait that would outlast the context or our patience is not begun: the
// answer that is there says more than a deadline that passed.
func (r Retry) again(ctx context.Context, resp *http.Response, err error) (bool, error) {
	if ctx.Err() != nil {
		return false, context.Cause(ctx)
	}
	if hasOneAttempt(ctx) {
		return false, nil
	}
	if err != nil {
		return isPassing(err) && (isUnconnected(err) || !mayBeDropped(ctx)), nil
	}
	switch resp.StatusCode {
	case http.StatusRequestTimeout, http.StatusTooManyRequests, http.StatusInternalServerError,
		http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
	default:
		return false, nil
	}
	asked := retryAfter(resp)
	deadline, bounded := ctx.Deadline()
	return asked <= r.RetryAfterMax && !(bounded && time.Until(deadline) < asked), nil
}

type singleAttempt struct{}

// withoutRetries is for what nobody would wait for.
func withoutRetries(ctx context.Context) context.Context {
	return context.WithValue(ctx, singleAttempt{}, true)
}

func hasOneAttempt(ctx context.Context) bool { return ctx.Value(singleAttempt{}) != nil }

type droppable struct{}

// withDropping is for a request of a kind that a host may drop instead of refusing it, so that more attempts would meet the same.
func withDropping(ctx context.Context) context.Context {
	return context.WithValue(ctx, droppable{}, true)
}

func mayBeDropped(ctx context.Context) bool { return ctx.Value(droppable{}) != nil }

// wait is what the registry asks for, or else doubles from WaitMin, with up to a quarter of chance so that forty layers do
// not come back in step.
func (r Retry) wait(attempt int, resp *http.Response) time.Duration {
	if resp != nil {
		if asked := retryAfter(resp); asked > 0 {
			return asked
		}
	}
	wait := r.WaitMax
	if attempt < 16 {
		wait = min(wait, r.WaitMin<<attempt)
	}
	return wait + time.Duration(rand.Int64N(int64(wait)/4+1))
}

// sleep waits before another attempt, no longer than the context lives.
func (r Retry) sleep(ctx context.Context, attempt int) error {
	timer := time.NewTimer(r.wait(attempt, nil))
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-timer.C:
		return nil
	}
}

// retryAfter reads Retry-After, seconds or a date (RFC 9110, section 10.2.3); 0 when there is none that makes sense.
func retryAfter(resp *http.Response) time.Duration {
	const longest = 365 * 24 * time.Hour
	value := strings.TrimSpace(resp.Header.Get("Retry-After"))
	seconds, err := strconv.ParseUint(value, 10, 64)
	if err == nil || errors.Is(err, strconv.ErrRange) {
		return time.Duration(min(seconds, uint64(longest/time.Second))) * time.Second
	}
	if date, err := http.ParseTime(value); err == nil {
		return min(max(time.Until(date), 0), longest)
	}
	return 0
}

// isPassing tells failures of connections, which another attempt may not meet, from answers that will stay the same.
func isPassing(err error) bool {
	var refused *failure.Error
	var dns *net.DNSError
	switch {
	case errors.As(err, &refused), isTLS(err):
		return false
	case errors.As(err, &dns):
		return !dns.IsNotFound
	case errors.Is(err, syscall.EHOSTUNREACH), errors.Is(err, syscall.ENETUNREACH):
		return false
	}
	return true
}
