package tketest_test

import (
	"archive/tar"
	"bytes"
	"context"
	"crypto/rand"
	"crypto/tls"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/compression"
	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/registry"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/static"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

// registryServer is an in-process registry on the loopback interface.
type registryServer struct {
	host     string
	username string // asked for when it is not empty
	password string

	inner http.Handler
	mu    sync.Mutex
	gets  map[string]int                                // by path
	serve func(http.ResponseWriter, *http.Request) bool // answers instead, when it returns true
}

func newRegistry(t *testing.T, startServer func(http.Handler) *httptest.Server) *registryServer {
	t.Helper()
	r := &registryServer{gets: map[string]int{}, inner: registry.New(registry.Logger(log.New(io.Discard, "", 0)))}
	server := startServer(r)
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	t.Cleanup(server.Close)
	r.host = server.Listener.Addr().String()
	return r
}

func (r *registryServer) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	username, password, _ := req.BasicAuth()
	if r.username != "" && (username != r.username || password != r.password) {
		w.Header().Set("WWW-Authenticate", `Basic realm="registry"`)
		w.WriteHeader(http.StatusUnauthorized)
		return
	}
	if req.Method == http.MethodGet {
		r.mu.Lock()
		r.gets[req.URL.Path]++
		r.mu.Unlock()
	}
	if r.serve == nil || !r.serve(w, req) {
		r.inner.ServeHTTP(w, req)
	}
}

// got counts the GET requests whose path holds a text.
func (r *registryServer) got(text string) int {
	r.mu.Lock()
	defer r.mu.Unlock()
	total := 0
	for path, count := range r.gets {
		if strings.Contains(path, text) {
			total += count
		}
	}
	return total
}

// push uploads an image, or an index, and returns its reference.
func (r *registryServer) push(t *testing.T, repository string, pushed remote.Taggable) string {
	t.Helper()
	written := r.host + "/" + repository
	ref, err := name.ParseReference(written)
	if err != nil {
		t.Fatal(err)
	}
	options := []remote.Option{
		remote.WithAuth(authn.FromConfig(authn.AuthConfig{Username: r.username, Password: r.password})),
		remote.WithTransport(&http.Transport{
			DisableKeepAlives: true,
			TLSClientConfig:   &tls.Config{InsecureSkipVerify: true}, // its certificate has no issuer
		}),
	}
	if index, ok := pushed.(v1.ImageIndex); ok {
		err = remote.WriteIndex(ref, index, options...)
	} else {
		err = remote.Write(ref, pushed.(v1.Image), options...)
	}
	if err != nil {
		t.Fatal(err)
	}
	return written
}

// imageOf stacks layers to an image for linux/amd64.
func imageOf(t *testing.T, layers ...v1.Layer) v1.Image {
	t.Helper()
	img, err := mutate.AppendLayers(mutate.MediaType(empty.Image, types.OCIManifestSchema1), layers...)
	if err != nil {
		t.Fatal(err)
	}
	return img
}

// layerOf is a layer of one file of random bytes, which no compression makes smaller.
func layerOf(t *testing.T, size int, how compression.Compression) v1.Layer {
	t.Helper()
	content := make([]byte, size)
	_, _ = rand.Read(content)
	return packed(t, how, archiveOf(t, content))
}

func archiveOf(t *testing.T, content []byte) []byte {
	t.Helper()
	var archive bytes.Buffer
	w := tar.NewWriter(&archive)
	header := &tar.Header{Name: "file", Typeflag: tar.TypeReg, Size: int64(len(content)), Mode: 0o644}
	if err := w.WriteHeader(header); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write(content); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return archive.Bytes()
}

func packed(t *testing.T, how compression.Compression, archive []byte) v1.Layer {
	t.Helper()
	mediaType := map[compression.Compression]types.MediaType{
		compression.None: types.OCIUncompressedLayer,
		compression.GZip: types.OCILayer,
		compression.ZStd: types.OCILayerZStd,
	}[how]
	if how == compression.None {
		return static.NewLayer(archive, mediaType)
	}
	open := func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(archive)), nil }
	layer, err := tarball.LayerFromOpener(open, tarball.WithCompression(how), tarball.WithMediaType(mediaType))
	if err != nil {
		t.Fatal(err)
	}
	return layer
}

// leadsTo is a transport for which every host is the registry.
func leadsTo(r *registryServer) *http.Transport {
	return &http.Transport{DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
		var d net.Dialer
		return d.DialContext(ctx, network, r.host)
	}}
}

func digestOf(t *testing.T, layer v1.Layer) string {
	t.Helper()
	digest, err := layer.Digest()
	if err != nil {
		t.Fatal(err)
	}
	return digest.String()
}
