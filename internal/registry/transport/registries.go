package transport

import (
	"context"
	"io"
	"net/http"
	"sync"

	"github.com/google/go-containerregistry/pkg/name"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/redact"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/registry/dockerconfig"
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

	mu           sync.Mutex
	endpoints    map[string]*endpoint
	repositories map[string]*Repository
}

// New checks the configuration and makes no request.
func New(config Config) (*Registries, error) {
	hosts, err := checkHosts(config.Hosts)
	if err != nil {
		return nil, err
	}
	r := &Registries{
		hosts:        hosts,
		userAgent:    orDefault(config.UserAgent, "terraform-provider-tkeimage"),
		limits:       config.Limits.withDefaults(),
		retry:        config.Retry.withDefaults(),
		docker:       dockerconfig.New(config.DockerConfigDir),
		secrets:      config.Secrets,
		logTo:        config.Log,
		endpoints:    map[string]*endpoint{},
		repositories: map[string]*Repository{},
	}
	r.slots.size = int64(r.limits.RequestsPerHost)
	r.connections = newConnections(config.Base, r.limits)
	if r.secrets == nil {
		r.secrets = new(redact.Secrets)
	}
	for host, configured := range hosts {
		r.secrets.AddPublic(host)
		r.secrets.Add(configured.configuredCredentials().listSecrets()...)
	}
	return r, nil
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
	registry, found := r.endpoints[host]
	if !found {
		r.secrets.AddPublic(host)
		config, _ := r.hosts.find(host)
		registry = newEndpoint(host, config)
		r.endpoints[host] = registry
	}
	made := &Repository{registry: registry, retry: r.retry}
	made.chain, made.auth = r.newChain(registry, repo)
	r.repositories[repo.Name()] = made
	return made
}

// Repository sends requests to one repository. They share its token, and what was learned about its
// registry.
type Repository struct {
	registry *endpoint
	retry    Retry
	chain    link
	auth     *authLink
}

// Host returns the host of the registry, as the reference names it.
func (r *Repository) Host() string { return r.registry.host }

// Settings returns how the registry is configured.
func (r *Repository) Settings() Host { return r.registry.config }

// Send makes a request. The answer's Request is the last one made, with the URL that redirects led
// to.
func (r *Repository) Send(ctx context.Context, req Request) (*http.Response, error) {
	return r.chain.roundTrip(ctx, req)
}

// ReadDocument makes a request and returns the answer's body, of at most req.MaxBytes.
func (r *Repository) ReadDocument(ctx context.Context, req Request) ([]byte, error) {
	resp, err := r.Send(ctx, req)
	if err != nil {
		return nil, err
	}
	if resp.StatusCode != http.StatusOK {
		return nil, r.StatusError(resp)
	}
	defer resp.Body.Close()
	return io.ReadAll(resp.Body)
}

// StatusError returns what a failed answer means, and closes it.
func (r *Repository) StatusError(resp *http.Response) error {
	if !sameOrigin(resp.Request.URL, r.registry.origin()) {
		return statusError(resp, nil)
	}
	return statusError(resp, r.auth)
}

func orDefault[T comparable](value, fallback T) T {
	var zero T
	if value == zero {
		return fallback
	}
	return value
}
