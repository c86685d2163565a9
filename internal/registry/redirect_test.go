package registry

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/registry/failure"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/registry/transport"
)

// newStorage makes a server a host that has every blob.
func newStorage(t *testing.T, s *stand, content []byte) *stand {
	s.intercept = func(w http.ResponseWriter, r *http.Request) bool {
		http.ServeContent(w, r, "", time.Time{}, strings.NewReader(string(content)))
		return true
	}
	return s
}

// redirecting sends requests of layers elsewhere, after what stood in front before.
func (s *stand) redirecting(layer Layer, to string) {
	before := s.intercept
	s.intercept = func(w http.ResponseWriter, r *http.Request) bool {
		if before != nil && before(w, r) {
			return true
		}
		if !isBlobOf(r, layer) {
			return false
		}
		w.Header().Set("Location", to)
		w.WriteHeader(http.StatusTemporaryRedirect)
		return true
	}
}

func assertReads(t *testing.T, b *Blob, content []byte) {
	t.Helper()
	p := make([]byte, 5)
	if _, err := b.ReadAt(p, 3); err != nil || !bytes.Equal(p, content[3:8]) {
		t.Fatalf("range: %q %v", p, err)
	}
	r, err := b.Open()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if all, err := io.ReadAll(r); err != nil || !bytes.Equal(all, content) {
		t.Fatalf("stream: %d bytes, %v", len(all), err)
	}
}

func TestCredentialsDoNotFollowARedirectToAnotherPort(t *testing.T) {
	t.Parallel()
	content := randomBytes(1000)
	for _, authentication := range []string{"basic", "token"} {
		s, storage := newStand(t), newStorage(t, newStand(t), content)
		s.image("x", "1", "linux/amd64", content)
		if authentication == "basic" {
			s.wantBasic(user, canaryPassword)
		} else {
			s.wantToken(newTokens(t, newStand(t), anyone))
		}
		config := quick(t)
		config.Transport.Hosts = withPassword(s.host())
		// nor do its own
		config.Transport.Hosts[storage.host()] = transport.Host{Username: user, Password: canaryPassword}
		c := newClient(t, config)
		image := mustResolve(t, c, s.host()+"/x:1", "")
		s.redirecting(image.Layers[0], storage.URL+"/bucket/blob?X-Signature="+canaryQuery)
		assertReads(t, c.Blob(t.Context(), image, image.Layers[0]), content)
		for _, header := range []string{"Authorization", "Cookie", "Referer"} {
			if got := storage.headers(header); got != nil {
				t.Errorf("%s: the storage got %s %q", authentication, header, got)
			}
		}
		if len(storage.requests()) == 0 || len(storage.headers("Range")) == 0 {
			t.Error("the storage was not read")
		}
	}
}

// A subdomain is where net/http itself would send Authorization along.
func TestCredentialsDoNotFollowARedirectToASubdomain(t *testing.T) {
	t.Parallel()
	content := randomBytes(1000)
	s, storage := newTLSStand(t), newStorage(t, newTLSStand(t), content)
	s.image("x", "1", "linux/amd64", content)
	s.wantBasic(user, canaryPassword)
	config := quick(t)
	config.Transport.Base = names(map[string]*stand{"example.com:443": s, "blobs.example.com:443": storage})
	config.Transport.Hosts = map[string]transport.Host{
		"example.com": {Username: user, Password: canaryPassword, CACertificate: s.ca()},
	}
	c := newClient(t, config)
	image := mustResolve(t, c, "example.com/x:1", "")
	s.redirecting(image.Layers[0], "https://blobs.example.com/blob")
	assertReads(t, c.Blob(t.Context(), image, image.Layers[0]), content)
	if got := storage.headers("Authorization"); got != nil {
		t.Errorf("the storage got %q", got)
	}
}

func TestRedirectsWithinTheRegistryStayAuthorized(t *testing.T) {
	t.Parallel()
	content := randomBytes(1000)
	s := newStand(t)
	s.image("x", "1", "linux/amd64", content)
	s.wantBasic(user, canaryPassword)
	config := quick(t)
	config.Transport.Hosts = withPassword(s.host())
	c := newClient(t, config)
	image := mustResolve(t, c, s.host()+"/x:1", "")
	layer := image.Layers[0]
	before := s.intercept
	s.intercept = func(w http.ResponseWriter, r *http.Request) bool {
		if before(w, r) || !isBlobOf(r, layer) || r.URL.RawQuery != "" {
			return w.Header().Get("WWW-Authenticate") != ""
		}
		http.Redirect(w, r, r.URL.Path+"?again=1", http.StatusFound)
		return true
	}
	p := make([]byte, 9)
	if _, err := c.Blob(t.Context(), image, layer).ReadAt(p, 1); err != nil {
		t.Fatal(err)
	}
}

func TestRedirectsOfAPublicRegistryToInternalPlacesAreRefused(t *testing.T) {
	t.Parallel()
	for _, to := range []string{
		"https://169.254.169.254/latest/meta-data/", "https://169.254.0.23/", "https://[fe80::1]/",
		"https://[::ffff:169.254.169.254]/", "https://[64:ff9b::a9fe:a9fe]/",
		"https://100.100.100.200/", "https://[fd00:ec2::254]/", "https://0.0.0.0/", "https://[::]/",
		"https://224.0.0.1/",
		"https://127.0.0.1/", "https://127.8.8.8:8443/", "https://localhost/", "https://LOCALHOST./",
		"https://a.localhost/", "https://[::1]/",
		"https://2852039166/", "https://0xa9fea9fe/", "https://0xA9.254.169.254/", "https://127.1/",
		"https://0177.0.0.1/",
		"http://blobs.example.com/", "http://169.254.169.254/", "ftp://blobs.example.com/", "file:///etc/passwd",
		"//169.254.169.254/x", "https:///x",
	} {
		t.Run(to, func(t *testing.T) {
			t.Parallel()
			s := newTLSStand(t)
			s.image("x", "1", "linux/amd64", []byte("content"))
			config := quick(t)
			config.Transport.Base = names(map[string]*stand{"example.com:443": s})
			config.Transport.Hosts = map[string]transport.Host{"example.com": {CACertificate: s.ca()}}
			c := newClient(t, config)
			image := mustResolve(t, c, "example.com/x:1", "")
			s.redirecting(image.Layers[0], to+"?X-Signature="+canaryQuery)
			_, err := c.Blob(t.Context(), image, image.Layers[0]).ReadAt(make([]byte, 1), 0)
			e := assertKind(t, err, failure.Refused)
			if e.Image != "example.com/x:1" {
				t.Errorf("%+v", e)
			}
		})
	}
}

// The rules are for hosts that the user did not name.
func TestConfiguredHostsMayBeRedirectedTo(t *testing.T) {
	t.Parallel()
	content := randomBytes(1000)
	s, storage := newTLSStand(t), newStorage(t, newStand(t), content)
	s.image("x", "1", "linux/amd64", content)
	config := quick(t)
	config.Transport.Base = names(map[string]*stand{
		"example.com:443": s, "blobs.example.com:80": storage, storage.host(): storage,
	})
	config.Transport.Hosts = map[string]transport.Host{
		"example.com":       {CACertificate: s.ca()},
		"blobs.example.com": {PlainHTTP: true},
		storage.host():      {PlainHTTP: true},
	}
	c := newClient(t, config)
	image := mustResolve(t, c, "example.com/x:1", "")
	for _, to := range []string{"http://blobs.example.com/x", storage.URL + "/x"} {
		s.redirecting(image.Layers[0], to)
		assertReads(t, c.Blob(t.Context(), image, image.Layers[0]), content)
	}
}

// Over plain HTTP there is no certificate: a name of a hostile registry's that leads to this
// machine is found out when the connection is made.
func TestAPlainRegistryMayNotRedirectToANameThatLeadsInside(t *testing.T) {
	t.Parallel()
	content := randomBytes(1000)
	s, inside := newStand(t), newStorage(t, newStand(t), content)
	s.image("x", "1", "linux/amd64", content)
	config := quick(t)
	config.Transport.Base = namesAt(map[string]server{
		"plain.example:80": {s, "127.0.0.1"}, "innocent.example:80": {inside, "127.0.0.1"},
	})
	config.Transport.Hosts = map[string]transport.Host{"plain.example": {PlainHTTP: true}}
	c := newClient(t, config)
	image := mustResolve(t, c, "plain.example/x:1", "")
	s.redirecting(image.Layers[0], "http://innocent.example/x")
	_, err := c.Blob(t.Context(), image, image.Layers[0]).ReadAt(make([]byte, 1), 0)
	assertKind(t, err, failure.Refused)
	if got := inside.requests(); got != nil {
		t.Errorf("it was sent %q", got)
	}
}

func TestRedirectLoopsEnd(t *testing.T) {
	t.Parallel()
	s := newStand(t)
	hops := 0
	s.intercept = func(w http.ResponseWriter, r *http.Request) bool {
		hops++
		http.Redirect(w, r, fmt.Sprintf("/v2/x/manifests/hop-%d?s=%s", hops, canaryQuery), http.StatusFound)
		return true
	}
	_, err := newClient(t, quick(t)).Resolve(t.Context(), s.host()+"/x:1", "")
	assertKind(t, err, failure.Refused)
	if hops != 6 { // five redirects are followed
		t.Errorf("%d hops", hops)
	}
}

func TestARedirectWithoutAPlaceIsAnError(t *testing.T) {
	t.Parallel()
	for _, location := range []string{"", "http://%zz?s=" + canaryQuery, "http://[::1?s=" + canaryQuery} {
		s := newStand(t)
		s.intercept = func(w http.ResponseWriter, r *http.Request) bool {
			w.Header()["Location"] = []string{location}
			w.WriteHeader(http.StatusFound)
			return true
		}
		_, err := newClient(t, quick(t)).Resolve(t.Context(), s.host()+"/x:1", "")
		assertKind(t, err, failure.Protocol)
		if n := len(s.requests()); n != 1 {
			t.Errorf("%q: %d requests", location, n)
		}
	}
}

func TestRealmsThatCredentialsMustNotReach(t *testing.T) {
	t.Parallel()
	for realm, want := range map[string]failure.Kind{
		"http://auth.example.com/token":  failure.Refused, // a registry with TLS may not send credentials in the clear
		"http://example.com/token":       failure.Refused, // not even to itself
		"https://169.254.169.254/token":  failure.Refused,
		"https://127.0.0.1/token":        failure.Refused,
		"https://u:p@example.com/token":  failure.Protocol,
		"https://auth.example.com/token": "",
	} {
		s := newTLSStand(t)
		s.image("x", "1", "linux/amd64", []byte("a"))
		auth := newTokens(t, newTLSStand(t), func(r *http.Request) bool {
			return r.Header.Get("Authorization") == basicOf(user, canaryPassword)
		})
		inTheClear := newTokens(t, newStand(t), anyone)
		s.wantTokenOf(auth, realm)
		config := quick(t)
		config.Transport.Base = names(map[string]*stand{
			"example.com:443": s, "auth.example.com:443": auth.stand, "auth.example.com:80": inTheClear.stand,
			"example.com:80": inTheClear.stand,
		})
		config.Transport.Hosts = map[string]transport.Host{
			"example.com": {Username: user, Password: canaryPassword, CACertificate: s.ca()},
		}
		_, err := newClient(t, config).Resolve(t.Context(), "example.com/x:1", "")
		if want == "" {
			if err != nil {
				t.Errorf("%s: %v", realm, err)
			}
			continue
		}
		assertKind(t, err, want)
		if got := append(inTheClear.requests(), auth.requests()...); got != nil {
			t.Errorf("%s: a host was sent %q", realm, got)
		}
	}
}

func TestARegistryMayRedirectEverythingToAnotherThatWantsATokenOfItsOwn(t *testing.T) {
	t.Parallel()
	content := randomBytes(1000)
	vanity, registry := newStand(t), newStand(t)
	registry.image("x", "1", "linux/amd64", content)
	realm := newTokens(t, newStand(t), anyone)
	registry.wantToken(realm)
	vanity.intercept = func(w http.ResponseWriter, r *http.Request) bool {
		http.Redirect(w, r, registry.URL+r.URL.Path, http.StatusTemporaryRedirect)
		return true
	}
	config := quick(t)
	config.Transport.Hosts = withPassword(vanity.host())
	config.Transport.Hosts[registry.host()] = transport.Host{Username: user, Password: canaryPassword} // nor do its own
	c := newClient(t, config)
	image := mustResolve(t, c, vanity.host()+"/x:1", "")
	assertReads(t, c.Blob(t.Context(), image, image.Layers[0]), content)
	if got := append(vanity.headers("Authorization"), realm.headers("Authorization")...); got != nil {
		t.Errorf("credentials were sent: %q", got)
	}
	for _, sent := range registry.headers("Authorization") {
		if sent != "Bearer "+realm.latest() {
			t.Errorf("the other registry was sent %q", sent)
		}
	}
	if n := len(realm.requests()); n != 1 {
		t.Errorf("%d tokens were fetched", n)
	}
}

func TestATokenServiceThatRedirectsWithinItsHostIsFollowed(t *testing.T) {
	t.Parallel()
	s, realm := newStand(t), newTokens(t, newStand(t), func(r *http.Request) bool {
		return r.Header.Get("Authorization") == basicOf(user, canaryPassword)
	})
	s.image("x", "1", "linux/amd64", []byte("a"))
	s.wantTokenOf(realm, realm.URL+"/old")
	issue := realm.intercept
	realm.intercept = func(w http.ResponseWriter, r *http.Request) bool {
		if r.URL.Path == "/old" {
			http.Redirect(w, r, "/token?"+r.URL.RawQuery, http.StatusPermanentRedirect)
			return true
		}
		return issue(w, r)
	}
	config := quick(t)
	config.Transport.Hosts = withPassword(s.host())
	mustResolve(t, newClient(t, config), s.host()+"/x:1", "")
}
