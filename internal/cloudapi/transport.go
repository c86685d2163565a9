package cloudapi

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/hashicorp/go-retryablehttp"
	"golang.org/x/time/rate"
)

const (
	defaultTries     = 9 // with doubling waits from 250 ms to 8 s, about half a minute of throttling is survived
	firstRetryWait   = 250 * time.Millisecond
	maxRetryWait     = 8 * time.Second
	maxServerWait    = time.Minute // when the service says how long
	defaultTry       = 30 * time.Second
	maxResponseBytes = 16 << 20
	// excerptBytes are kept of a body that is no answer: far more than is shown, since nothing is
	// cut before it is redacted.
	excerptBytes = 64 << 10
)

// rateLimitCode is the service's own word for "too fast", with its sub-codes.
const rateLimitCode = "RequestLimitExceeded"

var errNotTried = errors.New("the request was not sent")

// newTransport builds the layers that a request passes, from the SDK down to the wire:
// retry, then for each try: rate limit, user agent, time limit.
func newTransport(config Config) http.RoundTripper {
	wire := config.Transport
	if wire == nil {
		wire = http.DefaultTransport
	}
	limiter := newLimiter(config.MaxRequestsPerSecond)
	host := new(hostMemory)
	longest := cmp.Or(config.TryTimeout, defaultTry)
	return newRetryTransport(config, host, roundTripper(func(r *http.Request) (*http.Response, error) {
		if err := limiter.Wait(r.Context()); err != nil {
			return nil, errors.Join(errNotTried, err)
		}
		if config.UserAgent != "" {
			r = r.Clone(r.Context())
			r.Header.Set("User-Agent", config.UserAgent)
		}
		response, err := sendOnce(wire, r, longest)
		host.recordAnswer(r.Context(), response, err)
		return response, err
	}))
}

// newLimiter keeps below a rate. The burst counts towards the same second as the steady rate:
// together they stay within 20 for a rate of 15.
func newLimiter(perSecond float64) *rate.Limiter {
	if perSecond <= 0 {
		return rate.NewLimiter(rate.Inf, 0)
	}
	return rate.NewLimiter(rate.Limit(perSecond), max(1, int(perSecond/3)))
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// sendOnce makes one attempt, reads the whole response, and turns a response that is not the API's
// into an *Error.
func sendOnce(wire http.RoundTripper, r *http.Request, longest time.Duration) (*http.Response, error) {
	ctx := r.Context()
	if actionOf(ctx).Uninterruptible {
		ctx = context.WithoutCancel(ctx)
	}
	ctx, cancel := context.WithTimeoutCause(ctx, longest, fmt.Errorf("no answer within %s", longest))
	defer cancel()
	response, err := wire.RoundTrip(r.WithContext(ctx))
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(io.LimitReader(response.Body, maxResponseBytes))
	if err != nil {
		return nil, err
	}
	noteSkew(r.Context(), response)
	response.Body = io.NopCloser(bytes.NewReader(body))
	if response.StatusCode != http.StatusOK {
		return response, nil // the retry layer looks at the status, and unanswered makes it an error in the end
	}
	if !isAPIResponse(body) {
		return nil, &Error{
			Kind: KindMalformed, Host: r.URL.Host, Message: "it holds " + excerptBody(body), torn: isTorn(body),
		}
	}
	return response, nil
}

// isAPIResponse keeps an empty object, or a captive portal's JSON, from being read as an empty list
// of caches.
func isAPIResponse(body []byte) bool {
	var envelope struct {
		Response *struct {
			RequestID string `json:"RequestId"`
		}
	}
	return json.Unmarshal(body, &envelope) == nil && envelope.Response != nil && envelope.Response.RequestID != ""
}

// newRetryTransport is the one retry layer, on go-retryablehttp. The layers above (the SDK's
// client) and below (the wire) retry nothing.
func newRetryTransport(config Config, host *hostMemory, next http.RoundTripper) http.RoundTripper {
	tries := cmp.Or(config.Tries, defaultTries)
	client := retryablehttp.NewClient()
	client.HTTPClient = &http.Client{
		Transport: next,
		// The API does not redirect, and a signed request with its token belongs to no other host.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	client.Logger = nil
	client.RetryMax = tries - 1
	client.RetryWaitMin, client.RetryWaitMax = cmp.Or(config.RetryWait, firstRetryWait), maxRetryWait
	client.CheckRetry = func(ctx context.Context, response *http.Response, err error) (bool, error) {
		if host.isOther(ctx) {
			return false, err
		}
		return shouldRetry(ctx, response, err)
	}
	client.Backoff = Backoff
	client.ErrorHandler = func(response *http.Response, err error, _ int) (*http.Response, error) {
		return response, err
	}
	layer := &retryablehttp.RoundTripper{Client: client}
	return roundTripper(func(r *http.Request) (*http.Response, error) {
		response, err := layer.RoundTrip(r)
		if err == nil && response.StatusCode != http.StatusOK {
			return nil, newStatusError(response, r.URL.Host)
		}
		return response, err
	})
}

// Backoff returns the wait before the next try: twice the previous one, or what Retry-After says,
// up to a minute. Up to half of it is added at random, so that many callers do not retry at once.
func Backoff(least, most time.Duration, tried int, response *http.Response) time.Duration {
	wait := retryablehttp.DefaultBackoff(
		least, most, tried, response,
	) // an hour if the header says so, and less than nothing if it overflows
	if wait < 0 || wait > maxServerWait {
		wait = maxServerWait
	}
	return wait + rand.N(wait/2+1)
}

// shouldRetry retries by idempotency: what is repeatable on any transient fault, everything else
// only where the service certainly did not act: a connection that could not be made, or an explicit
// rate limit.
func shouldRetry(ctx context.Context, response *http.Response, err error) (bool, error) {
	again := false
	repeatable := actionOf(ctx).Repeatable
	switch {
	case err != nil && isTransientDial(err):
		again = true
	case err != nil:
		again = repeatable && !isPermanent(err)
	case response.StatusCode == http.StatusTooManyRequests:
		again = true
	case response.StatusCode >= 500:
		again = repeatable && response.StatusCode != http.StatusNotImplemented // of a host that knows no POST
	case response.StatusCode == http.StatusOK:
		code := errorCode(response)
		again = strings.HasPrefix(code, rateLimitCode) ||
			repeatable && isInternalError(code) && !slices.Contains(permanentCodes, code)
	}
	if again && ctx.Err() != nil {
		return false, ctx.Err()
	}
	return again, err
}

// permanentCodes are among the service's own faults by name alone: the same request has the same
// answer.
var permanentCodes = []string{"InternalError.DbRecordNotFound", "InternalError.QuotaMaxRtLimit"}

// isInternalError reports whether the service calls the fault its own: one such answer in an hour
// of waiting for a build must not end the wait.
func isInternalError(code string) bool {
	return code == "InternalError" || strings.HasPrefix(code, "InternalError.") && code != "InternalError.CamNoAuth"
}

// errorCode returns the error code in a response, since errors arrive as HTTP 200, and leaves the
// body unread.
func errorCode(response *http.Response) string {
	body, _ := io.ReadAll(response.Body)
	response.Body = io.NopCloser(bytes.NewReader(body))
	var envelope struct {
		Response struct{ Error struct{ Code string } }
	}
	_ = json.Unmarshal(body, &envelope) // what cannot be read has no code; the SDK reports it
	return envelope.Response.Error.Code
}

func newStatusError(response *http.Response, host string) error {
	body, _ := io.ReadAll(response.Body)
	return &Error{Kind: KindStatus, Status: response.StatusCode, Host: host, Message: excerptBody(body)}
}

var markup = regexp.MustCompile(`(?s)<(style|script).*?</(style|script)>|<[^>]*>|\s+`)

// excerptBody is the readable start of a body that came in place of an answer. JSON is never
// quoted: the answers of STS and TCR begin with a token, and one that was cut short is still most
// of one.
func excerptBody(body []byte) string {
	start := bytes.TrimSpace(bytes.TrimPrefix(bytes.TrimSpace(body), []byte("\ufeff")))
	if len(start) > 0 && strings.IndexByte(`{["`, start[0]) >= 0 {
		return fmt.Sprintf("%d bytes of JSON", len(body))
	}
	text, json, _ := strings.Cut(markup.ReplaceAllString(string(body[:min(len(body), excerptBytes)]), " "), "{")
	text = strings.Join(strings.Fields(text), " ")
	switch {
	case json != "":
		text += " …"
	case text == "":
		return "nothing"
	}
	return text
}

// call state travels in the context: the retry layer must know the action of a request that got no
// response.
type callKey struct{}

type callState struct {
	action  Action
	skew    atomic.Int64
	strange atomic.Int64 // answers that were not the API's
}

func withAction(ctx context.Context, action Action) context.Context {
	return context.WithValue(ctx, callKey{}, &callState{action: action})
}

func actionOf(ctx context.Context) Action {
	if state, ok := ctx.Value(callKey{}).(*callState); ok {
		return state.action
	}
	return Action{}
}

// noteSkew keeps how far this machine's clock is from the Date of the answer (RFC 9110 section
// 6.6.1).
func noteSkew(ctx context.Context, response *http.Response) {
	date, err := http.ParseTime(response.Header.Get("Date"))
	if state, ok := ctx.Value(callKey{}).(*callState); ok && err == nil {
		state.skew.Store(int64(time.Since(date)))
	}
}

func skewOf(ctx context.Context) time.Duration {
	if state, ok := ctx.Value(callKey{}).(*callState); ok {
		return time.Duration(state.skew.Load())
	}
	return 0
}
