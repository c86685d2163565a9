package registry

import (
	"errors"
	"net"
	"net/netip"
	"net/url"
	"regexp"
	"strings"
	"unicode"

	"golang.org/x/net/idna"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/registry/failure"
)

var (
	errInternal  = errors.New("its address is link-local, loopback, a cloud's metadata service or no host's")
	errDowngrade = errors.New("it leads from https to plain HTTP")
	errNotHTTP   = errors.New("it is neither https nor http")
	errNotAHost  = errors.New("it is not a host name")
)

// numeric matches what some resolvers read as an IPv4 address though it is not written as one:
// 2130706433, 0x7f.1, 127.1 (https://url.spec.whatwg.org/#ends-in-a-number-checker).
var numeric = regexp.MustCompile(`(?i)(?:^|\.)(?:[0-9]+|0x[0-9a-f]*)\.?$`)

// mayGo judges where a registry sends us, to blob storage or to its token realm, as far as the URL shows
// it. Where its name leads is judged when the connection is made (guard.go). Hosts that the user
// configured are the user's choice, and the registry's own host name is where we are already.
func (c *Client) mayGo(registry *endpoint, to *url.URL) error {
	refuse := func(reason error) error {
		return &failure.Error{Host: to.Host, Kind: failure.Refused, Err: reason}
	}
	if to.Scheme != "https" && to.Scheme != "http" || to.Host == "" {
		return refuse(errNotHTTP)
	}
	if err := foldHost(to); err != nil {
		return refuse(err)
	}
	config, configured := c.hosts[hostKey(to.Host)]
	if to.Scheme == "http" && registry.origin().Scheme != "http" && !config.PlainHTTP {
		return refuse(errDowngrade)
	}
	if configured || registry.isSibling(to) {
		return nil
	}
	byURL := guard{judges: true, plain: true, home: registry.whereItIs()}
	addr, err := netip.ParseAddr(to.Hostname())
	switch {
	case err == nil:
	case isLoopback(to.Host):
		addr = netip.AddrFrom4([4]byte{127, 0, 0, 1})
	case numeric.MatchString(to.Hostname()):
		return refuse(errNotAHost)
	default:
		return nil
	}
	return failure.Complete(byURL.check(addr), "", "", to.Host)
}

// foldHost spells the host as net/http does before it connects: full-width digits and dots become what
// they look like, and capitals small. An address stays as it is.
func foldHost(u *url.URL) error {
	hostname := u.Hostname()
	if strings.Contains(hostname, ":") {
		return nil
	}
	folded := strings.ToLower(hostname)
	if strings.ContainsFunc(hostname, func(r rune) bool { return r > unicode.MaxASCII }) {
		var err error
		if folded, err = idna.Lookup.ToASCII(hostname); err != nil {
			return errNotAHost
		}
	}
	if port := u.Port(); port != "" {
		folded = net.JoinHostPort(folded, port)
	}
	u.Host = folded
	return nil
}

// isLoopback tells by its name that a host is this machine (RFC 6761, section 6.3, for names).
func isLoopback(host string) bool {
	hostname := strings.ToLower((&url.URL{Host: host}).Hostname())
	hostname = strings.TrimSuffix(hostname, ".")
	if hostname == "localhost" || strings.HasSuffix(hostname, ".localhost") {
		return true
	}
	addr, err := netip.ParseAddr(hostname)
	return err == nil && addr.Unmap().IsLoopback()
}
