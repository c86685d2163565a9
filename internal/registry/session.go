package registry

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"strings"

	"github.com/google/go-containerregistry/pkg/name"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/registry/failure"
)

// maxRedirects bounds a chain of redirects; registries need one or two.
const maxRedirects = 5

// session is everything that reads of one repository share: what was learned about its registry, and its token.
type session struct {
	client   *Client
	registry *endpoint
	repo     name.Repository
	auth     *authorizer
	attempts http.RoundTripper
}

func newSession(c *Client, registry *endpoint, repo name.Repository) *session {
	s := &session{client: c, registry: registry, repo: repo, attempts: c.retrying(registry)}
	s.auth = newAuthorizer(s)
	return s
}

// answer is a response, and where it came from in the end.
type answer struct {
	*http.Response
	from *url.URL
}

// ask requests a path of the registry, which may carry a query. A loopback registry whose scheme is not known yet is asked in plain HTTP first, and
// over https if that seems to be what it speaks.
func (s *session) ask(ctx context.Context, method, path string, header http.Header) (*answer, error) {
	scheme, settled := s.registry.schemeNow()
	path, query, _ := strings.Cut(path, "?")
	at := func(scheme string) (*answer, error) {
		return s.follow(ctx, method, &url.URL{Scheme: scheme, Host: s.registry.host, Path: path, RawQuery: query}, header)
	}
	got, err := at(scheme)
	if settled {
		return got, err
	}
	if !speaksTLS(got, err) {
		if err == nil {
			s.registry.settle(scheme)
		}
		return got, err
	}
	if got != nil {
		got.Body.Close()
	}
	secure, secureErr := at("https")
	if errors.Is(secureErr, http.ErrSchemeMismatch) {
		s.registry.settle(scheme)
		return at(scheme)
	}
	if secureErr == nil {
		s.registry.settle("https")
	}
	return secure, secureErr
}

// speaksTLS guesses from the answer to a plain request: servers with TLS say 400, or drop the connection.
func speaksTLS(got *answer, err error) bool {
	if e, typed := errors.AsType[*failure.Error](err); typed {
		return e.Kind == failure.Unreachable && !isConnectionRefused(err)
	}
	return got != nil && got.StatusCode == http.StatusBadRequest
}

// follow requests u and follows redirects, as far as the client's rules let it go. Nothing of one hop goes to the next but
// the headers given: no Authorization, no cookie, no Referer (which could carry the signature of a presigned URL).
func (s *session) follow(ctx context.Context, method string, u *url.URL, header http.Header) (*answer, error) {
	origin := &url.URL{Scheme: u.Scheme, Host: u.Host}
	for range maxRedirects + 1 {
		resp, err := s.attempt(ctx, request{method: method, url: u, header: header}, sameOrigin(origin, u))
		if err != nil {
			return nil, err
		}
		next, err := s.redirect(u, resp)
		if next == nil && err == nil {
			return &answer{Response: resp, from: u}, nil
		}
		resp.Body.Close()
		if err != nil {
			return nil, err
		}
		u = next
	}
	return nil, &failure.Error{Host: u.Host, Kind: failure.Refused, Err: fmt.Errorf("more than %d redirects", maxRedirects)}
}

// redirect gives where an answer points to (RFC 9110, section 15.4), nil when it is not a redirect.
func (s *session) redirect(from *url.URL, resp *http.Response) (*url.URL, error) {
	switch resp.StatusCode {
	case http.StatusMovedPermanently, http.StatusFound, http.StatusSeeOther, http.StatusTemporaryRedirect, http.StatusPermanentRedirect:
	default:
		return nil, nil
	}
	to, err := from.Parse(resp.Header.Get("Location"))
	if err != nil || resp.Header.Get("Location") == "" {
		return nil, &failure.Error{Host: from.Host, Kind: failure.Protocol, StatusCode: resp.StatusCode, Err: errors.New("a redirect without a valid Location")}
	}
	to.User, to.Fragment = nil, ""
	return to, s.client.mayGo(s.registry, to)
}

// request is what to send; header is shared between attempts and never written to.
type request struct {
	method string
	url    *url.URL
	header http.Header
	body   string
}

// attempt makes a request once, authorized when it goes to the registry's own origin, and once more after a challenge was
// answered.
func (s *session) attempt(ctx context.Context, req request, own bool) (*http.Response, error) {
	if !own {
		return s.send(ctx, req)
	}
	granted, err := s.auth.current(ctx)
	if err != nil {
		return nil, err
	}
	resp, err := s.send(ctx, req.with(granted))
	if err != nil || resp.StatusCode != http.StatusUnauthorized {
		return resp, err
	}
	renewed, err := s.auth.answer(ctx, resp.Header, granted)
	if err != nil {
		resp.Body.Close()
		return nil, err
	}
	if renewed == nil {
		return resp, nil
	}
	discard(resp)
	return s.send(ctx, req.with(renewed))
}

func (r request) with(granted *grant) request {
	if granted != nil {
		r.header = r.header.Clone()
		if r.header == nil {
			r.header = http.Header{}
		}
		r.header.Set("Authorization", granted.header)
	}
	return r
}

// send makes the request with its retries.
func (s *session) send(ctx context.Context, r request) (*http.Response, error) {
	var body io.Reader
	if r.body != "" {
		body = strings.NewReader(r.body)
	}
	sent := ctx
	if strings.Contains(r.header.Get("Range"), ",") {
		sent = withDropping(ctx)
	}
	req, err := http.NewRequestWithContext(sent, r.method, r.url.String(), body)
	if err != nil {
		return nil, &failure.Error{Host: r.url.Host, Kind: failure.Protocol, Err: errors.New("its address is not a valid URL")}
	}
	maps.Copy(req.Header, r.header)
	req.Header.Set("User-Agent", s.client.userAgent)
	// Without this, net/http would ask for gzip and unpack it: blobs must arrive as they are.
	req.Header.Set("Accept-Encoding", "identity")
	resp, err := s.attempts.RoundTrip(req)
	if err != nil {
		return nil, transportError(ctx, r.url.Host, err)
	}
	return resp, nil
}

// answerError is what a failed answer means. Credentials go to the registry's own origin alone.
func (s *session) answerError(got *answer) error {
	if !sameOrigin(got.from, s.registry.origin()) {
		return statusError(got.Response, got.from.Host, nil)
	}
	return statusError(got.Response, got.from.Host, s.auth)
}

// discard reads the little that an answer without interest holds, so that its connection can be used again.
func discard(resp *http.Response) {
	_, _ = io.Copy(io.Discard, io.LimitReader(resp.Body, maxErrorBody))
	resp.Body.Close()
}
