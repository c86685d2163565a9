// Package registry turns an image reference into what its registry says about it: the manifest of
// one platform, the layers in order with their diff and chain ids, each layer's bytes as ranges or
// as one stream, and artifacts that refer to the image.
//
// It is written as layers that each do one thing, from the outside in:
//
//	Client.Resolve, Client.Blob   what callers see (resolve.go, blob.go, stream.go),
//	Client.Referrers, .Artifact   for what there is beside an image too (referrers.go)
//	imageReader                   one image's reads: names the image in every error (imagereader.go)
//	session                       one repository: redirects, and Authorization for its own host only (session.go, auth.go)
//	retrying                      a bounded number of attempts that heed Retry-After and the context (retry.go)
//	polite                        few requests per host at a time, and no patience for a silent host (polite.go)
//	transports                    TLS per host, proxies from the environment, guarded dialling (transport.go)
//
// # What is trusted
//
// The user's reference and configuration. Everything that a registry sends is checked: documents
// are bounded and verified against their digests, sizes must add up, a whole layer is verified at
// its end, a range must be the one that was asked for.
//
// # Where credentials go
//
// Credentials are looked up only when the registry asks for them (RFC 9110, section 11.6.1), and go
// to that registry's own origin (scheme, host and port) or to the token realm that it names, as the
// token protocol requires (https://distribution.github.io/distribution/spec/auth/token/). A realm
// must be https, unless the registry itself is spoken to in plain HTTP or the realm's host is
// configured for it. The Authorization header is set beneath the code that follows redirects, per
// request, and only when the request's origin is the registry's: a redirect cannot carry it away.
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
//   - Loopback, metadata services and addresses of no host are refused, unless the registry itself is there: by the
//     address that its name is, or because it has shown a certificate for its name there.
//   - Link-local addresses are refused over plain HTTP, and in place of a name. Over https a name may lead there: inside
//     a VPC of Tencent Cloud, Container Registry redirects to object storage at 169.254.0.47, which holds a certificate
//     for its name. The metadata service, which holds none, is refused all the same.
//
// Through a proxy the connection leads to the proxy, which the user chose; then the URL alone is
// judged, with its host folded as net/http folds it.
//
// go-containerregistry supplies references, keychains and the types of manifests. Its own transport
// is not used because it refuses a token realm on a private address (a Harbor on 10.0.0.5 with its
// realm on another port), asks /v2/ once more for every repository, and renews tokens without a
// lock.
package registry
