package transport

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/registry/failure"
)

// failedLife is how long an endpoint that could not be reached is asked last.
const failedLife = time.Minute

// routeLink asks the endpoints of a repository in turn, as containerd does (core/remotes/docker):
// the next one after any failure, be it a status or a connection. Failures are not repeated where
// there is another endpoint; only when all have failed, those that failed in passing are asked
// again, with waits.
//
// What containerd does not do: an endpoint that could not be reached is asked last for a while, and
// the parts of a blob are asked where the first of them came from.
type routeLink struct{ list []*route }

// route is the way to a repository at one endpoint.
type route struct {
	endpoint *endpoint
	chain    link
	auth     *authLink
}

var errNoResolver = errors.New("none of its hosts may say which digest a tag has: " +
	"see the capabilities in its hosts.toml")

func (l *routeLink) roundTrip(ctx context.Context, req Request) (*http.Response, error) {
	routes := l.listRoutes(req)
	switch len(routes) {
	case 0:
		return nil, &failure.Error{Kind: failure.Unreachable, Err: errNoResolver}
	case 1:
		return routes[0].chain.roundTrip(ctx, req)
	}
	var failures []*failure.Error
	for i, at := range routes {
		attempt := req
		attempt.spare = i < len(routes)-1
		resp, failed := at.roundTrip(ctx, attempt)
		if failed == nil {
			return resp, nil
		}
		failures = append(failures, failed)
		switch {
		case ctx.Err() != nil: // the caller's end says nothing about the endpoints
			return nil, failed
		case req.Once && req.Resolves && failed.StatusCode == http.StatusNotFound:
			return nil, failed // what lies beside an image is asked of the first endpoint that answers
		}
	}
	if req.Once {
		return nil, summarizeFailures(failures)
	}
	return l.repeat(ctx, req, routes, failures)
}

// repeat asks those endpoints again that failed in passing and were not asked with retries yet: all
// but the last.
func (l *routeLink) repeat(
	ctx context.Context, req Request, routes []*route, failures []*failure.Error,
) (*http.Response, error) {
	for i, at := range routes[:len(routes)-1] {
		if !isWorthRepeating(failures[i]) {
			continue
		}
		resp, failed := at.roundTrip(ctx, req)
		switch {
		case failed == nil:
			return resp, nil
		case ctx.Err() != nil:
			return nil, failed
		}
		failures[i] = failed
	}
	return nil, summarizeFailures(failures)
}

// listRoutes returns what may be asked, in order: where the blob's other parts came from, and last
// what could not be reached a moment ago.
func (l *routeLink) listRoutes(req Request) []*route {
	var sticky *endpoint
	if req.Location != nil {
		sticky = req.Location.endpoint.Load()
	}
	var first, reached, failed []*route
	for _, at := range l.list {
		switch {
		case !at.endpoint.serves(req):
		case at.endpoint == sticky:
			first = append(first, at)
		case at.endpoint.failedRecently():
			failed = append(failed, at)
		default:
			reached = append(reached, at)
		}
	}
	return slices.Concat(first, reached, failed)
}

// serves returns whether an endpoint is to be asked.
func (e *endpoint) serves(req Request) bool {
	switch {
	case e.config.Pending:
		return false
	case strings.HasPrefix(req.Path, "referrers/"):
		return e.Referrers || e.Resolve
	case req.Resolves:
		return e.Pull && e.Resolve
	}
	return e.Pull
}

func (e *endpoint) failedRecently() bool {
	at := e.failed.Load()
	return at != nil && time.Since(*at) < failedLife
}

// roundTrip returns an answer that counts, or else the failure after which the next endpoint is
// asked.
func (r *route) roundTrip(ctx context.Context, req Request) (*http.Response, *failure.Error) {
	resp, err := r.chain.roundTrip(ctx, req)
	if err == nil && req.NeedsPart && resp.StatusCode == http.StatusOK {
		resp.Body.Close() // not drained: this is the whole
		return nil, &failure.Error{
			Host: resp.Request.URL.Host, Kind: failure.RangeIgnored, StatusCode: resp.StatusCode,
		}
	}
	if err == nil && isAnswer(req, resp.StatusCode) {
		r.endpoint.failed.Store(nil)
		if req.Location != nil {
			req.Location.endpoint.Store(r.endpoint)
		}
		return resp, nil
	}
	if err == nil {
		err = r.statusError(resp)
	}
	failed, typed := errors.AsType[*failure.Error](err)
	if !typed {
		failed = &failure.Error{Host: r.endpoint.host, Kind: failure.Protocol, Err: err}
	}
	if isUnreached(failed) && ctx.Err() == nil {
		now := time.Now()
		r.endpoint.failed.Store(&now)
	}
	if req.Location != nil {
		req.Location.endpoint.CompareAndSwap(r.endpoint, nil)
	}
	return nil, failed
}

func (r *route) statusError(resp *http.Response) error {
	if r.endpoint.isOrigin(resp.Request.URL) {
		return statusError(resp, r.auth)
	}
	return statusError(resp, nil)
}

// isAnswer returns whether a status is what the caller wants to know. A host that refuses ranges
// says so of ranges, and not of the blob.
func isAnswer(req Request, status int) bool {
	switch status {
	case http.StatusBadRequest, http.StatusRequestedRangeNotSatisfiable,
		http.StatusRequestHeaderFieldsTooLarge, http.StatusNotImplemented:
		return req.Header.Get("Range") != ""
	}
	return status < http.StatusBadRequest
}

// isUnreached returns whether the host itself did not answer at all.
func isUnreached(e *failure.Error) bool {
	switch e.Kind {
	case failure.Unreachable, failure.Timeout, failure.TLS, failure.Proxy:
		return e.StatusCode == 0
	}
	return false
}

// isWorthRepeating leaves time-outs out: each of them takes long.
func isWorthRepeating(e *failure.Error) bool { return e.Temporary() && e.Kind != failure.Timeout }

// summarizeFailures returns the failure that says most, as containerd ranks them, and names the
// others in it. Of equal ones the last is the registry's own.
func summarizeFailures(failures []*failure.Error) error {
	best := 0
	for i, e := range failures {
		if rankOf(e) >= rankOf(failures[best]) {
			best = i
		}
	}
	summary := *failures[best]
	for i, e := range failures {
		if i != best {
			summary.Others = append(summary.Others, e)
		}
	}
	return &summary
}

// rankOf is how far a request came: a connection that failed, content that is not there, any other
// answer.
func rankOf(e *failure.Error) int {
	switch {
	case e.StatusCode == 0 && (isUnreached(e) || e.Kind == failure.Canceled):
		return 0
	case e.Kind == failure.NotFound:
		return 1
	}
	return 2
}
