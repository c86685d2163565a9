package giant

import (
	"encoding/json"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

// Registry serves images on a loopback port: the reading half of the OCI distribution-spec, ranges
// included, and no referrers.
type Registry struct {
	Host string

	Options
	login  *loginCheck
	server *http.Server
	done   chan struct{}

	mu        sync.Mutex
	manifests map[string][]byte // by tag and by digest
	configs   map[string][]byte
	layers    map[string]*Layer

	bytes, requests atomic.Int64
	busy, most      int // layers that are being read now, and at most
}

// Options are how a registry answers.
type Options struct {
	Latency  time.Duration // a round trip, of every answer and every new connection
	OneRange bool          // of several ranges that a request asks for, the first alone is served
	Login    Login
}

// Serve starts a registry in which every answer, and every new connection, takes a round trip of
// latency.
func Serve(latency time.Duration) (*Registry, error) { return ServeWith(Options{Latency: latency}) }

// ServeWith starts a registry that answers as the options say.
func ServeWith(options Options) (*Registry, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	r := &Registry{
		Host: listener.Addr().String(), Options: options,
		login: newLoginCheck(options.Login), done: make(chan struct{}),
		manifests: map[string][]byte{}, configs: map[string][]byte{}, layers: map[string]*Layer{},
	}
	r.server = &http.Server{Handler: r, ReadHeaderTimeout: time.Minute}
	go func() {
		defer close(r.done)
		_ = r.server.Serve(&distant{listener, options.Latency})
	}()
	return r, nil
}

// Close ends it.
func (r *Registry) Close() {
	_ = r.server.Close()
	<-r.done
}

// Cost is what has been asked for since the last time: bytes of bodies, and requests.
func (r *Registry) Cost() (bytes, requests int64) {
	return r.bytes.Swap(0), r.requests.Swap(0)
}

// LayersAtOnce is how many layers were read at the same time, at most.
func (r *Registry) LayersAtOnce() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.most
}

// beginRead counts a layer that is being read, until the function that it returns is called.
func (r *Registry) beginRead() (end func()) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.busy++
	r.most = max(r.most, r.busy)
	return func() {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.busy--
	}
}

// Add makes an image of layers and returns its reference.
func (r *Registry) Add(repository string, layers ...*Layer) (reference string, err error) {
	manifest := v1.Manifest{SchemaVersion: 2, MediaType: types.OCIManifestSchema1}
	config := v1.ConfigFile{OS: "linux", Architecture: "amd64", RootFS: v1.RootFS{Type: "layers"}}
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, l := range layers {
		digest, err := v1.NewHash(l.Digest)
		if err != nil {
			return "", err
		}
		diffID, err := v1.NewHash(l.DiffID)
		if err != nil {
			return "", err
		}
		manifest.Layers = append(manifest.Layers, v1.Descriptor{
			MediaType: l.Format.mediaType(), Size: l.Size, Digest: digest,
		})
		config.RootFS.DiffIDs = append(config.RootFS.DiffIDs, diffID)
		r.layers[l.Digest] = l
	}
	content, err := json.Marshal(config)
	if err != nil {
		return "", err
	}
	if manifest.Config.Digest, err = v1.NewHash(digestOf(content)); err != nil {
		return "", err
	}
	manifest.Config.MediaType, manifest.Config.Size = types.OCIConfigJSON, int64(len(content))
	r.configs[digestOf(content)] = content
	if content, err = json.Marshal(manifest); err != nil {
		return "", err
	}
	r.manifests[repository+" v1"], r.manifests[repository+" "+digestOf(content)] = content, content
	return r.Host + "/" + repository + ":v1", nil
}

// ServeHTTP answers after a round trip.
func (r *Registry) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	r.requests.Add(1)
	if !waitFor(req, r.Latency) || !r.login.admit(w, req) {
		return
	}
	path, ok := strings.CutPrefix(req.URL.Path, "/v2/")
	switch {
	case ok && path == "":
		return
	case !ok, req.Method != http.MethodGet && req.Method != http.MethodHead:
		http.NotFound(w, req)
		return
	}
	if first, _, several := strings.Cut(req.Header.Get("Range"), ","); several && r.OneRange {
		req.Header.Set("Range", first)
	}
	w = &counting{ResponseWriter: w, bytes: &r.bytes}
	if repository, reference, ok := strings.Cut(path, "/manifests/"); ok {
		r.serveDocument(w, req, r.findDocument(r.manifests, repository+" "+reference), string(types.OCIManifestSchema1))
		return
	}
	_, digest, _ := strings.Cut(path, "/blobs/")
	if layer := r.findLayer(digest); layer != nil {
		defer r.beginRead()()
		w.Header().Set("Content-Type", "application/octet-stream")
		w.Header().Set("Docker-Content-Digest", digest)
		http.ServeContent(w, req, "", time.Time{}, io.NewSectionReader(layer, 0, layer.Size))
		return
	}
	r.serveDocument(w, req, r.findDocument(r.configs, digest), "application/octet-stream")
}

// waitFor waits on behalf of a request, and reports whether its client still waits.
func waitFor(req *http.Request, wait time.Duration) bool {
	select {
	case <-time.After(wait):
		return true
	case <-req.Context().Done():
		return false
	}
}

func (r *Registry) findLayer(digest string) *Layer {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.layers[digest]
}

func (r *Registry) findDocument(documents map[string][]byte, key string) []byte {
	r.mu.Lock()
	defer r.mu.Unlock()
	return documents[key]
}

func (r *Registry) serveDocument(w http.ResponseWriter, req *http.Request, content []byte, mediaType string) {
	if content == nil {
		http.NotFound(w, req)
		return
	}
	w.Header().Set("Content-Type", mediaType)
	w.Header().Set("Docker-Content-Digest", digestOf(content))
	http.ServeContent(w, req, "", time.Time{}, strings.NewReader(string(content)))
}

// counting counts what a body holds. It copies in large steps, so that the registry is not what
// others wait for.
type counting struct {
	http.ResponseWriter
	bytes *atomic.Int64
}

func (c *counting) Write(p []byte) (int, error) {
	n, err := c.ResponseWriter.Write(p)
	c.bytes.Add(int64(n))
	return n, err
}

const copyBytes = 256 << 10

// ReadFrom copies from a layer.
func (c *counting) ReadFrom(from io.Reader) (total int64, err error) {
	return io.CopyBuffer(struct{ io.Writer }{c}, from, make([]byte, copyBytes))
}

// distant is a listener whose connections take a round trip to begin.
type distant struct {
	net.Listener
	latency time.Duration
}

func (d *distant) Accept() (net.Conn, error) {
	conn, err := d.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return &delayed{Conn: conn, latency: d.latency}, nil
}

type delayed struct {
	net.Conn
	latency time.Duration
	once    sync.Once
}

func (d *delayed) Read(p []byte) (int, error) {
	d.once.Do(func() { time.Sleep(d.latency) })
	return d.Conn.Read(p)
}
