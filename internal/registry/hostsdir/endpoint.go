package hostsdir

import (
	"crypto/tls"
	"errors"
	"net/http"
	"net/url"
	"path"
	"strings"
	"time"
)

// Endpoint is one place that has a registry's images: the registry itself or a mirror.
type Endpoint struct {
	Address
	Capabilities

	CACertificates string            // PEM, trusted beside the system's
	Client         []tls.Certificate // shown to a server that asks for one
	SkipVerify     *bool             // nil where it is not said
	Header         http.Header       // sent with each request to this endpoint, and secret
	DialTimeout    time.Duration     // for a connection; 0 is the default
}

// Address is where an endpoint is.
type Address struct {
	Scheme string // "" where it is not said
	Host   string // with a port if one is needed; "" is the registry that the image names
	Path   string // of the API, such as /v2 or /team/v2
}

// Capabilities are what an endpoint is asked for.
type Capabilities struct {
	Pull      bool // content by digest
	Resolve   bool // which digest a tag has
	Referrers bool // what refers to a digest
}

// apiPath is that of the OCI distribution-spec.
const apiPath = "/v2"

// NewRegistry returns the endpoint that is the registry itself.
func NewRegistry() Endpoint {
	return Endpoint{Address: Address{Path: apiPath}, Capabilities: allCapabilities()}
}

// allCapabilities are those of an endpoint that lists none.
func allCapabilities() Capabilities { return Capabilities{Pull: true, Resolve: true, Referrers: true} }

// NewMirror returns the endpoint of a mirror that is written as a host, or as a URL. A host without
// a scheme leaves that open.
func NewMirror(written string) (Endpoint, error) {
	mirror := NewRegistry()
	scheme, _, hasScheme := strings.Cut(written, "://")
	if !hasScheme {
		written = "https://" + written
	}
	var err error
	mirror.Address, err = parseAddress(written, false)
	if !hasScheme {
		mirror.Scheme = ""
	} else if err == nil && scheme != "https" && scheme != "http" {
		err = errNoAddress
	}
	return mirror, err
}

var errNoAddress = errors.New("write a host with a port where it needs one, or a URL: " +
	"mirror.example.com, https://mirror.example.com/team")

// parseAddress reads a URL, or a host for https. The path ends in /v2 unless keepPath is set.
func parseAddress(written string, keepPath bool) (Address, error) {
	if !strings.HasPrefix(written, "http") {
		written = "https://" + written
	}
	u, err := url.Parse(written)
	switch {
	case err != nil, u.Host == "", u.Hostname() == "", u.Scheme != "https" && u.Scheme != "http":
		return Address{}, errNoAddress
	case u.User != nil:
		return Address{}, errors.New("a URL has no credentials: configure them for that host among the registries")
	case u.RawQuery != "" || u.Fragment != "":
		return Address{}, errors.New("the URL of a mirror has neither a query nor a fragment")
	}
	address := Address{Scheme: u.Scheme, Host: strings.ToLower(u.Host)}
	if u.Path != "" {
		address.Path = path.Clean(u.Path)
	}
	if !keepPath && !strings.HasSuffix(address.Path, apiPath) {
		address.Path = strings.TrimSuffix(address.Path, "/") + apiPath
	}
	return address, nil
}
