package registry

import (
	"testing"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/registry/failure"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/registry/transport"
)

// ledTo reads a layer of a registry with TLS, example.com, that redirects.
func ledTo(t *testing.T, to string, places func(registry, storage *stand) map[string]server) (*stand, error) {
	t.Helper()
	content := randomBytes(1000)
	s, storage := newTLSStand(t), newStorage(t, newTLSStand(t), content)
	s.image("x", "1", "linux/amd64", content)
	config := quick(t)
	config.Transport.Base = namesAt(places(s, storage))
	config.Transport.Hosts = map[string]transport.Host{"example.com": {CACertificate: s.ca()}}
	c := newClient(t, config)
	image := mustResolve(t, c, "example.com/x:1", "")
	s.redirecting(image.Layers[0], to)
	_, err := c.Blob(t.Context(), image, image.Layers[0]).ReadAt(make([]byte, 1), 0)
	return storage, err
}

// TestWhereANameLeadsIsJudgedWithTLSToo: by the address that is connected to.
func TestWhereANameLeadsIsJudgedWithTLSToo(t *testing.T) {
	t.Parallel()
	for at, refused := range map[string]bool{
		"203.0.113.9": false, "10.1.2.3": false, "192.168.0.9": false, "fd12::1": false,
		"169.254.0.47": false, // object storage inside a VPC of Tencent Cloud, with a certificate for its name
		"127.0.0.1":    true, "::1": true, "169.254.169.254": true, "169.254.0.23": true, "100.100.100.200": true,
		"fd00:ec2::254": true, "64:ff9b::a9fe:a9fe": true, "2002:7f00:1::1": true, "fec0::1": true, "0.0.0.0": true,
	} {
		storage, err := ledTo(t, "https://blobs.example.com/x", func(registry, storage *stand) map[string]server {
			return map[string]server{
				"example.com:443": {registry, "203.0.113.7"}, "blobs.example.com:443": {storage, at},
			}
		})
		if !refused {
			if err != nil {
				t.Errorf("%s: %v", at, err)
			}
			continue
		}
		assertKind(t, err, failure.Refused)
		if got := storage.requests(); got != nil {
			t.Errorf("%s was sent %q", at, got)
		}
	}
}

// TestARegistryMayLeadToWhereItIs: to loopback, if it has shown a certificate there, and to a
// metadata service only from the same address.
func TestARegistryMayLeadToWhereItIs(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		registry, storage string
		refused           bool
	}{
		{"127.0.0.1", "127.0.0.1", false},
		{"127.0.0.1", "::1", false},
		{"10.0.0.5", "10.0.0.6", false},
		{"10.0.0.5", "127.0.0.1", true},
		{"127.0.0.1", "169.254.169.254", true},
		{"169.254.0.47", "169.254.169.254", true},
		{"fd00:ec2::254", "fd00:ec2::254", false},
	} {
		_, err := ledTo(t, "https://blobs.example.com/x", func(registry, storage *stand) map[string]server {
			return map[string]server{
				"example.com:443": {registry, test.registry}, "blobs.example.com:443": {storage, test.storage},
			}
		})
		if !test.refused && err != nil {
			t.Errorf("%s to %s: %v", test.registry, test.storage, err)
		}
		if test.refused {
			assertKind(t, err, failure.Refused)
		}
	}
}

// TestHostsAreFoldedAsNetHTTPFoldsThem before they are judged.
func TestHostsAreFoldedAsNetHTTPFoldsThem(t *testing.T) {
	t.Parallel()
	for _, to := range []string{
		"https://127。0。0。1/", "https://127．0．0．1/", "https://①②⑦.0.0.1/", "https://②852039166/",
		"https://%E2%91%A0%E2%91%A1%E2%91%A6.0.0.1/", "https://１６９.254.169.254/", "https://127.0.0.1./",
		"https://ＬＯＣＡＬＨＯＳＴ/", "https://LocalHost./", "https://a.ＬocalHost/", "https://bad\u200d.example.com/",
		"https://[::FFFF:A9FE:A9FE]/", "https://[2002:7F00:1::]/", "https://[fe80::1%25lo]/",
	} {
		storage, err := ledTo(t, to, func(registry, storage *stand) map[string]server {
			return map[string]server{"example.com:443": {registry, "203.0.113.7"}}
		})
		assertKind(t, err, failure.Refused)
		if got := storage.requests(); got != nil {
			t.Errorf("%s was sent %q", to, got)
		}
	}
	for _, to := range []string{"https://BLOBS.example.com/x", "https://ｂlobs。example.com/x"} {
		_, err := ledTo(t, to, func(registry, storage *stand) map[string]server {
			return map[string]server{
				"example.com:443": {registry, "203.0.113.7"}, "blobs.example.com:443": {storage, "203.0.113.8"},
			}
		})
		if err != nil {
			t.Errorf("%s: %v", to, err)
		}
	}
}

// TestATokenServiceIsJudgedByItsAddress: no password goes to a realm that leads inside.
func TestATokenServiceIsJudgedByItsAddress(t *testing.T) {
	t.Parallel()
	s, auth := newTLSStand(t), newTokens(t, newTLSStand(t), anyone)
	s.image("x", "1", "linux/amd64", []byte("a"))
	s.wantTokenOf(auth, "https://auth.example.com/token")
	config := quick(t)
	config.Transport.Base = namesAt(map[string]server{
		"example.com:443": {s, "203.0.113.7"}, "auth.example.com:443": {auth.stand, "169.254.169.254"},
	})
	config.Transport.Hosts = map[string]transport.Host{
		"example.com": {Username: user, Password: canaryPassword, CACertificate: s.ca()},
	}
	_, err := newClient(t, config).Resolve(t.Context(), "example.com/x:1", "")
	assertKind(t, err, failure.Refused)
	if got := auth.requests(); got != nil {
		t.Errorf("it was sent %q", got)
	}
}

// TestThroughAProxyTheURLIsJudged: the proxy is connected to, and it alone knows where the name
// leads.
func TestThroughAProxyTheURLIsJudged(t *testing.T) {
	t.Parallel()
	s := newStand(t) // answers as the proxy, whatever host it is asked for
	s.image("x", "1", "linux/amd64", []byte("a"))
	c := newClient(t, throughProxy(t, s))
	image := mustResolve(t, c, "plain.example/x:1", "")
	s.redirecting(image.Layers[0], "http://169。254。169。254/x")
	before := len(s.requests())
	_, err := c.Blob(t.Context(), image, image.Layers[0]).ReadAt(make([]byte, 1), 0)
	assertKind(t, err, failure.Refused)
	if n := len(s.requests()) - before; n != 1 {
		t.Errorf("the proxy was asked %d times, want once for the registry", n)
	}
}
