package registry

import (
	"net/http"
	"testing"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/registry/failure"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/registry/transport"
)

func TestTLSIsTrustedAsConfigured(t *testing.T) {
	t.Parallel()
	s := newTLSStand(t)
	s.image("x", "1", "linux/amd64", []byte("a"))
	for name, test := range map[string]struct {
		host transport.Host
		want failure.Kind
	}{
		"a private CA":         {transport.Host{CACertificate: s.ca()}, ""},
		"skipped verification": {transport.Host{InsecureSkipVerify: true}, ""},
		"nothing":              {transport.Host{}, failure.TLS},
		"plain HTTP":           {transport.Host{PlainHTTP: true}, failure.TLS},
	} {
		config := quick(t)
		config.Transport.Hosts = map[string]transport.Host{s.host(): test.host}
		_, err := newClient(t, config).Resolve(t.Context(), s.host()+"/x:1", "")
		if test.want == "" && err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if test.want != "" {
			assertKind(t, err, test.want)
		}
	}
}

func TestACertificateForAnotherNameIsATLSError(t *testing.T) {
	t.Parallel()
	s := newTLSStand(t)
	config := quick(t)
	config.Transport.Base = names(map[string]*stand{"example.org:443": s})
	config.Transport.Hosts = map[string]transport.Host{"example.org": {CACertificate: s.ca()}}
	_, err := newClient(t, config).Resolve(t.Context(), "example.org/x:1", "")
	if e := assertKind(t, err, failure.TLS); len(s.requests()) != 0 {
		t.Errorf("%+v", e)
	}
}

func TestARegistryWithoutTLSIsATLSErrorUnlessItIsConfigured(t *testing.T) {
	t.Parallel()
	s := newStand(t)
	s.image("x", "1", "linux/amd64", []byte("a"))
	for plain, want := range map[bool]failure.Kind{true: "", false: failure.TLS} {
		config := quick(t)
		config.Transport.Base = names(map[string]*stand{"example.com:443": s, "example.com:80": s})
		config.Transport.Hosts = map[string]transport.Host{"example.com": {PlainHTTP: plain}}
		_, err := newClient(t, config).Resolve(t.Context(), "example.com/x:1", "")
		if want == "" && err != nil {
			t.Error(err)
		}
		if want != "" {
			assertKind(t, err, want)
		}
	}
}

func TestALoopbackRegistryIsAskedInPlainHTTPAndThenWithTLS(t *testing.T) {
	t.Parallel()
	plain, secure := newStand(t), newTLSStand(t)
	for _, s := range []*stand{plain, secure} {
		s.image("x", "1", "linux/amd64", []byte("a"))
	}
	mustResolve(t, newClient(t, quick(t)), plain.host()+"/x:1", "")
	if n := len(plain.requests()); n != 2 {
		t.Errorf("%d requests", n)
	}
	_, err := newClient(t, quick(t)).Resolve(t.Context(), secure.host()+"/x:1", "")
	assertKind(t, err, failure.TLS) // it was asked over https, whose certificate is not trusted

	// A plain registry that answers 400 is still one.
	plain.failing(100, http.StatusBadRequest)
	_, err = newClient(t, quick(t)).Resolve(t.Context(), plain.host()+"/x:1", "")
	assertKind(t, err, failure.Protocol)
}

// The CA of a registry is trusted for the storage that it redirects to. Skipped verification stays
// with its host name.
func TestTrustGoesWithARedirectAndItsAbsenceDoesNot(t *testing.T) {
	t.Parallel()
	content := randomBytes(1000)
	s, storage := newTLSStand(t), newStorage(t, newTLSStand(t), content)
	s.image("x", "1", "linux/amd64", content)
	for name, test := range map[string]struct {
		host transport.Host
		to   string
		want failure.Kind
	}{
		"a CA goes along": {transport.Host{CACertificate: s.ca()}, "https://blobs.example.com/x", ""},
		"skipped verification does not": {
			transport.Host{InsecureSkipVerify: true}, "https://blobs.example.com/x", failure.TLS,
		},
		"but to another port of the host": {transport.Host{InsecureSkipVerify: true}, "https://example.com:8443/x", ""},
	} {
		config := quick(t)
		config.Transport.Base = names(map[string]*stand{
			"example.com:443": s, "blobs.example.com:443": storage, "example.com:8443": storage,
		})
		config.Transport.Hosts = map[string]transport.Host{"example.com": test.host}
		c := newClient(t, config)
		s.intercept = nil
		image := mustResolve(t, c, "example.com/x:1", "")
		s.redirecting(image.Layers[0], test.to)
		_, err := c.Blob(t.Context(), image, image.Layers[0]).ReadAt(make([]byte, 1), 0)
		if test.want == "" && err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if test.want != "" {
			assertKind(t, err, test.want)
		}
	}
}

func TestProxiesComeFromTheTransport(t *testing.T) {
	t.Parallel()
	s := newStand(t) // answers as the proxy, whatever host it is asked for
	s.image("x", "1", "linux/amd64", []byte("a"))
	c := newClient(t, throughProxy(t, s))
	image := mustResolve(t, c, "plain.example/x:1", "")
	// The guard against internal addresses judges where names lead, not where the user's own proxy
	// stands.
	s.redirecting(image.Layers[0], "http://storage.example/blob")
	storage := s.intercept
	s.intercept = func(w http.ResponseWriter, r *http.Request) bool {
		if r.Host == "storage.example" {
			w.Header().Set("Content-Range", "bytes 0-0/1")
			w.WriteHeader(http.StatusPartialContent)
			w.Write([]byte("a"))
			return true
		}
		return storage(w, r)
	}
	if _, err := c.Blob(t.Context(), image, image.Layers[0]).ReadAt(make([]byte, 1), 0); err != nil {
		t.Error(err)
	}
}

func TestTheUserAgentIsSent(t *testing.T) {
	t.Parallel()
	s := newStand(t)
	s.image("x", "1", "linux/amd64", []byte("a"))
	config := quick(t)
	config.Transport.UserAgent = "tkeimage/1.2.3"
	mustResolve(t, newClient(t, config), s.host()+"/x:1", "")
	for _, agent := range s.headers("User-Agent") {
		if agent != "tkeimage/1.2.3" {
			t.Error(agent)
		}
	}
}
