package provider_test

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"fmt"
	"net/http"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/v1/remote"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/acctest"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/cloudapi/apitest"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/registry/registrytest"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/tke/tketest"
)

// front stands before a real registry, records who sent it which Authorization, and may answer by
// itself.
type front struct {
	host string
	mu   sync.Mutex
	got  map[string]bool // Authorization headers
}

// newFront passes on what answer does not take: it reports whether it answered.
func newFront(
	t *testing.T, to *registrytest.Registry, answer func(w http.ResponseWriter, r *http.Request) bool,
) *front {
	t.Helper()
	target, err := url.Parse(to.URL())
	if err != nil {
		t.Fatal(err)
	}
	f := &front{got: map[string]bool{}}
	pass := &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) {
		r.SetURL(target)
		r.Out.Header.Del("Authorization")
	}}
	f.host = strings.TrimPrefix(apitest.Start(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		f.mu.Lock()
		f.got[r.Header.Get("Authorization")] = true
		f.mu.Unlock()
		if answer == nil || !answer(w, r) {
			pass.ServeHTTP(w, r)
		}
	})), "http://")
	return f
}

// authorizations are those that came; requests without any count as "".
func (f *front) authorizations() map[string]bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.got
}

func basic(username, password string) string {
	return "Basic " + base64.StdEncoding.EncodeToString([]byte(username+":"+password))
}

// secureRegistry is one with a password and a certificate of its own authority, the path of which
// it returns.
func secureRegistry(t *testing.T) (*registrytest.Registry, string) {
	t.Helper()
	secure := registrytest.Start(t, registrytest.Options{TLS: true, Username: "s", Password: canaryRegistry})
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM([]byte(secure.Certificate))
	trusting := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12}}
	t.Cleanup(trusting.CloseIdleConnections)
	pushRandom(
		t, secure.Host+"/secure:v1", &authn.Basic{Username: "s", Password: canaryRegistry},
		remote.WithTransport(trusting),
	)
	ca := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(ca, []byte(secure.Certificate), 0o600); err != nil {
		t.Fatal(err)
	}
	return secure, ca
}

// dockerHelper returns the CLI's folder a Docker configuration with a credential helper for one
// host.
func (c *cli) dockerHelper(t *testing.T, host, username, password string) {
	t.Helper()
	helper := fmt.Sprintf(
		"#!/bin/sh\nread host; echo "+
			"\"{\\\"ServerURL\\\":\\\"$host\\\",\\\"Username\\\":\\\"%s\\\",\\\"Secret\\\":\\\"%s\\\"}\"\n",
		username, password,
	)
	programs := t.TempDir()
	for file, content := range map[string]string{
		filepath.Join(programs, "docker-credential-stand"): helper,
		filepath.Join(c.folder, "config.json"):             fmt.Sprintf(`{"credHelpers": {%q: "stand"}}`, host),
	} {
		if err := os.WriteFile(file, []byte(content), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	c.Env = append(c.Env, "PATH="+programs+string(os.PathListSeparator)+os.Getenv("PATH"))
}

// TestEveryKindOfRegistryIsReadAndNoCredentialGoesAstray measures one image from each kind of
// registry in one plan: basic authentication, tokens from a realm on another port, TLS of a private
// CA, blobs at another host, a proxy of the environment, and Docker's configuration with a
// credential helper.
func TestEveryKindOfRegistryIsReadAndNoCredentialGoesAstray(t *testing.T) {
	t.Parallel()
	acctest.CLI(t)
	public := registrytest.Start(t, registrytest.Options{})
	// each with layers of its own, so that each is read
	for _, name := range []string{"tokens", "redirecting", "proxied", "helped"} {
		pushRandom(t, public.Host+"/"+name+":v1", authn.Anonymous)
	}
	private := registrytest.Start(t, registrytest.Options{Username: "u", Password: canaryRegistry})
	pushRandom(t, private.Host+"/basic:v1", &authn.Basic{Username: "u", Password: canaryRegistry})

	realm := newFront(t, public, func(w http.ResponseWriter, r *http.Request) bool {
		if r.Header.Get("Authorization") != basic("t", "CANARY-realm") {
			w.WriteHeader(http.StatusUnauthorized)
			return true
		}
		_, _ = w.Write([]byte(`{"token": "CANARY-bearer", "expires_in": 300}`))
		return true
	})
	tokens := newFront(t, public, func(w http.ResponseWriter, r *http.Request) bool {
		if r.Header.Get("Authorization") == "Bearer CANARY-bearer" {
			return false
		}
		w.Header().Set(
			"WWW-Authenticate",
			fmt.Sprintf(
				"Bearer realm=%q,service=\"stand\",scope=\"repository:tokens:pull\"",
				"http://"+realm.host+"/token",
			),
		)
		w.WriteHeader(http.StatusUnauthorized)
		return true
	})
	storage := newFront(t, public, nil)
	redirecting := newFront(t, public, func(w http.ResponseWriter, r *http.Request) bool {
		switch {
		case r.Header.Get("Authorization") != basic("r", "CANARY-redirect"):
			w.Header().Set("WWW-Authenticate", `Basic realm="stand"`)
			w.WriteHeader(http.StatusUnauthorized)
		case strings.Contains(r.URL.Path, "/blobs/"):
			http.Redirect(w, r, "http://"+storage.host+r.URL.Path, http.StatusTemporaryRedirect)
		default:
			return false
		}
		return true
	})
	proxy := newFront(t, public, func(w http.ResponseWriter, r *http.Request) bool {
		if r.Host == "registry.example.com" {
			return false
		}
		http.Error(w, "no such host", http.StatusBadGateway)
		return true
	})
	helped := newFront(t, public, func(w http.ResponseWriter, r *http.Request) bool {
		if r.Header.Get("Authorization") == basic("h", "CANARY-helper") {
			return false
		}
		w.Header().Set("WWW-Authenticate", `Basic realm="stand"`)
		w.WriteHeader(http.StatusUnauthorized)
		return true
	})

	c := newCLI(t, acctest.Cloud(t, tketest.Options{}), "HTTP_PROXY=http://"+proxy.host)
	c.dockerHelper(t, helped.host, "h", "CANARY-helper")
	secure, ca := secureRegistry(t)
	text := fmt.Sprintf(`
terraform {
  required_providers {
    tkeimage = { source = "tkeimage/tkeimage" }
  }
}
provider "tkeimage" {
  docker_config = %[8]q
  registries = {
    %[1]q = { username = "u", password = %[2]q }
    %[3]q = { username = "t", password = "CANARY-realm" }
    %[4]q = { username = "r", password = "CANARY-redirect" }
    %[5]q = { username = "s", password = %[2]q, ca_certificate = file(%[6]q) }
    "registry.example.com" = { plain_http = true }
  }
}
data "tkeimage_root_disk_size" "x" {
  images  = ["%[1]s/basic:v1", "%[3]s/tokens:v1", "%[4]s/redirecting:v1", "%[5]s/secure:v1", "registry.example.com/proxied:v1", "%[7]s/helped:v1"]
  measure = "full"
}
output "digests" {
  value = data.tkeimage_root_disk_size.x.digests
}
`, private.Host, canaryRegistry, tokens.host, redirecting.host, secure.Host, ca, helped.host, c.folder)
	if err := os.WriteFile(filepath.Join(c.folder, "main.tf"), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	c.must(t, "init")
	if output := c.must(t, "plan"); strings.Count(output, "sha256:") < 6 || acctest.FindSecret(output, canary) >= 0 {
		t.Errorf("not six images:\n%s", output)
	}
	for name, test := range map[string]struct {
		at   *front
		want map[string]bool
	}{
		"the realm":                 {realm, map[string]bool{basic("t", "CANARY-realm"): true}},
		"the registry with tokens":  {tokens, map[string]bool{"": true, "Bearer CANARY-bearer": true}},
		"the registry of redirects": {redirecting, map[string]bool{"": true, basic("r", "CANARY-redirect"): true}},
		"the storage":               {storage, map[string]bool{"": true}},
		"the proxy":                 {proxy, map[string]bool{"": true}},
		"the one of the helper":     {helped, map[string]bool{"": true, basic("h", "CANARY-helper"): true}},
	} {
		if got := test.at.authorizations(); fmt.Sprint(got) != fmt.Sprint(test.want) {
			t.Errorf("%s was sent %v, want %v", name, got, test.want)
		}
	}
}
