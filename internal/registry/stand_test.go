package registry

import (
	"bytes"
	"cmp"
	"context"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"log"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	inprocess "github.com/google/go-containerregistry/pkg/registry"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/types"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/registry/failure"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/registry/transport"
)

// Secrets that no error and no log may show.
const (
	canaryPassword = "canary-Passw0rd"
	canaryToken    = "canary-t0ken"
	canaryIdentity = "canary-1dentity"
	canaryQuery    = "canary-s1gnature"
)

var canaries = []string{
	canaryPassword, canaryToken, canaryIdentity, canaryQuery,
	base64.StdEncoding.EncodeToString([]byte(user + ":" + canaryPassword)),
}

// stand is the in-process registry behind a handler that records, and that a test can put something
// in front of.
type stand struct {
	*httptest.Server
	t         *testing.T
	inner     http.Handler
	intercept func(http.ResponseWriter, *http.Request) bool // true when it answered

	mu   sync.Mutex
	seen []*http.Request
}

func newStand(t *testing.T) *stand    { return startStand(t, (*httptest.Server).Start) }
func newTLSStand(t *testing.T) *stand { return startStand(t, (*httptest.Server).StartTLS) }

func startStand(t *testing.T, start func(*httptest.Server)) *stand {
	quiet := log.New(io.Discard, "", 0)
	s := &stand{t: t, inner: inprocess.New(inprocess.Logger(quiet))}
	s.Server = httptest.NewUnstartedServer(http.HandlerFunc(s.serve))
	s.Config.ErrorLog = quiet
	start(s.Server)
	t.Cleanup(s.Close)
	return s
}

func (s *stand) serve(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	s.seen = append(s.seen, r.Clone(context.Background()))
	s.mu.Unlock()
	if s.intercept == nil || !s.intercept(w, r) {
		s.inner.ServeHTTP(w, r)
	}
}

func (s *stand) host() string { return s.Listener.Addr().String() }

// requests returns what arrived as "METHOD path", in order.
func (s *stand) requests() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var list []string
	for _, r := range s.seen {
		list = append(list, r.Method+" "+r.URL.Path)
	}
	return list
}

func (s *stand) forget() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.seen = nil
}

// headers returns one header of all requests, without the empty ones.
func (s *stand) headers(name string) []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var list []string
	for _, r := range s.seen {
		if value := r.Header.Get(name); value != "" {
			list = append(list, value)
		}
	}
	return list
}

func (s *stand) ca() string {
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.Certificate().Raw}))
}

func (s *stand) put(method, target, contentType string, body []byte) {
	s.t.Helper()
	req := httptest.NewRequest(method, target, bytes.NewReader(body))
	req.Header.Set("Content-Type", contentType)
	w := httptest.NewRecorder()
	s.inner.ServeHTTP(w, req)
	if w.Code != http.StatusCreated {
		s.t.Fatalf("%s %s: %d %s", method, target, w.Code, w.Body)
	}
}

func (s *stand) blob(repo string, data []byte) v1.Descriptor {
	s.t.Helper()
	digest := digestOf(data, "")
	s.put(http.MethodPost, "/v2/"+repo+"/blobs/uploads/?digest="+digest, "application/octet-stream", data)
	return described(types.OCILayer, data)
}

// manifest stores a document as it is under a tag (or its digest), whatever it says.
func (s *stand) manifest(repo, tag string, mediaType types.MediaType, document any) v1.Descriptor {
	s.t.Helper()
	data := asJSON(s.t, document)
	d := described(mediaType, data)
	s.put(http.MethodPut, "/v2/"+repo+"/manifests/"+cmp.Or(tag, d.Digest.String()), string(mediaType), data)
	return d
}

func described(mediaType types.MediaType, data []byte) v1.Descriptor {
	digest, _ := v1.NewHash(digestOf(data, ""))
	return v1.Descriptor{MediaType: mediaType, Size: int64(len(data)), Digest: digest}
}

func asJSON(t testing.TB, value any) []byte {
	t.Helper()
	if data, ok := value.([]byte); ok {
		return data
	}
	data, err := json.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// image pushes an image whose layers hold these bytes, and returns its manifest's descriptor with
// the platform set.
func (s *stand) image(repo, tag, platform string, layers ...[]byte) v1.Descriptor {
	s.t.Helper()
	os, arch, _ := strings.Cut(platform, "/")
	arch, variant, _ := strings.Cut(arch, "/")
	config := map[string]any{"os": os, "architecture": arch, "variant": variant}
	manifest := v1.Manifest{SchemaVersion: 2, MediaType: types.OCIManifestSchema1, Layers: []v1.Descriptor{}}
	var diffIDs []string
	for _, layer := range layers {
		manifest.Layers = append(manifest.Layers, s.blob(repo, layer))
		diffIDs = append(diffIDs, digestOf(append([]byte("diff of "), layer...), ""))
	}
	config["rootfs"] = map[string]any{"type": "layers", "diff_ids": diffIDs}
	manifest.Config = s.blob(repo, asJSON(s.t, config))
	manifest.Config.MediaType = types.OCIConfigJSON
	d := s.manifest(repo, tag, types.OCIManifestSchema1, manifest)
	d.Platform = &v1.Platform{OS: os, Architecture: arch, Variant: variant}
	return d
}

func (s *stand) index(repo, tag string, entries ...v1.Descriptor) v1.Descriptor {
	s.t.Helper()
	return s.manifest(repo, tag, types.OCIImageIndex, v1.IndexManifest{
		SchemaVersion: 2, MediaType: types.OCIImageIndex, Manifests: entries,
	})
}

// quick are settings with which a test that waits does not take long.
func quick(t *testing.T) Config {
	return Config{Transport: transport.Config{
		DockerConfigDir: dockerConfig(t, map[string]any{}),
		Limits: transport.Limits{
			HeaderTimeout: 2 * time.Second, IdleTimeout: 200 * time.Millisecond, MinBytesPerSecond: 1024,
			DocumentTimeout: 2 * time.Second,
		},
		Retry: transport.Retry{
			Max: 2, WaitMin: time.Millisecond, WaitMax: 5 * time.Millisecond, RetryAfterMax: 2 * time.Second,
		},
	}}
}

func dockerConfig(t *testing.T, content any) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "config.json"), asJSON(t, content), 0o600); err != nil {
		t.Fatal(err)
	}
	return dir
}

// throughProxy are settings with a stand as the proxy of every host, to which plain.example speaks
// plain HTTP.
func throughProxy(t *testing.T, proxy *stand) Config {
	t.Helper()
	config := quick(t)
	base := http.DefaultTransport.(*http.Transport).Clone()
	base.Proxy = func(*http.Request) (*url.URL, error) { return url.Parse(proxy.URL) }
	config.Transport.Base = base
	config.Transport.Hosts = map[string]transport.Host{"plain.example": {PlainHTTP: true}}
	return config
}

// newClient watches the log for secrets.
func newClient(t *testing.T, config Config) *Client {
	t.Helper()
	config.Transport.Log = func(_ context.Context, message string, fields map[string]any) {
		assertNoSecret(t, fmt.Sprintln(message, fields))
	}
	c, err := New(config)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func assertNoSecret(t *testing.T, text string) {
	t.Helper()
	for _, canary := range canaries {
		if strings.Contains(text, canary) {
			t.Errorf("a secret shows: %s", text)
		}
	}
}

// assertKind wants a typed error of this kind, and that nothing in its chain shows a secret.
func assertKind(t *testing.T, err error, want failure.Kind) *failure.Error {
	t.Helper()
	var e *failure.Error
	if !errors.As(err, &e) || e.Kind != want || !errors.Is(err, want) {
		t.Fatalf("got %v, want %s", err, want)
	}
	for cause := err; cause != nil; cause = errors.Unwrap(cause) {
		assertNoSecret(t, fmt.Sprintf("%v %+v %#v", cause, cause, cause))
	}
	return e
}

func mustResolve(t *testing.T, c *Client, reference, platform string) *Image {
	t.Helper()
	image, err := c.Resolve(t.Context(), reference, platform)
	if err != nil {
		t.Fatal(err)
	}
	return image
}

// memory is a ManifestStore.
type memory struct {
	mu   sync.Mutex
	held map[string][]byte
}

func (m *memory) Get(digest string) ([]byte, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	data, found := m.held[digest]
	return data, found
}

func (m *memory) Put(digest string, data []byte) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.held == nil {
		m.held = map[string][]byte{}
	}
	m.held[digest] = data
}

func (m *memory) size() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return len(m.held)
}

// names is a transport in which host names lead to servers of the test, which seem to be somewhere
// on the Internet.
func names(to map[string]*stand) *http.Transport {
	places := map[string]server{}
	for address, s := range to {
		places[address] = server{s, "203.0.113.7"}
	}
	return namesAt(places)
}

// server is a stand, and the address at which it seems to be.
type server struct {
	*stand
	at string
}

// namesAt is names with an address for each server. What is not among them is not reached.
func namesAt(to map[string]server) *http.Transport {
	t := http.DefaultTransport.(*http.Transport).Clone()
	t.DialContext = func(ctx context.Context, network, address string) (net.Conn, error) {
		known, found := to[address]
		if !found {
			return nil, fmt.Errorf("no server of this test is at %s", address)
		}
		conn, err := new(net.Dialer).DialContext(ctx, network, known.host())
		return seeming{conn, net.TCPAddrFromAddrPort(netip.AddrPortFrom(netip.MustParseAddr(known.at), 443))}, err
	}
	return t
}

// seeming is a connection that seems to lead elsewhere.
type seeming struct {
	net.Conn
	to net.Addr
}

func (s seeming) RemoteAddr() net.Addr { return s.to }

func randomBytes(n int) []byte {
	data := make([]byte, n)
	source := rand.NewChaCha8([32]byte{1})
	source.Read(data)
	return data
}

// isBlobOf is true for requests of a layer, not of a configuration.
func isBlobOf(r *http.Request, layer Layer) bool {
	return strings.HasSuffix(r.URL.Path, "/blobs/"+layer.Digest)
}

func contextFor(t *testing.T, d time.Duration) (context.Context, context.CancelFunc) {
	return context.WithTimeout(t.Context(), d)
}
