package transport

import (
	"cmp"
	"context"
	"crypto/x509"
	"errors"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"

	"github.com/google/go-containerregistry/pkg/name"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/redact"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/registry/dockerconfig"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/registry/hostsdir"
)

// Registries sends requests to registries. It is safe for concurrent use; tokens and connections
// live as long as it does.
type Registries struct {
	hosts       hostTable
	userAgent   string
	limits      Limits
	retry       Retry
	docker      *dockerconfig.Config
	connections *connections
	slots       slots
	secrets     *redact.Secrets
	logTo       func(ctx context.Context, message string, fields map[string]any)

	hostsDir     *hostsdir.Dir
	mu           sync.Mutex
	endpoints    map[string][]*endpoint // by the registry that images name
	repositories map[string]*Repository
}

// New checks the configuration and makes no request.
func New(config Config) (*Registries, error) {
	hosts, err := checkHosts(config.Hosts)
	if err != nil {
		return nil, err
	}
	if config.CACertificates != "" && !x509.NewCertPool().AppendCertsFromPEM([]byte(config.CACertificates)) {
		return nil, ErrCACertificates
	}
	r := &Registries{
		hosts:        hosts,
		userAgent:    cmp.Or(config.UserAgent, "terraform-provider-tkeimage"),
		limits:       config.Limits.withDefaults(),
		retry:        config.Retry.withDefaults(),
		docker:       dockerconfig.New(config.DockerConfigDir),
		secrets:      config.Secrets,
		logTo:        config.Log,
		hostsDir:     config.HostsDir,
		endpoints:    map[string][]*endpoint{},
		repositories: map[string]*Repository{},
	}
	r.slots.size = r.limits.RequestsPerHost
	r.connections = newConnections(config.Base, r.limits, config.CACertificates)
	if r.secrets == nil {
		r.secrets = new(redact.Secrets)
	}
	for host, configured := range hosts {
		r.secrets.AddPublic(host)
		r.secrets.Add(configured.configuredCredentials().listSecrets()...)
		r.secrets.Add(configured.ClientKey)
	}
	for _, at := range config.HostsDir.All() {
		r.secrets.AddPublic(at.Host)
		r.addHeaderSecrets(at.Header)
	}
	return r, nil
}

// ErrCACertificates is the error of certificates for all hosts that are none.
var ErrCACertificates = errors.New("this is not a certificate in PEM")

// addHeaderSecrets notes the values of headers, and what stands behind a scheme such as Bearer.
func (r *Registries) addHeaderSecrets(header http.Header) {
	for _, values := range header {
		for _, value := range values {
			_, token, _ := strings.Cut(value, " ")
			r.secrets.Add(value, token)
		}
	}
}

// Secrets returns what neither an error nor a log may show.
func (r *Registries) Secrets() *redact.Secrets { return r.secrets }

// Log passes a message on without secrets: hosts and paths may be those of a redirect.
func (r *Registries) Log(ctx context.Context, message string, fields map[string]any) {
	if r.logTo == nil {
		return
	}
	for name, value := range fields {
		if text, ok := value.(string); ok {
			fields[name] = r.secrets.Value(text)
		}
	}
	r.logTo(ctx, message, fields)
}

// Repository returns the one way to a repository: forty layers authenticate once.
func (r *Registries) Repository(repo name.Repository) *Repository {
	r.mu.Lock()
	defer r.mu.Unlock()
	if known, found := r.repositories[repo.Name()]; found {
		return known
	}
	host := repo.RegistryStr()
	endpoints, found := r.endpoints[host]
	if !found {
		endpoints = r.listEndpoints(host)
		r.endpoints[host] = endpoints
	}
	made := &Repository{host: host, retry: r.retry}
	for _, at := range endpoints {
		chain, auth := r.newChain(at, repo)
		made.routes.list = append(made.routes.list, &route{endpoint: at, chain: chain, auth: auth})
	}
	r.repositories[repo.Name()] = made
	return made
}

// Repository sends requests to one repository, at its registry or at a mirror. They share a token
// for each of these, and what was learned about them.
type Repository struct {
	host   string
	retry  Retry
	routes routeLink
}

// Host returns the host of the registry, as the reference names it.
func (r *Repository) Host() string { return r.host }

// Via returns where the repository's content may come from: the registry's host alone, or all
// endpoints in their order. What no digest verifies is theirs, and does not count for others.
func (r *Repository) Via() string {
	var places []string
	for _, at := range r.routes.list {
		place := at.endpoint.host
		if at.endpoint.namespace != "" {
			place += at.endpoint.path
		}
		places = append(places, place)
	}
	return strings.Join(places, ", ")
}

// IsPending returns whether some of the configuration is not known yet.
func (r *Repository) IsPending() bool {
	return slices.ContainsFunc(r.routes.list, func(at *route) bool { return at.endpoint.config.Pending })
}

// HasCredentials returns whether the registry has credentials in its configuration.
func (r *Repository) HasCredentials() bool {
	return slices.ContainsFunc(r.routes.list, func(at *route) bool { return at.endpoint.config.Username != "" })
}

// Send makes a request. The answer's Request is the last one made, with the URL that redirects led
// to.
func (r *Repository) Send(ctx context.Context, req Request) (*http.Response, error) {
	return r.routes.roundTrip(ctx, req)
}

// Document is the body of an answer, and the host that it came from.
type Document struct {
	Data []byte
	Host string
}

// ReadDocument makes a request and returns the answer's body, of at most req.MaxBytes.
func (r *Repository) ReadDocument(ctx context.Context, req Request) (Document, error) {
	resp, err := r.Send(ctx, req)
	if err != nil {
		return Document{}, err
	}
	if resp.StatusCode != http.StatusOK {
		return Document{}, r.StatusError(resp)
	}
	defer resp.Body.Close()
	data, err := io.ReadAll(resp.Body)
	return Document{Data: data, Host: resp.Request.URL.Host}, err
}

// StatusError returns what a failed answer means, and closes it.
func (r *Repository) StatusError(resp *http.Response) error {
	for _, at := range r.routes.list {
		if isSameOrigin(resp.Request.URL, at.endpoint.origin()) {
			return statusError(resp, at.auth)
		}
	}
	return statusError(resp, nil)
}
