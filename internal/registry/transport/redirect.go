package transport

import (
	"context"
	"errors"
	"net/http"
	"net/url"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/registry/failure"
)

// maxRedirects bounds a chain of redirects; registries need one or two.
const maxRedirects = 5

// redirectLink follows redirects to the destinations that are allowed. Only the caller's headers go
// from one hop to the next: no Authorization, which is set further in, no cookie, and no Referer,
// which could carry the signature of a presigned URL.
type redirectLink struct {
	next  link
	check func(req Request, to *url.URL) error
}

func (l *redirectLink) roundTrip(ctx context.Context, req Request) (*http.Response, error) {
	for range maxRedirects + 1 {
		resp, err := l.next.roundTrip(ctx, req)
		if err != nil || !isRedirect(resp) {
			return resp, err
		}
		resp.Body.Close()
		to, err := redirectTarget(req.url, resp)
		if err != nil {
			return nil, err
		}
		if err := l.check(req, to); err != nil {
			return nil, err
		}
		req.url = to
	}
	e := failure.New(failure.Refused, "more than %d redirects", maxRedirects)
	e.Host = req.url.Host
	return nil, e
}

// isRedirect is true for the answers that a request without side effects follows (RFC 9110, section
// 15.4).
func isRedirect(resp *http.Response) bool {
	switch resp.StatusCode {
	case http.StatusMovedPermanently, http.StatusFound, http.StatusSeeOther,
		http.StatusTemporaryRedirect, http.StatusPermanentRedirect:
		return true
	}
	return false
}

func redirectTarget(from *url.URL, resp *http.Response) (*url.URL, error) {
	location := resp.Header.Get("Location")
	to, err := from.Parse(location)
	if err != nil || location == "" { // the text of err has the URL, and the signature within
		return nil, &failure.Error{
			Host: from.Host, Kind: failure.Protocol, StatusCode: resp.StatusCode,
			Err: errors.New("a redirect without a valid Location"),
		}
	}
	to.User, to.Fragment = nil, ""
	return to, nil
}
