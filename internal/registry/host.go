package registry

import (
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/registry/failure"
)

// dockerHub is how users and containerd name Docker Hub; its API answers at name.DefaultRegistry.
const dockerHub = "docker.io"

// Host is how to speak to one registry.
type Host struct {
	Username, Password string
	PlainHTTP          bool   // http instead of https
	InsecureSkipVerify bool   // https without checking the certificate
	CACertificate      string // PEM, trusted besides the system's
	Pending            bool   // some of it is not known yet: nothing is sent to this host
}

// secrets are the texts that must never be seen.
func (h Host) secrets() []string {
	return credentials{AuthConfig: authn.AuthConfig{Username: h.Username, Password: h.Password}}.secrets()
}

// endpoint is a registry that this client speaks to, and what was learned about it on the way.
type endpoint struct {
	host           string
	config         Host
	scheme         atomic.Pointer[string]     // nil until it is known
	ignoresRange   atomic.Bool                // answered a Range request with the whole blob
	shownAt        atomic.Pointer[netip.Addr] // where it showed a certificate for its name
	lacksReferrers atomic.Bool                // does not know the referrers API
	servedRanges   atomic.Bool                // served several ranges in one answer
	oneRange       oneRange
}

// oneRange is whether a host serves one range per request, as it is known now or was known to an earlier run.
type oneRange struct {
	host   string
	store  HostStore // may be nil
	lookUp sync.Once
	known  atomic.Bool
}

func (o *oneRange) isKnown() bool {
	o.lookUp.Do(func() {
		if o.store != nil && o.store.ServesOneRange(o.host) {
			o.known.Store(true)
		}
	})
	return o.known.Load()
}

// remember returns whether this is news.
func (o *oneRange) remember() bool {
	news := !o.known.Swap(true)
	if news && o.store != nil {
		o.store.PutServesOneRange(o.host)
	}
	return news
}

func newEndpoint(host string, config Host, store HostStore) *endpoint {
	e := &endpoint{host: host, config: config}
	e.oneRange.host, e.oneRange.store = host, store
	switch {
	case config.PlainHTTP:
		e.settle("http")
	case !isLoopback(host) || config.InsecureSkipVerify || config.CACertificate != "":
		e.settle("https")
	}
	return e
}

func (e *endpoint) settle(scheme string) { e.scheme.Store(&scheme) }

// schemeNow is the scheme in use: for a loopback host of which nothing is known yet, plain HTTP, as containerd and
// go-containerregistry assume for development registries.
func (e *endpoint) schemeNow() (scheme string, settled bool) {
	if s := e.scheme.Load(); s != nil {
		return *s, true
	}
	return "http", false
}

// origin is the scheme, host and port that credentials are for.
func (e *endpoint) origin() *url.URL {
	scheme, _ := e.schemeNow()
	return &url.URL{Scheme: scheme, Host: e.host}
}

// sameOrigin compares scheme, host and port (RFC 6454, section 5).
func sameOrigin(a, b *url.URL) bool {
	return a.Scheme == b.Scheme && hostPort(a) == hostPort(b)
}

func hostPort(u *url.URL) string {
	port := u.Port()
	if port == "" {
		port = map[string]string{"http": "80", "https": "443"}[u.Scheme]
	}
	return net.JoinHostPort(strings.ToLower(u.Hostname()), port)
}

// hostKey is the one spelling of a registry's host that configuration is looked up with.
func hostKey(host string) string {
	switch host = strings.ToLower(host); host {
	case dockerHub, "registry-1.docker.io":
		return name.DefaultRegistry
	}
	return host
}

func checkedHosts(hosts map[string]Host) (map[string]Host, error) {
	checked := make(map[string]Host, len(hosts))
	for host, config := range hosts {
		key := hostKey(host)
		if _, twice := checked[key]; twice {
			return nil, fmt.Errorf("registry %q is configured twice under different spellings", host)
		}
		if err := checkHost(host, config); err != nil {
			return nil, err
		}
		checked[key] = config
	}
	return checked, nil
}

func checkHost(host string, config Host) error {
	fail := func(reason string) error {
		return fmt.Errorf("registry %q: %w", failure.RedactReference(host), errors.New(reason))
	}
	switch {
	case !hostGrammar.MatchString(host):
		return fail("write a host name and perhaps a port, without scheme and path")
	case config.Password != "" && config.Username == "":
		return fail("a password needs a username")
	case config.Username != "" && config.Password == "":
		return fail("a username needs a password")
	case config.CACertificate != "" && !x509.NewCertPool().AppendCertsFromPEM([]byte(config.CACertificate)):
		return fail("the CA certificate is not PEM")
	}
	return nil
}
