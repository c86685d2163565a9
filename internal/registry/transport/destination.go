package transport

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
	errInternal = errors.New("its address is link-local, loopback, a cloud's metadata service or no host's")
	errNotHTTP  = errors.New("it is neither https nor http")
	errNotAHost = errors.New("it is not a host name")
)

// numeric matches what some resolvers read as an IPv4 address though it is not written as one:
// 2130706433, 0x7f.1, 127.1 (https://url.spec.whatwg.org/#ends-in-a-number-checker).
var numeric = regexp.MustCompile(`(?i)(?:^|\.)(?:[0-9]+|0x[0-9a-f]*)\.?$`)

// destinations is where a registry may lead, to blob storage or to its token service, and how a
// connection there is made.
type destinations struct {
	hosts    hostTable
	registry *endpoint
}

// checkRedirect judges a redirect of a request.
func (d destinations) checkRedirect(req Request, to *url.URL) error { return d.check(to, req.origin) }

// check judges a destination as far as its URL shows it, and folds its host. Where the name leads
// is judged when the connection is made (guard.go). Hosts that are configured are the user's
// choice, and the registry's own host name is where the request was already. origin is the
// registry's.
func (d destinations) check(to, origin *url.URL) error {
	err := d.judgeURL(to, origin)
	return failure.Complete(err, "", "", to.Host)
}

func (d destinations) judgeURL(to, origin *url.URL) error {
	refuse := func(reason error) error {
		return &failure.Error{Host: to.Host, Kind: failure.Refused, Err: reason}
	}
	if to.Scheme != "https" && to.Scheme != "http" || to.Host == "" {
		return refuse(errNotHTTP)
	}
	if err := foldHost(to); err != nil {
		return refuse(err)
	}
	config, configured := d.hosts.find(to.Host)
	if to.Scheme == "http" && origin.Scheme != "http" && !config.PlainHTTP {
		return refuse(failure.ErrDowngrade)
	}
	if configured || d.registry.isSibling(to) {
		return nil
	}
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
	return guard{judges: true, plain: true, home: d.registry.address()}.checkAddress(addr)
}

// connectionTo returns how a request to u connects. A host's own configuration comes first. The
// registry's CA goes along to its token service and its storage, which belong to it; skipped
// verification and client certificates stay with its own host name.
func (d destinations) connectionTo(u *url.URL) connectionKind {
	config, configured := d.hosts.find(u.Host)
	sibling := d.registry.isSibling(u)
	kind := connectionKind{ca: d.registry.config.CACertificate}
	switch {
	case hostKey(u.Host) == hostKey(d.registry.host), sibling && !configured:
		own := d.registry.config
		kind.insecure, kind.client, kind.dialTimeout = own.InsecureSkipVerify, own.client, d.registry.dialTimeout
	case configured:
		kind.ca, kind.insecure, kind.client = config.CACertificate, config.InsecureSkipVerify, config.client
	}
	if !configured && !sibling {
		kind.guard = guard{judges: true, plain: u.Scheme == "http", home: d.registry.address()}
	}
	return kind
}

// foldHost spells the host as net/http does before it connects: full-width digits and dots become
// what they look like, and capitals small. An address stays as it is.
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
