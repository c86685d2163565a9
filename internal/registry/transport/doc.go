// Package transport sends requests to container registries.
//
// A registry has endpoints, its mirrors and itself (mirrors.go), which the routeLink asks in turn
// (route.go). At each, a request passes a chain of links, which newChain (chain.go) assembles, from
// the outside in:
//
//	locationLink   asks where the registry redirected to a moment ago    (location.go)
//	schemeLink     addresses the registry: https, or plain HTTP          (scheme.go)
//	redirectLink   follows redirects to the places that are allowed      (redirect.go)
//	authLink       answers challenges, each origin for itself            (auth.go, token.go, foreign.go)
//	retryLink      repeats what failed in passing, reads documents whole (retry.go)
//	limitLink      limits requests per host, aborts answers that stall   (limit.go)
//	recordLink     logs each attempt, counts its cost                    (record.go)
//	connectLink    chooses TLS settings and guards addresses             (connect.go, tls.go, guard.go)
//
// Above the chain, Content resumes a stream or a range at its offset (resume.go).
//
// # Where credentials go
//
// Credentials are looked up only when the registry asks for them (RFC 9110, section 11.6.1), and go
// to that registry's own origin (scheme, host and port) or to the token realm that it names, as the
// token protocol requires (https://distribution.github.io/distribution/spec/auth/token/). A realm
// must be https, unless the registry itself is spoken to in plain HTTP or the realm's host is
// configured for it. The Authorization header is set beneath the link that follows redirects, per
// request, and only when the request's origin is the registry's: a redirect cannot carry it away.
//
// A mirror is a registry of its own in this: it is sent the credentials of its own host, and a
// header of its hosts.toml goes to its origin and nowhere else. A client certificate is shown to
// its own host name.
//
// A token service may redirect within its host. Another registry, to which all is redirected, may
// want a token: it gets the anonymous one that its own token service issues.
//
// # Where requests go
//
// A registry may redirect to any host over https, but not down to plain HTTP (unless it is a plain
// HTTP registry, or the host is configured so). Its own host name and configured hosts may be
// anywhere. Of all others, for blobs and for token realms alike, the address is judged at the
// connection (guard.go), after the name is resolved and before anything is sent, with each IPv4
// address that an IPv6 address carries (address.go):
//
//   - Public addresses and private networks are open.
//   - Loopback, metadata services and addresses of no host are refused, unless the registry itself
//     is there: by the address that its name is, or because it has shown a certificate for its name
//     there.
//   - Link-local addresses are refused over plain HTTP, and in place of a name. Over https a name
//     may lead there: inside a VPC of Tencent Cloud, Container Registry redirects to object storage
//     at 169.254.0.47, which has a certificate for its name. The metadata service, which has none,
//     is refused all the same.
//
// Through a proxy the connection leads to the proxy, which the user chose; then the URL alone is
// judged, with its host folded as net/http folds it.
//
// go-containerregistry's own transport is not used: it refuses a token realm on a private address
// (that of a Harbor at 10.0.0.5, on another port), asks /v2/ once more for every repository, and
// lets concurrent requests each renew an expired token.
package transport
