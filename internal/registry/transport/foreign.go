package transport

import (
	"context"
	"net/http"
	"net/url"
	"sync"
)

// foreignOrigins are the hosts that a registry redirects to, each with the anonymous token that it
// asked for: a vanity host redirects all requests to another registry, which has a token service of
// its own. Credentials follow nowhere.
type foreignOrigins struct {
	mu    sync.Mutex
	links map[string]*authLink
}

// ofOrigin returns the link for an origin, made after the registry's own.
func (f *foreignOrigins) ofOrigin(u *url.URL, own *authLink) *authLink {
	f.mu.Lock()
	defer f.mu.Unlock()
	origin := u.Scheme + "://" + hostPort(u)
	if link, found := f.links[origin]; found {
		return link
	}
	link := &authLink{
		next: own.next, tokens: own.tokens, destinations: own.destinations, scope: own.scope, clientID: own.clientID,
		secrets: own.secrets, isForeign: true, renewing: make(chan struct{}, 1),
		lookUp: func(context.Context) (credentials, error) { return credentials{}, nil },
	}
	if f.links == nil {
		f.links = map[string]*authLink{}
	}
	f.links[origin] = link
	return link
}

// roundTripAnonymously answers a challenge of another host by an anonymous token, if it names a
// token service.
func (l *authLink) roundTripAnonymously(ctx context.Context, req Request) (*http.Response, error) {
	req.origin = &url.URL{Scheme: req.url.Scheme, Host: req.url.Host}
	return l.roundTripAuthorized(ctx, req)
}
