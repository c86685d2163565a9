package registry

import (
	"errors"
	"net/netip"
	"net/url"
	"regexp"
	"slices"
	"strings"
)

var (
	errInternal  = errors.New("its address is link-local, loopback or a cloud's metadata service")
	errDowngrade = errors.New("it leads from https to plain HTTP")
	errNotHTTP   = errors.New("it is neither https nor http")
	errNotAHost  = errors.New("it is not a host name")
)

// Metadata services that are not at link-local addresses, by their makers' documentation: Alibaba Cloud, Amazon over IPv6,
// Oracle Cloud, and the Azure host. Tencent Cloud's, at 169.254.0.23, is link-local.
var metadataServices = []netip.Addr{
	netip.MustParseAddr("100.100.100.200"),
	netip.MustParseAddr("fd00:ec2::254"),
	netip.MustParseAddr("192.0.0.192"),
	netip.MustParseAddr("168.63.129.16"),
}

// nat64 carries IPv4 addresses inside IPv6 (RFC 6052, section 2.1).
var nat64 = netip.MustParsePrefix("64:ff9b::/96")

// numeric matches what some resolvers read as an IPv4 address though it is not written as one: 2130706433, 0x7f.1, 127.1
// (https://url.spec.whatwg.org/#ends-in-a-number-checker).
var numeric = regexp.MustCompile(`(?i)(?:^|\.)(?:[0-9]+|0x[0-9a-f]*)\.?$`)

// mayGo judges where a registry sends us, to blob storage or to its token realm. Hosts that the user configured are the
// user's choice, and the registry's own host name is where we are already.
func (c *Client) mayGo(registry *endpoint, to *url.URL) error {
	refuse := func(reason error) error {
		return &Error{Host: to.Host, Kind: KindRefused, Err: reason}
	}
	if to.Scheme != "https" && to.Scheme != "http" || to.Host == "" {
		return refuse(errNotHTTP)
	}
	config, configured := c.hosts[hostKey(to.Host)]
	origin := registry.origin()
	if to.Scheme == "http" && origin.Scheme != "http" && !config.PlainHTTP {
		return refuse(errDowngrade)
	}
	if configured || strings.EqualFold(to.Hostname(), origin.Hostname()) {
		return nil
	}
	if isLoopback(to.Host) {
		if isLoopback(registry.host) {
			return nil
		}
		return refuse(errInternal)
	}
	addr, err := netip.ParseAddr(to.Hostname())
	if err != nil && numeric.MatchString(to.Hostname()) {
		return refuse(errNotAHost)
	}
	if err == nil && isInternal(addr) {
		return refuse(errInternal)
	}
	return nil
}

// isInternal is true for addresses that no registry has a reason to name. Private networks are not among them: registries
// of companies live there together with their storage.
func isInternal(addr netip.Addr) bool {
	addr = addr.Unmap().WithZone("")
	if nat64.Contains(addr) {
		bytes := addr.As16()
		addr = netip.AddrFrom4([4]byte(bytes[12:]))
	}
	return slices.Contains(metadataServices, addr) || addr.IsLoopback() || addr.IsUnspecified() || addr.IsMulticast() || addr.IsLinkLocalUnicast()
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
