package transport

import (
	"context"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/google/go-containerregistry/pkg/name"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/redact"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/registry/failure"
)

// authLink authorizes requests to the registry's own origin, and answers the challenges of one
// repository. Other origins are answered without credentials (foreign.go). It sits below redirects,
// so that none can carry an Authorization header away.
//
// Credentials are looked up when the registry asks for them (RFC 9110, section 11.6.1). An
// authorization is kept as long as the link and renewed when it expires or is refused, by one
// request at a time.
type authLink struct {
	next         link
	tokens       link // next, with redirects of a token service
	destinations destinations
	scope        string // that is asked for where the challenge names none
	clientID     string // at token services
	secrets      *redact.Secrets
	lookUp       func(ctx context.Context) (credentials, error)

	foreign   foreignOrigins
	isForeign bool // for one of those

	renewing chan struct{} // has one value during a renewal; a channel, so that waiting ends with the context
	latest   atomic.Pointer[authorization]
	found    atomic.Pointer[credentials]
}

// authorization is an Authorization header, and when it expires: never, if the time is zero.
type authorization struct {
	header    string
	expires   time.Time
	challenge challenge // that it answered
}

func newAuthLink(next link, r *Registries, destinations destinations, repo name.Repository) *authLink {
	return &authLink{
		next: next, tokens: newTokenLink(next), destinations: destinations, scope: repo.Scope("pull"),
		clientID: r.userAgent, secrets: r.secrets,
		lookUp:   func(ctx context.Context) (credentials, error) { return r.findCredentials(ctx, repo) },
		renewing: make(chan struct{}, 1),
	}
}

func (l *authLink) roundTrip(ctx context.Context, req Request) (*http.Response, error) {
	if !req.isOwn() {
		return l.foreign.ofOrigin(req.url, l).roundTripAnonymously(ctx, req)
	}
	return l.roundTripAuthorized(ctx, req)
}

func (l *authLink) roundTripAuthorized(ctx context.Context, req Request) (*http.Response, error) {
	used, err := l.currentAuthorization(ctx, req)
	if err != nil {
		return nil, err
	}
	resp, err := l.next.roundTrip(ctx, used.authorize(req))
	if err != nil || resp.StatusCode != http.StatusUnauthorized {
		return resp, err
	}
	renewed, err := l.answerChallenge(ctx, req, resp, used)
	if err != nil {
		resp.Body.Close()
		return nil, err
	}
	if renewed == nil {
		return resp, nil
	}
	discardBody(resp)
	return l.next.roundTrip(ctx, renewed.authorize(req))
}

// authorize returns the request with the header. The nil authorization adds none.
func (a *authorization) authorize(req Request) Request {
	if a == nil {
		return req
	}
	return req.withHeader("Authorization", a.header)
}

// currentAuthorization returns what to begin with, renewed if it has expired. It is nil before the
// first challenge: credentials are not offered to a registry that asks for none.
func (l *authLink) currentAuthorization(ctx context.Context, req Request) (*authorization, error) {
	latest := l.latest.Load()
	if latest == nil || latest.expires.IsZero() || time.Now().Before(latest.expires) {
		return latest, nil
	}
	return l.renewAuthorization(ctx, req, latest.challenge, latest)
}

// answerChallenge returns the authorization that answers a 401, which came in spite of used. It is
// nil where there is nothing more to try: the same header would be refused again.
func (l *authLink) answerChallenge(
	ctx context.Context, req Request, resp *http.Response, used *authorization,
) (*authorization, error) {
	asked, err := chooseChallenge(resp.Header)
	if err != nil {
		return nil, &failure.Error{Host: req.url.Host, Kind: failure.Protocol, Action: gettingToken, Err: err}
	}
	if asked.scheme == "" {
		return nil, nil
	}
	fresh, err := l.renewAuthorization(ctx, req, asked, used)
	if err != nil || fresh == nil || used != nil && fresh.header == used.header {
		return nil, err
	}
	return fresh, nil
}

// renewAuthorization replaces the authorization that was used, unless another request has done so
// meanwhile.
func (l *authLink) renewAuthorization(
	ctx context.Context, req Request, asked challenge, used *authorization,
) (*authorization, error) {
	select {
	case l.renewing <- struct{}{}:
		defer func() { <-l.renewing }()
	case <-ctx.Done():
		return nil, classifyError(ctx, req.origin.Host, context.Cause(ctx))
	}
	if latest := l.latest.Load(); latest != used {
		return latest, nil
	}
	creds, err := l.loadCredentials(ctx)
	if err != nil {
		return nil, classifyError(ctx, req.origin.Host, err)
	}
	fresh, err := l.authorizationFor(ctx, req, asked, creds)
	if err != nil || fresh == nil {
		return nil, err
	}
	fresh.challenge = asked
	l.latest.Store(fresh)
	return fresh, nil
}

func (l *authLink) authorizationFor(
	ctx context.Context, req Request, asked challenge, creds credentials,
) (*authorization, error) {
	switch {
	case asked.scheme == "basic" && creds.basicHeader() != "":
		return &authorization{header: creds.basicHeader()}, nil
	case asked.scheme == "bearer" && creds.config.RegistryToken != "":
		return &authorization{header: "Bearer " + creds.config.RegistryToken}, nil
	case asked.scheme == "bearer":
		return l.fetchToken(ctx, req, asked, creds)
	}
	return nil, nil
}

// loadCredentials looks them up once. The caller is the one that renews.
func (l *authLink) loadCredentials(ctx context.Context) (credentials, error) {
	if found := l.found.Load(); found != nil {
		return *found, nil
	}
	found, err := l.lookUp(ctx)
	l.secrets.Add(found.listSecrets()...)
	if err == nil {
		l.found.Store(&found)
	}
	return found, err
}

// describeCredentials notes in an error whose credentials were used.
func (l *authLink) describeCredentials(e *failure.Error) {
	if found := l.found.Load(); found != nil {
		e.CredentialSource, e.CredentialNote = found.source, found.note
	}
}
