package transport

import (
	"net/netip"
	"testing"
)

func TestPlaceOf(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]place{
		// The Internet, and private networks.
		"203.0.113.7": placeOpen, "10.0.0.1": placeOpen, "172.16.0.1": placeOpen, "192.168.1.1": placeOpen,
		"100.64.0.1": placeOpen, "2001:db8::1": placeOpen, "fd00::1": placeOpen, "2402:4e00::1": placeOpen,
		"::ffff:10.0.0.1": placeOpen, "64:ff9b::10.0.0.1": placeOpen, "2002:a00:1::1": placeOpen,

		"127.0.0.1": placeLoopback, "127.8.8.8": placeLoopback, "::1": placeLoopback, "::ffff:127.0.0.1": placeLoopback,
		"169.254.0.47": placeLinkLocal, "fe80::1": placeLinkLocal, "fe80::1%eth0": placeLinkLocal,
		"0.0.0.0": placeNowhere, "0.1.2.3": placeNowhere, "::": placeNowhere, "224.0.0.1": placeNowhere,
		"ff02::1": placeNowhere, "255.255.255.255": placeNowhere, "fec0::1": placeNowhere, "feff::1": placeNowhere,

		"169.254.169.254": placeMetadata, "169.254.0.23": placeMetadata, "169.254.170.2": placeMetadata,
		"100.100.100.200": placeMetadata, "168.63.129.16": placeMetadata, "192.0.0.192": placeMetadata,
		"fd00:ec2::254": placeMetadata, "fd20:ce::254": placeMetadata, "fe80::a9fe:a9fe%eth0": placeMetadata,

		// One address in each way to carry it.
		"::ffff:169.254.169.254":         placeMetadata,
		"::169.254.169.254":              placeMetadata,
		"::ffff:0:169.254.169.254":       placeMetadata,
		"64:ff9b::169.254.169.254":       placeMetadata,
		"64:ff9b:1::169.254.169.254":     placeMetadata,
		"64:ff9b:1:a9fe:a9:fe00::":       placeMetadata, // behind 48 bits
		"64:ff9b:1:a9:fe:a9fe::":         placeMetadata, // behind 56 bits
		"64:ff9b:1:0:a9:fea9:fe00::":     placeMetadata, // behind 64 bits
		"2002:a9fe:a9fe::1":              placeMetadata,
		"2001:0:a9fe:a9fe::":             placeMetadata, // the server of Teredo
		"2001:0:cb00:7107::5601:5601":    placeMetadata, // its client
		"2001:db8::5efe:169.254.169.254": placeMetadata,
		"2001:db8::200:5efe:a9fe:a9fe":   placeMetadata,
		"64:ff9b::7f00:1":                placeLoopback,
		"2002:7f00:1::":                  placeLoopback,
		"::127.0.0.1":                    placeLoopback,
		"64:ff9b:1::10.0.0.1":            placeOpen,
	} {
		if got := placeOf(netip.MustParseAddr(text)); got != want {
			t.Errorf("%s: %d, want %d", text, got, want)
		}
	}
}

// FuzzPlaceOf: an address that is no place to go is none in any of its carriers either.
func FuzzPlaceOf(f *testing.F) {
	f.Add([]byte{169, 254, 169, 254}, []byte{1, 2, 3, 4, 5, 6, 7, 8})
	f.Add([]byte{10, 0, 0, 1}, []byte{0, 0, 0, 0, 0, 0, 0, 0})
	f.Fuzz(func(t *testing.T, four, rest []byte) {
		if len(four) != 4 || len(rest) < 8 {
			return
		}
		plain := netip.AddrFrom4([4]byte(four))
		if placeOf(plain) == placeOpen || thisNetwork.Contains(plain) { // of NAT64's forms, zeros are none
			return
		}
		for _, form := range [][16]byte{
			{10: 0xff, 11: 0xff, 12: four[0], 13: four[1], 14: four[2], 15: four[3]},
			{8: 0xff, 9: 0xff, 12: four[0], 13: four[1], 14: four[2], 15: four[3]},
			{0, 0x64, 0xff, 0x9b, 12: four[0], 13: four[1], 14: four[2], 15: four[3]},
			{
				0, 0x64, 0xff, 0x9b, 0, 1, rest[0], rest[1], rest[2], rest[3], rest[4], rest[5], four[0], four[1],
				four[2], four[3],
			},
			{0x20, 0x02, four[0], four[1], four[2], four[3], rest[0], rest[1]},
			{0x20, 0x01, 0, 0, four[0], four[1], four[2], four[3], rest[0], rest[1]},
			{0x20, 0x01, 12: ^four[0], 13: ^four[1], 14: ^four[2], 15: ^four[3]},
			{
				0x24, rest[1], rest[2], rest[3], rest[4], rest[5], rest[6], rest[7], 0, 0, 0x5e, 0xfe, four[0],
				four[1], four[2], four[3],
			},
		} {
			if addr := netip.AddrFrom16(form); placeOf(addr) == placeOpen {
				t.Errorf("%s carries %s", addr, plain)
			}
		}
	})
}
