package transport

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"
)

// recordLink logs every attempt at a request and counts what it costs.
type recordLink struct {
	next link
	host string // of the registry
	log  func(ctx context.Context, message string, fields map[string]any)
}

func (l *recordLink) roundTrip(ctx context.Context, req Request) (*http.Response, error) {
	if req.Cost != nil {
		req.Cost.requests.Add(1)
	}
	began := time.Now()
	resp, err := l.next.roundTrip(ctx, req)
	l.logAttempt(ctx, req, resp, time.Since(began))
	if err == nil && req.Cost != nil {
		resp.Body = &countedBody{inner: resp.Body, cost: req.Cost}
	}
	return resp, err
}

// logAttempt logs neither query nor headers, and of other hosts no path either: presigned URLs have
// their secrets there.
func (l *recordLink) logAttempt(ctx context.Context, req Request, resp *http.Response, took time.Duration) {
	fields := map[string]any{
		"method": cmp.Or(req.Method, http.MethodGet), "host": req.url.Host, "milliseconds": took.Milliseconds(),
	}
	if req.url.Host == l.host {
		fields["path"] = req.url.Path
	}
	if resp != nil {
		fields["status"] = resp.StatusCode
	}
	if ranges := req.Header.Get("Range"); ranges != "" {
		fields["range"] = shortenRanges(ranges)
	}
	l.log(ctx, "registry request", fields)
}

func shortenRanges(header string) string {
	first, more, several := strings.Cut(header, ",")
	if !several {
		return first
	}
	return fmt.Sprintf("%s and %d more", first, strings.Count(more, ",")+1)
}

type countedBody struct {
	inner io.ReadCloser
	cost  *Cost
}

func (b *countedBody) Read(p []byte) (int, error) {
	n, err := b.inner.Read(p)
	b.cost.bytes.Add(int64(n))
	return n, err
}

func (b *countedBody) Close() error { return b.inner.Close() }
