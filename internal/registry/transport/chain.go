package transport

import (
	"context"
	"net/http"
	"net/url"
	"sync/atomic"

	"github.com/google/go-containerregistry/pkg/name"
)

// Request is one request on behalf of a repository. Links receive a copy, and may change that.
type Request struct {
	Method string      // "" is GET
	Path   string      // within the repository, with a query if there is one: manifests/1.27
	Header http.Header // shared by all attempts: nothing writes to it
	Body   string

	// of a document, which is read whole as part of each attempt; 0 leaves the body to the caller
	MaxBytes     int64
	Resolves     bool      // a name, rather than a digest: a mirror may not be trusted with that
	NeedsPart    bool      // a range that is not the whole: another endpoint may serve what one ignores
	Once         bool      // there is no second attempt: little depends on the answer
	MayBeDropped bool      // some hosts break the connection instead of refusing this: it is repeated once
	Location     *Location // remembers which endpoint answered, and where it redirects to; nil remembers nothing
	Cost         *Cost     // counts what the request costs; nil counts nothing

	url    *url.URL // where the request goes
	origin *url.URL // of the registry: its credentials go there and nowhere else
	spare  bool     // another endpoint can be asked at once, so that a failure is not repeated here
}

// isOwn returns whether a request goes to the origin of its registry.
func (r Request) isOwn() bool { return isSameOrigin(r.origin, r.url) }

// withHeader returns the request with one more header.
func (r Request) withHeader(name, value string) Request {
	r.Header = r.Header.Clone()
	if r.Header == nil {
		r.Header = http.Header{}
	}
	r.Header.Set(name, value)
	return r
}

// Cost counts bytes of bodies, and requests with their redirects, retries and tokens.
type Cost struct{ bytes, requests atomic.Int64 }

// Bytes returns how many bytes of bodies were read so far.
func (c *Cost) Bytes() int64 { return c.bytes.Load() }

// Requests returns how many requests were made so far.
func (c *Cost) Requests() int64 { return c.requests.Load() }

// link is one step on the way of a request. It passes the request to the next link, perhaps
// changed, perhaps more than once; the last one makes it.
type link interface {
	roundTrip(ctx context.Context, req Request) (*http.Response, error)
}

// newChain assembles the links between a repository at one endpoint and the network. What is listed
// first is innermost.
func (r *Registries) newChain(registry *endpoint, repo name.Repository) (chain link, auth *authLink) {
	destinations := destinations{hosts: r.hosts, registry: registry}

	chain = &connectLink{destinations: destinations, connections: r.connections, userAgent: r.userAgent}
	chain = &recordLink{next: chain, host: registry.host, log: r.Log}
	chain = &limitLink{next: chain, limits: r.limits, slots: &r.slots}
	chain = &retryLink{next: chain, retry: r.retry}
	auth = newAuthLink(chain, r, destinations, repositoryAt(registry, repo))
	redirect := &redirectLink{next: auth, check: destinations.checkRedirect}
	chain = &schemeLink{next: redirect, registry: registry, repo: repo}
	chain = &locationLink{next: chain, redirected: redirect, registry: registry}
	return chain, auth
}
