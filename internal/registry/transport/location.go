package transport

import (
	"context"
	"net/http"
	"net/url"
	"sync/atomic"
	"time"
)

// locationLife is how long a location is used. Presigned URLs are valid for minutes; to read parts
// of one layer takes seconds, and takes half as many requests this way.
const locationLife = 30 * time.Second

// Location is which endpoint answered requests of one blob, and where it redirected them to. The
// zero value knows neither.
type Location struct {
	latest   atomic.Pointer[expiringURL]
	endpoint atomic.Pointer[endpoint]
}

type expiringURL struct {
	url   *url.URL
	from  *endpoint
	until time.Time
}

// currentURL returns where an endpoint redirected to, nil if there is nothing recent.
func (l *Location) currentURL(from *endpoint) *url.URL {
	if latest := l.latest.Load(); latest != nil && latest.from == from && time.Now().Before(latest.until) {
		return latest.url
	}
	return nil
}

func (l *Location) rememberURL(from *endpoint, u *url.URL) {
	l.latest.Store(&expiringURL{url: u, from: from, until: time.Now().Add(locationLife)})
}

// locationLink requests content from where the registry redirected to a moment ago. Where that
// fails, whatever the reason, the registry is asked: a presigned URL may have expired.
type locationLink struct {
	next       link // by way of the registry
	redirected link // to the location
	registry   *endpoint
}

func (l *locationLink) roundTrip(ctx context.Context, req Request) (*http.Response, error) {
	if req.Location == nil {
		return l.next.roundTrip(ctx, req)
	}
	if kept := req.Location.currentURL(l.registry); kept != nil {
		direct := req
		direct.url, direct.origin = kept, l.registry.origin()
		resp, err := l.redirected.roundTrip(ctx, direct)
		if err == nil && hasContent(resp) {
			return resp, nil
		}
		if err == nil {
			discardBody(resp)
		}
		req.Location.latest.Store(nil)
	}
	resp, err := l.next.roundTrip(ctx, req)
	if err == nil && hasContent(resp) && !isSameOrigin(resp.Request.URL, l.registry.origin()) {
		req.Location.rememberURL(l.registry, resp.Request.URL)
	}
	return resp, err
}

func hasContent(resp *http.Response) bool {
	return resp.StatusCode == http.StatusPartialContent || resp.StatusCode == http.StatusOK
}
