package registry

import (
	"crypto/tls"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/registry/failure"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/registry/hostsdir"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/registry/registrytest"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/registry/transport"
)

// newAskingStand asks for a client certificate, and counts the requests that come with one.
func newAskingStand(t *testing.T, ask tls.ClientAuthType) (s *stand, shown *atomic.Int64) {
	s = startStand(t, func(server *httptest.Server) {
		server.TLS = &tls.Config{ClientAuth: ask, MinVersion: tls.VersionTLS12}
		server.StartTLS()
	})
	shown = new(atomic.Int64)
	s.intercept = func(_ http.ResponseWriter, r *http.Request) bool {
		if len(r.TLS.PeerCertificates) > 0 {
			shown.Add(1)
		}
		return false
	}
	return s, shown
}

func TestAClientCertificateIsShownToItsHostAndToNoOther(t *testing.T) {
	t.Parallel()
	certificate, key := registrytest.NewClientPair(t)
	files := t.TempDir()
	for name, content := range map[string]string{
		"client.pem": certificate + key, "example.com/hosts.toml": "client = \"../client.pem\"\nca = \"../ca.pem\"\n",
	} {
		if err := os.MkdirAll(filepath.Dir(filepath.Join(files, name)), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(files, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for name, configure := range map[string]func(config *transport.Config, ca string){
		"registries": func(config *transport.Config, ca string) {
			config.Hosts = map[string]transport.Host{
				"example.com": {CACertificate: ca, ClientCertificate: certificate, ClientKey: key},
			}
		},
		"hosts.toml": func(config *transport.Config, ca string) {
			if err := os.WriteFile(filepath.Join(files, "ca.pem"), []byte(ca), 0o600); err != nil {
				t.Fatal(err)
			}
			dir, faults := hostsdir.Open(files)
			if len(faults) > 0 {
				t.Fatal(faults)
			}
			config.HostsDir = dir
		},
	} {
		s, shown := newAskingStand(t, tls.RequireAnyClientCert)
		storage, shownToStorage := newAskingStand(t, tls.RequestClientCert)
		image := s.image("x", "1", "linux/amd64", []byte("layer"))
		storage.image("x", "1", "linux/amd64", []byte("layer"))
		recording := s.intercept
		s.intercept = func(w http.ResponseWriter, r *http.Request) bool {
			_ = recording(w, r)
			if strings.Contains(r.URL.Path, "/blobs/") {
				http.Redirect(w, r, "https://blobs.example.com"+r.URL.Path, http.StatusTemporaryRedirect)
				return true
			}
			return false
		}
		config := quick(t)
		config.Transport.Base = names(map[string]*stand{"example.com:443": s, "blobs.example.com:443": storage})
		configure(&config.Transport, s.ca()+storage.ca())
		if _, data, err := readAll(t, newClient(t, config), "example.com/x:1"); err != nil || string(data) != "layer" {
			t.Errorf("%s: %q, %v", name, data, err)
		}
		if shown.Load() == 0 || len(storage.seen) == 0 || shownToStorage.Load() > 0 {
			t.Errorf("%s: shown %d times, to the storage %d times", name, shown.Load(), shownToStorage.Load())
		}
		config.Transport.HostsDir = nil
		config.Transport.Hosts = map[string]transport.Host{"example.com": {CACertificate: s.ca()}}
		_, err := newClient(t, config).Resolve(t.Context(), "example.com/x@"+image.Digest.String(), "")
		assertKind(t, err, failure.TLS)
	}
}

func TestCertificatesForAllHostsServeRegistryTokenServiceAndStorage(t *testing.T) {
	t.Parallel()
	s, storage := newTLSStand(t), newTLSStand(t)
	realm := newTokens(t, newTLSStand(t), anyone)
	s.image("x", "1", "linux/amd64", []byte("layer"))
	storage.image("x", "1", "linux/amd64", []byte("layer"))
	s.wantTokenOf(realm, "https://auth.example.com/token")
	wanting := s.intercept
	s.intercept = func(w http.ResponseWriter, r *http.Request) bool {
		if wanting(w, r) {
			return true
		}
		if strings.Contains(r.URL.Path, "/blobs/") {
			http.Redirect(w, r, "https://blobs.example.com"+r.URL.Path, http.StatusTemporaryRedirect)
			return true
		}
		return false
	}
	config := quick(t)
	config.Transport.Base = names(map[string]*stand{
		"example.com:443": s, "auth.example.com:443": realm.stand, "blobs.example.com:443": storage,
	})
	_, _, err := readAll(t, newClient(t, config), "example.com/x:1")
	assertKind(t, err, failure.TLS)
	config.Transport.CACertificates = s.ca()
	if _, data, err := readAll(t, newClient(t, config), "example.com/x:1"); err != nil || string(data) != "layer" {
		t.Error(err)
	}
}

func TestAClientCertificateThatCannotBeUsedIsRefusedWithoutItsKey(t *testing.T) {
	t.Parallel()
	certificate, key := registrytest.NewClientPair(t)
	_, another := registrytest.NewClientPair(t)
	for name, host := range map[string]transport.Host{
		"no key": {ClientCertificate: certificate}, "no certificate": {ClientKey: key},
		"another's key": {ClientCertificate: certificate, ClientKey: another},
		"no PEM":        {ClientCertificate: "x", ClientKey: canaryPassword},
	} {
		_, err := transport.New(transport.Config{Hosts: map[string]transport.Host{"r.io": host}})
		if err == nil {
			t.Errorf("%s: accepted", name)
			continue
		}
		assertNoSecret(t, err.Error())
		if strings.Contains(err.Error(), "PRIVATE") {
			t.Errorf("%s: %v", name, err)
		}
	}
	registries, err := transport.New(transport.Config{
		Hosts: map[string]transport.Host{"r.io": {ClientCertificate: certificate, ClientKey: key}},
	})
	if err != nil {
		t.Fatal(err)
	}
	if text := registries.Secrets().Text(fmt.Sprintf("sent %s", key), 1000); strings.Contains(text, "PRIVATE KEY") {
		t.Errorf("the key shows: %s", text)
	}
}
