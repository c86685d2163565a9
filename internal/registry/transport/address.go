package transport

import (
	"net/netip"
	"slices"
)

// place is what kind of address a connection would reach.
type place int

const (
	placeOpen      place = iota // public, or a private network, as companies have
	placeLinkLocal              // in some clouds object storage too: Tencent Cloud's COS is 169.254.0.47 inside a VPC
	placeLoopback
	placeMetadata // a service that hands out a machine's credentials
	placeNowhere  // no host: unspecified, multicast, broadcast, and site-local, which RFC 3879 withdrew
)

// metadataServices by their makers' documentation. Many share 169.254.169.254.
var metadataServices = []netip.Addr{
	netip.MustParseAddr("169.254.169.254"),
	netip.MustParseAddr("169.254.0.23"),    // Tencent Cloud
	netip.MustParseAddr("169.254.170.2"),   // Amazon ECS, credentials of a task
	netip.MustParseAddr("169.254.170.23"),  // Amazon EKS, credentials of a Pod
	netip.MustParseAddr("169.254.42.42"),   // Scaleway
	netip.MustParseAddr("100.100.100.200"), // Alibaba Cloud
	netip.MustParseAddr("192.0.0.192"),     // Oracle Cloud
	netip.MustParseAddr("168.63.129.16"),   // the host of an Azure machine
	netip.MustParseAddr("fe80::a9fe:a9fe"), // OpenStack
	netip.MustParseAddr("fd00:ec2::254"),   // Amazon
	netip.MustParseAddr("fd00:ec2::23"),    // Amazon EKS
	netip.MustParseAddr("fd20:ce::254"),    // Google Cloud
	netip.MustParseAddr("fd00:42::42"),     // Scaleway
}

var (
	thisNetwork = netip.MustParsePrefix("0.0.0.0/8")
	broadcast   = netip.MustParseAddr("255.255.255.255")
	siteLocal   = netip.MustParsePrefix("fec0::/10")
)

// placeOf judges an address, and each IPv4 address that it carries: a router or the kernel may take
// it for that one.
func placeOf(addr netip.Addr) place {
	addr = addr.Unmap().WithZone("")
	if found := placeOfPlain(addr); found != placeOpen {
		return found
	}
	for _, carried := range carriedIPv4(addr) {
		if found := placeOfPlain(carried); found != placeOpen {
			return found
		}
	}
	return placeOpen
}

func placeOfPlain(addr netip.Addr) place {
	switch {
	case slices.Contains(metadataServices, addr):
		return placeMetadata
	case addr.IsLoopback():
		return placeLoopback
	case addr.IsLinkLocalUnicast():
		return placeLinkLocal
	case addr.IsUnspecified(), addr.IsMulticast(), thisNetwork.Contains(addr), addr == broadcast,
		siteLocal.Contains(addr):
		return placeNowhere
	}
	return placeOpen
}

// The ways in which an IPv6 address carries an IPv4 address, by prefix.
var (
	compatible   = netip.MustParsePrefix("::/96")           // RFC 4291, section 2.5.5.1
	translated   = netip.MustParsePrefix("::ffff:0:0:0/96") // RFC 2765, section 2.1
	sixToFour    = netip.MustParsePrefix("2002::/16")       // RFC 3056
	teredo       = netip.MustParsePrefix("2001::/32")       // RFC 4380
	nat64        = netip.MustParsePrefix("64:ff9b::/96")    // RFC 6052
	nat64OfLocal = netip.MustParsePrefix("64:ff9b:1::/48")  // RFC 8215
)

// carriedIPv4 returns the IPv4 addresses that an IPv6 address carries. A network may have a NAT64
// prefix of its own, which nothing shows.
func carriedIPv4(addr netip.Addr) []netip.Addr {
	if !addr.Is6() {
		return nil
	}
	b := addr.As16()
	last := netip.AddrFrom4([4]byte(b[12:]))
	var carried []netip.Addr
	switch {
	case compatible.Contains(addr), translated.Contains(addr), nat64.Contains(addr):
		carried = append(carried, last)
	case sixToFour.Contains(addr):
		carried = append(carried, netip.AddrFrom4([4]byte(b[2:6])))
	case teredo.Contains(addr): // a server, and a client with its bits inverted
		carried = append(carried, netip.AddrFrom4([4]byte(b[4:8])),
			netip.AddrFrom4([4]byte{^b[12], ^b[13], ^b[14], ^b[15]}))
	case nat64OfLocal.Contains(addr):
		carried = append(carried, carriedBehindAnyPrefix(b)...)
	}
	if b[8]&^0x02 == 0 && b[9] == 0 && b[10] == 0x5e && b[11] == 0xfe { // ISATAP, RFC 5214, section 6.1
		carried = append(carried, last)
	}
	return carried
}

// carriedBehindAnyPrefix reads the forms of RFC 6052, section 2.2, with 48, 56, 64 and 96 bits of
// prefix: byte 8 is no part of an address. A form that begins with zeros is not the one that is
// used.
func carriedBehindAnyPrefix(b [16]byte) []netip.Addr {
	var carried []netip.Addr
	for _, form := range [][4]byte{
		{b[6], b[7], b[9], b[10]}, {b[7], b[9], b[10], b[11]}, {b[9], b[10], b[11], b[12]},
		{b[12], b[13], b[14], b[15]},
	} {
		if addr := netip.AddrFrom4(form); !thisNetwork.Contains(addr) {
			carried = append(carried, addr)
		}
	}
	return carried
}
