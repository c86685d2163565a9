package tke

import (
	"cmp"
	"context"
	"net/http"
	"time"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/cloudapi"
)

const (
	service = "tke"
	version = "2018-05-25"

	// DefaultMaxRequestsPerSecond stays clear of the service's 20 requests a second for each action.
	DefaultMaxRequestsPerSecond = 15

	// DefaultPollInterval is the time between two looks at a cache that is being built.
	DefaultPollInterval = 3 * time.Second
)

// Config is what a Client is made from. Only Credentials and Region are required.
type Config struct {
	Credentials cloudapi.Credentials
	Region      string

	// Endpoint is a whole URL with scheme, for private endpoints and local stand-ins.
	// When empty, the host is tke.<Domain> over Scheme.
	Endpoint string
	Domain   string // root domain, default tencentcloudapi.com
	Scheme   string // HTTP or HTTPS, default HTTPS

	UserAgent     string // the User-Agent header of every request
	RequestClient string // the X-TC-RequestClient header, beside the SDK's own version

	MaxRequestsPerSecond float64           // over all actions; default DefaultMaxRequestsPerSecond
	PollInterval         time.Duration     // default DefaultPollInterval
	RetryWait            time.Duration     // the first wait between tries, doubled from then on; default 250 ms
	TryTimeout           time.Duration     // the longest that a single try may take; default 30 s
	Transport            http.RoundTripper // the wire; default http.DefaultTransport
}

// Client calls the five actions. It is safe for concurrent use, and makes no request until it is asked for one.
type Client struct {
	api       *cloudapi.Client
	reader    *reader
	waiting   *reader // for those who follow a build
	namesakes *namesakes
	sweeper   sweeper
	poll      time.Duration

	sweepPages int64
}

// New makes a client. It fails only on an endpoint that is not a URL with scheme and host.
func New(config Config) (*Client, error) {
	perSecond := config.MaxRequestsPerSecond
	if perSecond <= 0 {
		perSecond = DefaultMaxRequestsPerSecond
	}
	api, err := cloudapi.New(cloudapi.Config{
		Service: service, Version: version, Region: config.Region, Credentials: config.Credentials,
		Endpoint: config.Endpoint, Domain: config.Domain, Scheme: config.Scheme,
		UserAgent: config.UserAgent, RequestClient: config.RequestClient,
		MaxRequestsPerSecond: perSecond, RetryWait: config.RetryWait, TryTimeout: config.TryTimeout, Transport: config.Transport,
	})
	if err != nil {
		return nil, err
	}
	client := &Client{api: api, poll: cmp.Or(config.PollInterval, DefaultPollInterval), sweepPages: sweepPages(perSecond)}
	client.reader = newReader(client, gatherFor)
	client.waiting = newReader(client, max(gatherFor, client.poll/gatherPart))
	client.namesakes = newNamesakes(client)
	return client, nil
}

// call makes one API call. Reads and deletes may be sent twice, and the id in the answer to a create is worth the wait.
func call[Out any](ctx context.Context, c *Client, action string, in any) (Out, error) {
	return cloudapi.Call[Out](ctx, c.api, cloudapi.Action{
		Name:       action,
		Repeatable: action == ActionDescribe || action == ActionMatch || action == ActionDelete,
		Untorn:     action == ActionCreate,
	}, in)
}
