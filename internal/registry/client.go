package registry

import (
	"context"
	"net/http"
	"sync"
	"time"

	"github.com/google/go-containerregistry/pkg/name"
	"golang.org/x/sync/semaphore"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/redact"
)

// Config says how to read registries. The zero value reads with Docker's own credentials and sensible bounds.
type Config struct {
	Hosts           map[string]Host // by host[:port], as references name it
	HostsPending    bool            // what Hosts leaves open is not known yet: a refusal may be due to that
	DockerConfigDir string          // "" follows Docker's rules: DOCKER_CONFIG, ~/.docker, credential helpers
	UserAgent       string
	Manifests       ManifestStore     // keeps documents between runs; nil keeps none
	HostFacts       HostStore         // keeps what is learned of hosts between runs; nil keeps nothing
	Transport       http.RoundTripper // for tests; nil clones http.DefaultTransport. TLS settings need a *http.Transport

	Limits Limits
	Retry  Retry

	// Secrets is what neither an error nor a log may show; what is found and received on the way is added. Default: a set of its own.
	Secrets *redact.Secrets

	// Log is told of every request and of every failed lookup of credentials. It never gets a secret.
	Log func(ctx context.Context, message string, fields map[string]any)
}

// ManifestStore keeps manifests, indexes and configurations by digest. What it gives is verified, so a damaged entry costs
// a request and nothing else.
type ManifestStore interface {
	Get(digest string) ([]byte, bool)
	Put(digest string, document []byte)
}

// HostStore keeps for a while that a host serves one range per request, which costs a request to find out.
type HostStore interface {
	ServesOneRange(host string) bool
	PutServesOneRange(host string)
}

// Limits bound what one host may cost. Zero values take the default.
type Limits struct {
	RequestsPerHost   int           // in flight at one time; 32, since most are ranges of 64 KiB
	HeaderTimeout     time.Duration // for an answer to begin; 30 s
	IdleTimeout       time.Duration // after so long spent waiting for a body, its speed is judged; 30 s
	MinBytesPerSecond int64         // a body slower than this is given up; 1024
	DocumentTimeout   time.Duration // for the whole body of a manifest, a configuration or a token; 60 s
}

// Retry says how often and how patiently a failed request is made again. Zero values take the default.
type Retry struct {
	Max           int           // attempts after the first; 3, negative for none
	WaitMin       time.Duration // before the second attempt, doubled for each; 500 ms
	WaitMax       time.Duration // the longest wait of our own; 10 s
	RetryAfterMax time.Duration // the longest wait that a registry may ask for; 60 s, more is an error at once
	Resumes       int           // of one broken stream or range; 10
}

func (l Limits) withDefaults() Limits {
	return Limits{
		RequestsPerHost:   orDefault(l.RequestsPerHost, 32),
		HeaderTimeout:     orDefault(l.HeaderTimeout, 30*time.Second),
		IdleTimeout:       orDefault(l.IdleTimeout, 30*time.Second),
		MinBytesPerSecond: orDefault(l.MinBytesPerSecond, 1024),
		DocumentTimeout:   orDefault(l.DocumentTimeout, 60*time.Second),
	}
}

func (r Retry) withDefaults() Retry {
	return Retry{
		Max:           max(orDefault(r.Max, 3), 0),
		WaitMin:       orDefault(r.WaitMin, 500*time.Millisecond),
		WaitMax:       orDefault(r.WaitMax, 10*time.Second),
		RetryAfterMax: orDefault(r.RetryAfterMax, 60*time.Second),
		Resumes:       orDefault(r.Resumes, 10),
	}
}

func orDefault[T comparable](value, fallback T) T {
	var zero T
	if value == zero {
		return fallback
	}
	return value
}

// Client reads registries. It is safe for concurrent use; tokens and connections live as long as it does.
type Client struct {
	limits     Limits
	retry      Retry
	userAgent  string
	hosts      map[string]Host
	pending    bool
	manifests  ManifestStore
	hostFacts  HostStore
	helperSlot *semaphore.Weighted // credential helpers are run one at a time

	dockerConfigDir string
	transports      *transports
	slots           slots
	secrets         *redact.Secrets
	logTo           func(ctx context.Context, message string, fields map[string]any)

	mu        sync.Mutex
	endpoints map[string]*endpoint
	sessions  map[string]*session
}

// New checks the configuration and makes no request.
func New(config Config) (*Client, error) {
	hosts, err := checkedHosts(config.Hosts)
	if err != nil {
		return nil, err
	}
	c := &Client{
		limits:     config.Limits.withDefaults(),
		retry:      config.Retry.withDefaults(),
		userAgent:  orDefault(config.UserAgent, "terraform-provider-tkeimage"),
		hosts:      hosts,
		pending:    config.HostsPending,
		manifests:  config.Manifests,
		hostFacts:  config.HostFacts,
		helperSlot: semaphore.NewWeighted(1), dockerConfigDir: config.DockerConfigDir,
		secrets:   config.Secrets,
		logTo:     config.Log,
		endpoints: map[string]*endpoint{},
		sessions:  map[string]*session{},
	}
	c.slots.size = int64(c.limits.RequestsPerHost)
	c.transports = newTransports(config.Transport, c.limits)
	if c.secrets == nil {
		c.secrets = new(redact.Secrets)
	}
	for host, configured := range hosts {
		c.secrets.AddPublic(host)
		c.secrets.Add(configured.secrets()...)
	}
	return c, nil
}

// log redacts what it passes on: hosts and paths may be those of a redirect.
func (c *Client) log(ctx context.Context, message string, fields map[string]any) {
	if c.logTo == nil {
		return
	}
	for name, value := range fields {
		if text, ok := value.(string); ok {
			fields[name] = c.secrets.Value(text)
		}
	}
	c.logTo(ctx, message, fields)
}

// session gives the one session of a repository: forty layers authenticate once.
func (c *Client) session(repo name.Repository) *session {
	c.mu.Lock()
	defer c.mu.Unlock()
	if s, found := c.sessions[repo.Name()]; found {
		return s
	}
	host := repo.RegistryStr()
	registry, found := c.endpoints[host]
	if !found {
		c.secrets.AddPublic(host)
		registry = newEndpoint(host, c.hosts[hostKey(host)], c.hostFacts)
		c.endpoints[host] = registry
	}
	s := newSession(c, registry, repo)
	c.sessions[repo.Name()] = s
	return s
}
