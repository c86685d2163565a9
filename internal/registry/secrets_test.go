package registry

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/types"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/registry/failure"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/registry/transport"
)

func TestASecondHostsRefusalIsNamedAsThatHosts(t *testing.T) {
	t.Parallel()
	for _, status := range []int{http.StatusUnauthorized, http.StatusForbidden} {
		s, storage := newStand(t), newStand(t)
		s.image("x", "1", "linux/amd64", []byte("content"))
		s.wantBasic(user, canaryPassword)
		storage.intercept = func(w http.ResponseWriter, _ *http.Request) bool {
			w.Header().Set("WWW-Authenticate", `Basic realm="storage"`)
			w.WriteHeader(status)
			return true
		}
		config := quick(t)
		config.Transport.Hosts = withPassword(s.host())
		c := newClient(t, config)
		image := mustResolve(t, c, s.host()+"/x:1", "")
		s.redirecting(image.Layers[0], storage.URL+"/blob")
		_, err := c.Blob(t.Context(), image, image.Layers[0]).ReadAt(make([]byte, 1), 0)
		e := assertKind(t, err, transport.KindOfStatus(status))
		if e.Host != storage.host() || e.CredentialSource != "" || !e.Elsewhere ||
			strings.Contains(e.Error(), failure.SourceConfiguration) {
			t.Errorf("%v", e)
		}
		for _, r := range storage.seen {
			if r.Header.Get("Authorization") != "" {
				t.Error("the storage was sent credentials")
			}
		}
	}
}

func TestOfTwoTokenServicesNoneGetsAPassword(t *testing.T) {
	t.Parallel()
	one, other := newTokens(t, newStand(t), anyone), newTokens(t, newStand(t), anyone)
	challenge := func(realm string) string { return fmt.Sprintf(`Bearer realm=%q,service="r"`, realm) }
	for name, lines := range map[string][]string{
		"two headers": {challenge(one.URL + "/token"), challenge(other.URL + "/token")},
		"one header":  {challenge(one.URL+"/token") + ", " + challenge(other.URL+"/token")},
		"two paths":   {challenge(one.URL + "/token"), challenge(one.URL + "/other")},
	} {
		s := newStand(t)
		s.intercept = func(w http.ResponseWriter, _ *http.Request) bool {
			w.Header()["Www-Authenticate"] = lines
			w.WriteHeader(http.StatusUnauthorized)
			return true
		}
		config := quick(t)
		config.Transport.Hosts = withPassword(s.host())
		_, err := newClient(t, config).Resolve(t.Context(), s.host()+"/x:1", "")
		e := assertKind(t, err, failure.Protocol)
		if !strings.Contains(e.Error(), "two token services") || !strings.Contains(e.Error(), one.URL+"/token") {
			t.Errorf("%s: %v", name, e)
		}
		if one.requests() != nil || other.requests() != nil {
			t.Errorf("%s: a token service was asked", name)
		}
		for _, r := range s.seen {
			if r.Header.Get("Authorization") != "" {
				t.Errorf("%s: the registry was sent credentials", name)
			}
		}
	}
}

// TestMalformedHTTPQuotesNoSecret: net/http quotes what it cannot read, in its errors and in the
// log.
func TestMalformedHTTPQuotesNoSecret(t *testing.T) {
	t.Parallel()
	for _, answer := range []string{
		canaryPassword + "\r\n\r\n", "HTTP/1.1 " + canaryPassword + "\r\n\r\n",
		"HTTP/1.1 2" + canaryPassword + " OK\r\n\r\n",
		"HTTP/1.1 200 OK\r\n" + canaryPassword + "\r\n\r\n",
		"HTTP/1.1 200 OK\r\nContent-Length: " + canaryPassword + "\r\n\r\n",
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: " + canaryPassword + "\r\n\r\n",
		"HTTP/1.1 200 OK\r\nA: b\x00" + canaryPassword + "\r\n\r\n",
	} {
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { listener.Close() })
		go func() {
			for {
				conn, err := listener.Accept()
				if err != nil {
					return
				}
				go func() {
					defer conn.Close()
					_, _ = conn.Read(make([]byte, 1<<16))
					_, _ = io.WriteString(conn, answer)
				}()
			}
		}()
		host := listener.Addr().String()
		config := quick(t)
		config.Transport.Hosts = map[string]transport.Host{
			host: {Username: user, Password: canaryPassword, PlainHTTP: true},
		}
		_, err = newClient(t, config).Resolve(t.Context(), host+"/x:1", "")
		if e, ok := errors.AsType[*failure.Error](err); !ok {
			t.Errorf("%q: got %v", answer, err)
		} else {
			assertNoSecret(t, e.Error())
		}
	}
}

// A manifest is stored in the state in part, and kept in a file whole.
func TestADocumentThatRepeatsASecretIsNotStored(t *testing.T) {
	t.Parallel()
	s := newStand(t)
	s.image("x", "1", "linux/amd64", []byte("a"))
	config := quick(t)
	config.Transport.Hosts = withPassword(s.host())
	image := mustResolve(t, newClient(t, config), s.host()+"/x:1", "")
	spelled := v1.Hash{
		Algorithm: "sha256", Hex: (hex.EncodeToString([]byte(canaryPassword)) + strings.Repeat("0", 64))[:64],
	}
	plain := described("", []byte("a"))
	configuration := v1.Descriptor{MediaType: types.OCIConfigJSON, Size: image.Metadata[1].Size}
	configuration.Digest, _ = v1.NewHash(image.Metadata[1].Digest)
	layer := func(mediaType string, digest v1.Hash) v1.Descriptor {
		return v1.Descriptor{MediaType: types.MediaType(mediaType), Size: 1, Digest: digest}
	}
	for name, test := range map[string]struct {
		layer v1.Descriptor
		want  failure.Kind
	}{
		"a media type that is taken": {
			layer(string(types.OCIUncompressedLayer)+"+"+canaryPassword, plain.Digest), failure.Malformed,
		},
		"a media type that is not": {layer("application/"+canaryPassword, plain.Digest), failure.LayerType},
		"what is no media type": {
			layer(string(types.OCIUncompressedLayer)+"+\x1b", plain.Digest), failure.Malformed,
		},
		"a digest": {layer(string(types.OCILayer), spelled), failure.Malformed},
		"an annotation, in percent escape": {
			v1.Descriptor{
				MediaType:   types.OCILayer,
				Size:        1,
				Digest:      plain.Digest,
				Annotations: map[string]string{"a": strings.ReplaceAll(canaryPassword, "-", "%2D")},
			},
			"",
		},
	} {
		s.manifest("x", "2", types.OCIManifestSchema1, v1.Manifest{
			SchemaVersion: 2,
			MediaType:     types.OCIManifestSchema1,
			Config:        configuration,
			Layers:        []v1.Descriptor{test.layer},
		})
		store := &memory{}
		config.Manifests = store
		image, err := newClient(t, config).Resolve(t.Context(), s.host()+"/x:2", "")
		if test.want != "" {
			assertNoSecret(t, assertKind(t, err, test.want).Error())
		} else if err != nil {
			t.Errorf("%s: %+v, %v", name, image, err)
		}
		for digest, data := range store.held {
			if bytes.Contains(data, []byte("canary")) {
				t.Errorf("%s: %s is kept: %s", name, digest, data)
			}
		}
	}
}

// Not parallel: the helper is found by PATH, and standard error is this process's.
func TestWhatACredentialHelperPrintsReachesNoLog(t *testing.T) {
	folder := t.TempDir()
	script := "#!/bin/sh\necho " + canaryToken + " >&2\necho " + canaryToken + "\nexit 1\n"
	if err := os.WriteFile(filepath.Join(folder, "docker-credential-loud"), []byte(script), 0o700); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", folder+":"+os.Getenv("PATH"))
	stderr, err := os.Create(filepath.Join(folder, "stderr"))
	if err != nil {
		t.Fatal(err)
	}
	before := os.Stderr
	os.Stderr = stderr
	t.Cleanup(func() { os.Stderr = before })

	s := newStand(t)
	s.wantBasic(user, canaryPassword)
	config := quick(t)
	config.Transport.DockerConfigDir = dockerConfig(t, map[string]any{
		"credHelpers": map[string]string{s.host(): "loud"},
	})
	_, err = newClient(t, config).Resolve(t.Context(), s.host()+"/x:1", "")
	e := assertKind(t, err, failure.Unauthorized)
	printed, readErr := os.ReadFile(stderr.Name())
	if readErr != nil || len(printed) > 0 || !strings.Contains(e.CredentialNote, "exit status 1") ||
		!strings.Contains(e.CredentialNote, "not shown") {
		t.Errorf("printed %q, %v; noted %q", printed, readErr, e.CredentialNote)
	}
}
