package tke

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"github.com/tencentcloud/tencentcloud-sdk-go/tencentcloud/common"
	tchttp "github.com/tencentcloud/tencentcloud-sdk-go/tencentcloud/common/http"
	"github.com/tencentcloud/tencentcloud-sdk-go/tencentcloud/common/profile"
)

const (
	service = "tke"
	version = "2018-05-25"

	// DefaultMaxRequestsPerSecond stays clear of the service's 20 requests a second for each action.
	DefaultMaxRequestsPerSecond = 15

	// DefaultPollInterval is the time between two looks at a cache that is being built.
	DefaultPollInterval = 3 * time.Second
)

// Config is what a Client is made from. Only Credential and Region are required.
type Config struct {
	Credential common.CredentialIface
	Region     string

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
	Transport            http.RoundTripper // the wire; default http.DefaultTransport
}

// Client calls the five actions. It is safe for concurrent use, and makes no request until it is asked for one.
type Client struct {
	sdk     *common.Client
	reader  *reader
	sweeper sweeper
	poll    time.Duration
}

// New makes a client. It fails only on an endpoint that is not a URL with scheme and host.
func New(config Config) (*Client, error) {
	sdkProfile, err := sdkProfile(config)
	if err != nil {
		return nil, err
	}
	if config.PollInterval <= 0 {
		config.PollInterval = DefaultPollInterval
	}
	sdk := new(common.Client).Init(config.Region).
		WithCredential(config.Credential).
		WithProfile(sdkProfile).
		WithHttpTransport(newTransport(config))
	if config.RequestClient != "" {
		sdk.WithRequestClient(config.RequestClient)
	}
	client := &Client{sdk: sdk, poll: config.PollInterval}
	client.reader = newReader(client)
	return client, nil
}

// sdkProfile leaves every retry of the SDK off: they sleep without heeding the context and know only one of the rate
// limit codes. Debug stays off for good, since it prints credentials.
func sdkProfile(config Config) (*profile.ClientProfile, error) {
	p := profile.NewClientProfile()
	p.Language = "en-US"
	p.DisableRegionBreaker = true
	p.HttpProfile.ReqTimeout = 0 // the context bounds a call, the transport a single try
	p.HttpProfile.RootDomain = config.Domain
	if config.Scheme != "" {
		p.HttpProfile.Scheme = config.Scheme
	}
	if config.Endpoint == "" {
		return p, nil
	}
	u, err := url.Parse(config.Endpoint)
	if err != nil || u.Host == "" || (u.Scheme != "http" && u.Scheme != "https") {
		return nil, fmt.Errorf("%q is not a URL such as https://tke.internal.tencentcloudapi.com", config.Endpoint)
	}
	p.HttpProfile.Scheme = u.Scheme
	p.HttpProfile.Endpoint = u.Host + u.Path
	return p, nil
}

// envelope carries a plain Go value through the SDK, which wants requests and responses of its own making.
type envelope struct {
	*tchttp.BaseRequest
	payload any
}

// MarshalJSON sends exactly the fields of the payload.
func (e *envelope) MarshalJSON() ([]byte, error) { return json.Marshal(e.payload) }

type answer struct {
	*tchttp.BaseResponse
	payload any
}

// UnmarshalJSON takes the payload out of the "Response" that surrounds it.
func (a *answer) UnmarshalJSON(data []byte) error {
	return json.Unmarshal(data, &struct{ Response any }{a.payload})
}

// call makes one API call: out is the decoded content of "Response". Every failure is an *Error.
func call[Out any](ctx context.Context, c *Client, action string, in any) (out Out, err error) {
	ctx = withAction(ctx, action)
	request := &envelope{BaseRequest: new(tchttp.BaseRequest).Init().WithApiInfo(service, version, action), payload: in}
	request.SetContext(ctx)
	if err := c.sdk.Send(request, &answer{BaseResponse: &tchttp.BaseResponse{}, payload: &out}); err != nil {
		return out, newError(ctx, action, err)
	}
	return out, nil
}
