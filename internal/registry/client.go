package registry

import (
	"sync"

	"github.com/google/go-containerregistry/pkg/name"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/redact"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/registry/failure"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/registry/transport"
)

// Config is how images are read. The zero value reads with Docker's own credentials and sensible
// bounds.
type Config struct {
	Transport    transport.Config
	HostsPending bool          // hosts that Transport leaves open are not known yet: a refusal may be due to that
	Manifests    ManifestStore // keeps documents between runs; nil keeps none
	HostFacts    HostStore     // keeps what is learned of hosts between runs; nil keeps nothing
}

// ManifestStore keeps manifests, indexes and configurations by digest. What it returns is verified,
// so that a damaged entry costs a request and nothing else.
type ManifestStore interface {
	Get(digest string) ([]byte, bool)
	Put(digest string, document []byte)
}

// HostStore keeps for a while what was seen of hosts, which costs a request to find out, or a wait
// for one.
type HostStore interface {
	HasFact(host string, fact HostFact) bool
	PutFact(host string, fact HostFact)
}

// HostFact is what a host was seen to do. Its text is part of what is kept.
type HostFact string

// The facts.
const (
	OneRange      HostFact = "one range per request"
	SeveralRanges HostFact = "several ranges per request"
	NoReferrers   HostFact = "no referrers API"
)

// Client reads images. It is safe for concurrent use; tokens and connections live as long as it
// does.
type Client struct {
	registries   *transport.Registries
	hostsPending bool
	manifests    ManifestStore
	hostStore    HostStore
	secrets      *redact.Secrets

	mu    sync.Mutex
	hosts map[string]*hostFacts
}

// New checks the configuration and makes no request.
func New(config Config) (*Client, error) {
	registries, err := transport.New(config.Transport)
	if err != nil {
		return nil, err
	}
	return &Client{
		registries: registries, hostsPending: config.HostsPending, manifests: config.Manifests,
		hostStore: config.HostFacts, secrets: registries.Secrets(), hosts: map[string]*hostFacts{},
	}, nil
}

// factsOf returns what was learned of a host, the same for all its repositories.
func (c *Client) factsOf(host string) *hostFacts {
	c.mu.Lock()
	defer c.mu.Unlock()
	facts, found := c.hosts[host]
	if !found {
		facts = newHostFacts(host, c.hostStore)
		c.hosts[host] = facts
	}
	return facts
}

// readerOf returns the reader of an image's repository.
func (c *Client) readerOf(repo name.Repository, image string) imageReader {
	repository := c.registries.Repository(repo)
	return imageReader{client: c, repository: repository, facts: c.factsOf(repository.Via()), image: image}
}

// readerOfImage returns the reader of an image that Resolve returned.
func (c *Client) readerOfImage(image *Image) (imageReader, error) {
	if image.repo == (name.Repository{}) {
		return imageReader{}, &failure.Error{
			Image: failure.RedactReference(image.Reference), Kind: failure.InvalidReference, Err: errNotResolved,
		}
	}
	return c.readerOf(image.repo, image.Reference), nil
}
