package tke

import (
	"cmp"
	"context"
	"time"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/cloudapi"
)

const (
	service = "tke"
	version = "2018-05-25"

	// DefaultMaxRequestsPerSecond stays clear of the service's 20 requests a second for each
	// action.
	DefaultMaxRequestsPerSecond = 15

	// DefaultPollInterval is the time between two looks at a cache that is being built.
	DefaultPollInterval = 3 * time.Second
)

// Config is what a Client is made from. Only Credentials and Region are required; service and
// version are not.
type Config struct {
	cloudapi.Config // MaxRequestsPerSecond has a default here, DefaultMaxRequestsPerSecond

	PollInterval time.Duration // default DefaultPollInterval
}

// Client calls the five actions. It is safe for concurrent use, and makes no request until it is
// asked for one.
type Client struct {
	api      *cloudapi.Client
	byID     *idLoader
	pollByID *idLoader // for those who follow a build
	byName   *nameLoader
	listings regionListings
	poll     time.Duration

	listingPages int64
}

// New makes a client. It fails only on an endpoint that is not a URL with scheme and host.
func New(config Config) (*Client, error) {
	config.Service, config.Version = service, version
	if config.MaxRequestsPerSecond <= 0 {
		config.MaxRequestsPerSecond = DefaultMaxRequestsPerSecond
	}
	api, err := cloudapi.New(config.Config)
	if err != nil {
		return nil, err
	}
	client := &Client{
		api:          api,
		poll:         cmp.Or(config.PollInterval, DefaultPollInterval),
		listingPages: maxListingPages(config.MaxRequestsPerSecond),
	}
	client.byID = newIDLoader(client, batchWait)
	client.pollByID = newIDLoader(client, max(batchWait, client.poll/pollBatchDivisor))
	client.byName = newNameLoader(client)
	return client, nil
}

// callAction makes one API call. Reads and deletes may be sent twice. Creates and updates are
// uninterruptible: the response carries the new id, or says whether a build has begun.
func callAction[Out any](ctx context.Context, c *Client, action string, in any) (Out, error) {
	return cloudapi.Call[Out](ctx, c.api, cloudapi.Action{
		Name:            action,
		Repeatable:      action == ActionDescribe || action == ActionMatch || action == ActionDelete,
		Uninterruptible: action == ActionCreate || action == ActionUpdate,
	}, in)
}
