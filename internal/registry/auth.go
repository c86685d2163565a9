package registry

import (
	"context"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/registry/failure"
)

// grant is an Authorization header that the registry accepted a challenge with, until it expires. A zero time never does.
type grant struct {
	header  string
	expires time.Time
	renewal challenge
}

// authorizer answers the challenges of one repository. The header is kept for the client's life and renewed when it
// expires or is refused; however many reads find it expired, one of them renews it.
type authorizer struct {
	session *session
	turn    chan struct{} // holds one value while somebody renews; a channel, so that waiting heeds the context
	granted atomic.Pointer[grant]
	found   atomic.Pointer[credentials]
}

func newAuthorizer(s *session) *authorizer {
	return &authorizer{session: s, turn: make(chan struct{}, 1)}
}

// current is what to send now: nil before the first challenge. Credentials are not offered to a registry that asks for none.
func (a *authorizer) current(ctx context.Context) (*grant, error) {
	granted := a.granted.Load()
	if granted == nil || granted.expires.IsZero() || time.Now().Before(granted.expires) {
		return granted, nil
	}
	return a.renew(ctx, granted.renewal, granted)
}

// answer answers the challenge of a 401 that came in spite of used. It gives nil when there is nothing more to try.
func (a *authorizer) answer(ctx context.Context, header http.Header, used *grant) (*grant, error) {
	c, err := challengeFor(header)
	if err != nil {
		return nil, &failure.Error{Host: a.session.registry.host, Kind: failure.Protocol, Action: "getting a token", Err: err}
	}
	if c.scheme == "" {
		return nil, nil
	}
	fresh, err := a.renew(ctx, c, used)
	if err != nil || fresh == nil || used != nil && fresh.header == used.header {
		return nil, err // the same header again would be refused again
	}
	return fresh, nil
}

func (a *authorizer) renew(ctx context.Context, c challenge, used *grant) (*grant, error) {
	select {
	case a.turn <- struct{}{}:
		defer func() { <-a.turn }()
	case <-ctx.Done():
		return nil, transportError(ctx, a.session.registry.host, context.Cause(ctx))
	}
	if now := a.granted.Load(); now != used {
		return now, nil // somebody else renewed it meanwhile
	}
	creds, err := a.credentials(ctx)
	if err != nil {
		return nil, transportError(ctx, a.session.registry.host, err)
	}
	fresh, err := a.grantFor(ctx, c, creds)
	if err != nil || fresh == nil {
		return nil, err
	}
	a.granted.Store(fresh)
	return fresh, nil
}

func (a *authorizer) grantFor(ctx context.Context, c challenge, creds credentials) (*grant, error) {
	switch {
	case c.scheme == "basic" && creds.basic() != "":
		return &grant{header: creds.basic(), renewal: c}, nil
	case c.scheme == "bearer" && creds.RegistryToken != "":
		return &grant{header: "Bearer " + creds.RegistryToken, renewal: c}, nil
	case c.scheme == "bearer":
		return a.session.exchange(ctx, c, creds)
	}
	return nil, nil
}

// credentials looks them up once. The caller holds the turn.
func (a *authorizer) credentials(ctx context.Context) (credentials, error) {
	if found := a.found.Load(); found != nil {
		return *found, nil
	}
	found, err := a.session.client.credentialsFor(ctx, a.session.repo)
	a.session.client.secrets.Add(found.secrets()...)
	if err == nil {
		a.found.Store(&found)
	}
	return found, err
}

// describe notes in an error whose credentials were used.
func (a *authorizer) describe(e *failure.Error) {
	if found := a.found.Load(); found != nil {
		e.CredentialSource, e.CredentialNote = found.source, found.note
	}
}
