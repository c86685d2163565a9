package transport

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"

	"github.com/google/go-containerregistry/pkg/name"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/registry/failure"
)

// schemeLink addresses a request to the registry, over https or plain HTTP. A loopback registry of
// which neither is known is asked in plain HTTP first, and over https if the answer looks like that
// of a TLS server.
type schemeLink struct {
	next     link
	registry *endpoint
	repo     name.Repository
}

func (l *schemeLink) roundTrip(ctx context.Context, req Request) (*http.Response, error) {
	scheme, settled := l.registry.currentScheme()
	resp, err := l.sendOver(ctx, scheme, req)
	switch {
	case settled:
		return resp, err
	case !speaksTLS(resp, err):
		if err == nil {
			l.registry.settleScheme(scheme)
		}
		return resp, err
	case resp != nil:
		resp.Body.Close()
	}
	resp, err = l.sendOver(ctx, "https", req)
	if errors.Is(err, http.ErrSchemeMismatch) { // the first answer was meant
		l.registry.settleScheme(scheme)
		return l.sendOver(ctx, scheme, req)
	}
	if err == nil {
		l.registry.settleScheme("https")
	}
	return resp, err
}

func (l *schemeLink) sendOver(ctx context.Context, scheme string, req Request) (*http.Response, error) {
	path, query, _ := strings.Cut(req.Path, "?")
	if l.registry.namespace != "" {
		query = strings.TrimSuffix("ns="+url.QueryEscape(l.registry.namespace)+"&"+query, "&")
	}
	req.origin = &url.URL{Scheme: scheme, Host: l.registry.host}
	req.url = &url.URL{
		Scheme: scheme, Host: l.registry.host, RawQuery: query,
		Path: l.registry.path + "/" + l.repo.RepositoryStr() + "/" + path,
	}
	return l.next.roundTrip(ctx, req)
}

// speaksTLS guesses from the outcome of a plain request: a server with TLS answers 400, or breaks
// the connection before an answer begins.
func speaksTLS(resp *http.Response, err error) bool {
	if e, typed := errors.AsType[*failure.Error](err); typed {
		return e.Kind == failure.Unreachable && !isConnectionRefused(err) && !IsBroken(err)
	}
	return resp != nil && resp.StatusCode == http.StatusBadRequest
}
