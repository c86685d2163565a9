package cloudapi

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

	"github.com/tkeimage/terraform-provider-tkeimage/internal/redact"
)

// Config is what a Client is made from. Service and Version are required.
type Config struct {
	Service string // as it stands in host names and signatures, such as "sts"
	Version string // of the service's API, such as "2018-08-13"
	Region  string

	Credentials Credentials // what signs; nil if every action is unsigned

	// Secrets is what nothing that is returned may show; what a call learns or sends is added.
	// Default: a set of its own.
	Secrets *redact.Secrets

	// Endpoint is a whole URL with scheme, for private endpoints and local stand-ins.
	// When empty, the host is <Service>.<Domain> over Scheme.
	Endpoint string
	Domain   string // root domain, default tencentcloudapi.com
	Scheme   string // HTTP or HTTPS, default HTTPS

	UserAgent     string // the User-Agent header of every request
	RequestClient string // the X-TC-RequestClient header, beside the SDK's own version

	MaxRequestsPerSecond float64 // over all actions; default: no limit
	// of one call at most; default 9, about half a minute of throttling. Only tests have fewer
	Tries      int
	RetryWait  time.Duration     // the first wait between tries, doubled from then on; default 250 ms
	TryTimeout time.Duration     // of one try; default 30 s
	Transport  http.RoundTripper // the wire; default http.DefaultTransport
}

// Client calls one service. It is safe for concurrent use, and makes no request until it is asked
// for one.
type Client struct {
	service, version string
	credentials      Credentials
	secrets          *redact.Secrets
	sdk              *common.Client
}

// Action is one operation of a service, and what may be done to a request for it.
type Action struct {
	Name string

	// Repeatable: sent again after any transient fault. Otherwise only when the service certainly
	// did not act.
	Repeatable bool
	// Uninterruptible: in-flight requests ignore cancellation, because the response carries the new
	// id.
	Uninterruptible bool
	// Unsigned: the service takes it without a signature, and so without credentials.
	Unsigned bool
}

// New makes a client. It fails only on an endpoint that is not a URL of scheme, host and perhaps a
// path.
func New(config Config) (*Client, error) {
	if config.Secrets == nil {
		config.Secrets = new(redact.Secrets)
	}
	sdkProfile, err := sdkProfile(config)
	if err != nil {
		return nil, err
	}
	sdk := new(common.Client).Init(config.Region).
		WithProfile(sdkProfile).
		WithHttpTransport(newTransport(config))
	if config.RequestClient != "" {
		sdk.WithRequestClient(config.RequestClient)
	}
	return &Client{
		service:     config.Service,
		version:     config.Version,
		credentials: config.Credentials,
		secrets:     config.Secrets,
		sdk:         sdk,
	}, nil
}

// sdkProfile leaves every retry of the SDK off: they sleep without heeding the context and know
// only one of the rate limit codes. Debug stays off for good, since it prints credentials.
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
	u, err := parseEndpoint(config)
	if err != nil {
		return nil, err
	}
	p.HttpProfile.Scheme = u.Scheme
	p.HttpProfile.Endpoint = u.Host + u.Path
	return p, nil
}

// parseEndpoint rejects what the SDK cannot represent, rather than dropping it. A path is sent,
// although the signature always covers /: a proxy may remove it.
func parseEndpoint(config Config) (*url.URL, error) {
	u, err := url.Parse(config.Endpoint)
	if err != nil || u.Hostname() == "" || (u.Scheme != "http" && u.Scheme != "https") {
		return nil, fmt.Errorf(
			"%q is not a URL such as https://%s.internal.tencentcloudapi.com",
			config.Endpoint, config.Service,
		)
	}
	if sent := (&url.URL{Scheme: u.Scheme, Host: u.Host, Path: u.Path}); u.String() != sent.String() {
		return nil, fmt.Errorf("%q has more than a scheme, a host and a path: write %s", u.Redacted(), sent)
	}
	return u, nil
}

// envelope carries a plain Go value through the SDK, which wants requests and responses of its own
// making.
type envelope struct {
	*tchttp.BaseRequest
	payload any
}

// MarshalJSON sends exactly the fields of the payload.
func (e *envelope) MarshalJSON() ([]byte, error) { return json.Marshal(e.payload) }

type response struct {
	*tchttp.BaseResponse
	payload any
}

// UnmarshalJSON takes the payload out of the "Response" that surrounds it.
func (a *response) UnmarshalJSON(data []byte) error {
	return json.Unmarshal(data, &struct{ Response any }{a.payload})
}

// SecretHolder is a request or an answer that holds secrets.
type SecretHolder interface{ Secrets() []string }

// Call makes one API call: out is the decoded content of "Response". Every failure is an *Error.
// The strings of an answer are redacted, unless it is a SecretHolder: what is new to this process
// cannot be known.
func Call[Out any](ctx context.Context, c *Client, action Action, in any) (out Out, err error) {
	sdk, err := c.signedClient(ctx, action)
	if err != nil {
		return out, err
	}
	if holder, ok := in.(SecretHolder); ok {
		c.secrets.Add(holder.Secrets()...)
	}
	ctx = withAction(ctx, action)
	request := &envelope{
		BaseRequest: new(tchttp.BaseRequest).Init().WithApiInfo(c.service, c.version, action.Name),
		payload:     in,
	}
	request.SetContext(ctx)
	request.SetSkipSign(action.Unsigned)
	if err := sdk.Send(request, &response{BaseResponse: &tchttp.BaseResponse{}, payload: &out}); err != nil {
		return out, c.newError(ctx, action, err)
	}
	if holder, ok := any(out).(SecretHolder); ok {
		c.secrets.Add(holder.Secrets()...)
	} else {
		c.secrets.Values(&out)
	}
	return out, nil
}

// signedClient returns the SDK's client with the current credential. It shares everything else,
// above all connections.
func (c *Client) signedClient(ctx context.Context, action Action) (*common.Client, error) {
	sdk := *c.sdk
	if action.Unsigned {
		return &sdk, nil
	}
	credential, err := c.credentials.Retrieve(ctx)
	if err != nil {
		return nil, c.newUnsignedError(ctx, action, err)
	}
	c.secrets.Add(credential.SecretKey, credential.Token)
	return sdk.WithCredential(
		common.NewTokenCredential(credential.SecretID, credential.SecretKey, credential.Token),
	), nil
}
