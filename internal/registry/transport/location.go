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

// Location is where a registry redirected requests of one blob to. The zero value knows none.
type Location struct{ latest atomic.Pointer[expiringURL] }

type expiringURL struct {
	url   *url.URL
	until time.Time
}

// currentURL returns the location, nil if there is none that is recent.
func (l *Location) currentURL() *url.URL {
	if latest := l.latest.Load(); latest != nil && time.Now().Before(latest.until) {
		return latest.url
	}
	return nil
}

func (l *Location) rememberURL(u *url.URL) {
	l.latest.Store(&expiringURL{url: u, until: time.Now().Add(locationLife)})
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
	if kept := req.Location.currentURL(); kept != nil {
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
	if err == nil && hasContent(resp) && !sameOrigin(resp.Request.URL, l.registry.origin()) {
		req.Location.rememberURL(resp.Request.URL)
	}
	return resp, err
}

func hasContent(resp *http.Response) bool {
	return resp.StatusCode == http.StatusPartialContent || resp.StatusCode == http.StatusOK
}
