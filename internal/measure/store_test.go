package measure_test

import (
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"

	ggcr "github.com/google/go-containerregistry/pkg/registry"
	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/measure"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/registry"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/registry/imagetest"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/registry/transport"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/store"
)

// recordingRegistry is a registry that remembers what it was asked for.
type recordingRegistry struct {
	host string
	mu   sync.Mutex
	log  []string
	// of that, the paths that were asked for by GET and without a range
	whole  []string
	before func(w http.ResponseWriter, r *http.Request) bool // true when it answered
}

func newStore(t *testing.T) *recordingRegistry {
	t.Helper()
	return serve(t, ggcr.New(ggcr.Logger(log.New(io.Discard, "", 0))))
}

func serve(t *testing.T, inner http.Handler) *recordingRegistry {
	t.Helper()
	s := &recordingRegistry{}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.mu.Lock()
		s.log = append(s.log, r.Method+" "+r.URL.Path)
		if r.Method == http.MethodGet && r.Header.Get("Range") == "" {
			s.whole = append(s.whole, r.URL.Path)
		}
		before := s.before
		s.mu.Unlock()
		if before == nil || !before(w, r) {
			inner.ServeHTTP(w, r)
		}
	}))
	t.Cleanup(server.Close)
	s.host = server.Listener.Addr().String()
	return s
}

// meet puts something before the registry; nil takes it away.
func (s *recordingRegistry) meet(before func(w http.ResponseWriter, r *http.Request) bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.before = before
}

func (s *recordingRegistry) push(t *testing.T, repository string, layers ...v1.Layer) string {
	t.Helper()
	image, err := imagetest.Build("amd64", layers...)
	if err != nil {
		t.Fatal(err)
	}
	reference := s.host + "/" + repository
	if _, err := imagetest.Push(t.Context(), reference, image); err != nil {
		t.Fatal(err)
	}
	return reference
}

// since returns the requests that came since the last call, without the version check that every
// session begins with.
func (s *recordingRegistry) since() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	log := slices.DeleteFunc(s.log, func(line string) bool { return strings.HasSuffix(line, "/v2/") })
	s.log, s.whole = nil, nil
	return log
}

// askedWhole returns what was asked for since then by GET and without a range.
func (s *recordingRegistry) askedWhole() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.whole)
}

func layer(t *testing.T, seed uint64, files ...imagetest.File) *imagetest.Layer {
	t.Helper()
	l, err := imagetest.WriteLayer(t.Context(), t.TempDir(), seed, files)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func digest(t *testing.T, l v1.Layer) string {
	t.Helper()
	d, err := l.Digest()
	if err != nil {
		t.Fatal(err)
	}
	return d.String()
}

func size(t *testing.T, l v1.Layer) int64 {
	t.Helper()
	n, err := l.Size()
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func measurer(t *testing.T, kept *store.Store) *measure.Measurer {
	t.Helper()
	config := registry.Config{Transport: transport.Config{DockerConfigDir: t.TempDir()}}
	if kept != nil {
		config.Manifests = kept
	}
	client, err := registry.New(config)
	if err != nil {
		t.Fatal(err)
	}
	return &measure.Measurer{Registry: client, Store: kept}
}

func request(mode measure.Mode, images ...string) measure.Request {
	return measure.Request{
		Images:     images,
		Platform:   "linux/amd64",
		Mode:       mode,
		ReadBudget: measure.DefaultReadBudget,
		Disk:       measure.DefaultDisk,
	}
}

const block = 4096

func blocks(n int64) int64 { return (n + block - 1) / block * block }
