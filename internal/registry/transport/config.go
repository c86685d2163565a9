package transport

import (
	"cmp"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"time"

	"github.com/google/go-containerregistry/pkg/name"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/redact"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/registry/failure"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/registry/hostsdir"
)

// Config is how registries are read. The zero value reads with Docker's credentials and the default
// bounds.
type Config struct {
	Hosts           map[string]Host // by host[:port], as references name it
	HostsDir        *hostsdir.Dir   // mirrors and TLS settings as containerd has them; Hosts come first
	CACertificates  string          // PEM, trusted for every host beside the system's
	DockerConfigDir string          // "" follows Docker's rules: DOCKER_CONFIG, ~/.docker, credential helpers
	UserAgent       string          // also the client id at token services
	// for tests; nil clones http.DefaultTransport. TLS settings need a *http.Transport
	Base http.RoundTripper

	Limits Limits
	Retry  Retry

	// Secrets is what neither an error nor a log may show. Credentials and tokens are added to it.
	// nil is a new set.
	Secrets *redact.Secrets

	// Log receives every request and every failed lookup of credentials, without secrets. nil logs
	// nothing.
	Log func(ctx context.Context, message string, fields map[string]any)
}

// Host is how one registry is read.
type Host struct {
	Username, Password string
	PlainHTTP          bool     // http instead of https
	InsecureSkipVerify bool     // https without verification of the certificate
	CACertificate      string   // PEM, trusted beside the system's
	ClientCertificate  string   // PEM, shown to the host where it asks for one
	ClientKey          string   // PEM, of that certificate
	Mirrors            []string // hosts or URLs, asked in order before the host itself; nil leaves them to HostsDir
	Pending            bool     // some of it is not known yet: nothing is sent to this host

	client  *clientIdentity     // parsed
	mirrors []hostsdir.Endpoint // parsed
}

// clientIdentity is what a client shows to a server. A pointer to it distinguishes connections.
type clientIdentity struct{ certificates []tls.Certificate }

// Limits bound what one host may cost. Zero values take the default.
type Limits struct {
	RequestsPerHost   int           // in flight at one time; 32, and fewer at a host that answers 429 or 503
	HeaderTimeout     time.Duration // for an answer to begin; 30 s
	IdleTimeout       time.Duration // after so long spent waiting for a body, its speed is judged; 30 s
	MinBytesPerSecond int64         // a slower body is aborted; 1024
	DocumentTimeout   time.Duration // for the whole body of a manifest, a configuration or a token; 60 s
}

// Retry is how often a failed request is repeated, and after which wait. Zero values take the
// default.
type Retry struct {
	Max           int           // attempts after the first; 3, negative for none
	WaitMin       time.Duration // before the second attempt, doubled for each; 500 ms
	WaitMax       time.Duration // the longest wait that the registry did not ask for; 10 s
	RetryAfterMax time.Duration // the longest wait that a registry may ask for; 60 s, more is an error at once
	Resumes       int           // of one broken stream or range; 10
}

func (l Limits) withDefaults() Limits {
	return Limits{
		RequestsPerHost:   cmp.Or(l.RequestsPerHost, 32),
		HeaderTimeout:     cmp.Or(l.HeaderTimeout, 30*time.Second),
		IdleTimeout:       cmp.Or(l.IdleTimeout, 30*time.Second),
		MinBytesPerSecond: cmp.Or(l.MinBytesPerSecond, 1024),
		DocumentTimeout:   cmp.Or(l.DocumentTimeout, 60*time.Second),
	}
}

func (r Retry) withDefaults() Retry {
	return Retry{
		Max:           max(cmp.Or(r.Max, 3), 0),
		WaitMin:       cmp.Or(r.WaitMin, 500*time.Millisecond),
		WaitMax:       cmp.Or(r.WaitMax, 10*time.Second),
		RetryAfterMax: cmp.Or(r.RetryAfterMax, 60*time.Second),
		Resumes:       cmp.Or(r.Resumes, 10),
	}
}

// DockerHub is how users and containerd name Docker Hub; its API answers at name.DefaultRegistry.
const DockerHub = "docker.io"

// hostTable is the configuration of hosts, by hostKey.
type hostTable map[string]Host

func (t hostTable) find(host string) (Host, bool) {
	found, configured := t[hostKey(host)]
	return found, configured
}

// hostKey returns the one spelling of a registry's host that configuration is looked up with.
func hostKey(host string) string {
	switch host = strings.ToLower(host); host {
	case DockerHub, "registry-1.docker.io":
		return name.DefaultRegistry
	}
	return host
}

const hostLabel = `[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?`

var hostGrammar = regexp.MustCompile(
	`^(?:\[[a-fA-F0-9:]+\]|` + hostLabel + `(?:\.` + hostLabel + `)*)(?::[0-9]{1,5})?$`)

// IsHost returns whether a text is a host name or an address, perhaps with a port, as references
// have it.
func IsHost(text string) bool { return hostGrammar.MatchString(text) }

func checkHosts(hosts map[string]Host) (hostTable, error) {
	checked := make(hostTable, len(hosts))
	for host, config := range hosts {
		key := hostKey(host)
		if _, twice := checked[key]; twice {
			return nil, fmt.Errorf("registry %q is configured twice under different spellings", host)
		}
		if err := checkHost(host, &config); err != nil {
			return nil, fmt.Errorf("registry %q: %w", failure.RedactReference(host), err)
		}
		checked[key] = config
	}
	return checked, nil
}

// checkHost checks one host, and parses its client certificate and its mirrors.
func checkHost(host string, config *Host) error {
	if config.ClientCertificate != "" && config.ClientKey != "" {
		pair, err := tls.X509KeyPair([]byte(config.ClientCertificate), []byte(config.ClientKey))
		if err != nil { // its text has nothing of either
			return fmt.Errorf("the client certificate and its key cannot be used: %w", err)
		}
		config.client = &clientIdentity{certificates: []tls.Certificate{pair}}
	}
	for _, written := range config.Mirrors {
		mirror, err := parseMirror(written)
		if err != nil {
			return fmt.Errorf("mirror %q: %w", failure.RedactReference(written), err)
		}
		config.mirrors = append(config.mirrors, mirror)
	}
	switch {
	case !IsHost(host):
		return errors.New("write a host name and perhaps a port, without scheme and path")
	case config.Password != "" && config.Username == "":
		return errors.New("a password needs a username")
	case config.Username != "" && config.Password == "":
		return errors.New("a username needs a password")
	case (config.ClientCertificate == "") != (config.ClientKey == ""):
		return errors.New("a client certificate needs its key, and a key its certificate")
	case config.CACertificate != "" && !x509.NewCertPool().AppendCertsFromPEM([]byte(config.CACertificate)):
		return errors.New("the CA certificate is not PEM")
	}
	return nil
}

func parseMirror(written string) (hostsdir.Endpoint, error) {
	mirror, err := hostsdir.NewMirror(written)
	if err == nil && !IsHost(mirror.Host) {
		err = errors.New("that is no host name")
	}
	return mirror, err
}
