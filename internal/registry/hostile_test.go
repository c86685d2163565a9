package registry

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/types"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/registry/failure"
)

func TestDeepAndWideIndexesEnd(t *testing.T) {
	t.Parallel()
	s := newStand(t)
	deep := s.index("x", "", s.image("x", "", "linux/amd64", []byte("a")))
	for range 10 {
		deep = s.index("x", "deep", deep)
	}
	var wide []v1.Descriptor
	for i := range 100 {
		entry := s.image("x", "", "linux/arm64", []byte(fmt.Sprint(i)))
		entry.Platform = nil
		wide = append(wide, entry)
	}
	s.index("x", "wide", wide...)
	for _, tag := range []string{"deep", "wide"} {
		s.forget()
		_, err := newClient(t, quick(t)).Resolve(t.Context(), s.host()+"/x:"+tag, "linux/amd64")
		assertKind(t, err, failure.TooLarge)
		if n := len(s.requests()); n > 2*maxDocuments+2 {
			t.Errorf("%s took %d requests", tag, n)
		}
	}
}

// A cycle needs a digest that lies: an index cannot hold its own.
func TestACycleEndsAtTheDigestThatLies(t *testing.T) {
	t.Parallel()
	s := newStand(t)
	cycle := asJSON(t, v1.IndexManifest{SchemaVersion: 2, MediaType: types.OCIImageIndex, Manifests: []v1.Descriptor{
		{MediaType: types.OCIImageIndex, Size: 100, Digest: described("", []byte("x")).Digest},
	}})
	s.intercept = func(w http.ResponseWriter, r *http.Request) bool {
		w.Write(cycle)
		return true
	}
	_, err := newClient(t, quick(t)).Resolve(t.Context(), s.host()+"/x", "")
	assertKind(t, err, failure.DigestMismatch)
	if n := len(s.requests()); n > 2 {
		t.Errorf("%d requests", n)
	}
}

func TestDocumentsThatLieAreErrorsAndAreNotKept(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		lie  func(s *stand, manifest, config v1.Descriptor) http.HandlerFunc
		want failure.Kind
	}{
		"other content under the manifest's digest": {func(_ *stand, m, _ v1.Descriptor) http.HandlerFunc {
			return answering("/manifests/"+m.Digest.String(), strings.Repeat("x", int(m.Size)))
		}, failure.DigestMismatch},
		"other content under the configuration's digest": {func(_ *stand, _, c v1.Descriptor) http.HandlerFunc {
			return answering("/blobs/"+c.Digest.String(), strings.Repeat("x", int(c.Size)))
		}, failure.DigestMismatch},
		"a manifest that never ends": {func(_ *stand, m, _ v1.Descriptor) http.HandlerFunc {
			return endless("/manifests/" + m.Digest.String())
		}, failure.TooLarge},
		"a configuration that never ends": {func(_ *stand, _, c v1.Descriptor) http.HandlerFunc {
			return endless("/blobs/" + c.Digest.String())
		}, failure.TooLarge},
		"a manifest that drips": {func(_ *stand, m, _ v1.Descriptor) http.HandlerFunc {
			return dripping("/manifests/" + m.Digest.String())
		}, failure.Timeout},
		"a manifest announced as huge": {func(_ *stand, m, _ v1.Descriptor) http.HandlerFunc {
			return func(w http.ResponseWriter, r *http.Request) {
				if strings.HasSuffix(r.URL.Path, "/manifests/"+m.Digest.String()) {
					w.Header().Set("Content-Length", "99999999999")
					w.WriteHeader(http.StatusOK)
				}
			}
		}, failure.TooLarge},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newStand(t)
			manifest := s.image("x", "1", "linux/amd64", []byte("a"))
			config := quick(t)
			store := &memory{}
			config.Manifests = store
			image := mustResolve(t, newClient(t, quick(t)), s.host()+"/x:1", "")
			configuration := v1.Descriptor{Size: image.Metadata[1].Size}
			configuration.Digest, _ = v1.NewHash(image.Metadata[1].Digest)
			lie := test.lie(s, manifest, configuration)
			s.intercept = func(w http.ResponseWriter, r *http.Request) bool {
				told := &told{ResponseWriter: w}
				lie(told, r)
				return told.something
			}
			began := time.Now()
			_, err := newClient(t, config).Resolve(t.Context(), s.host()+"/x@"+manifest.Digest.String(), "")
			e := assertKind(t, err, test.want)
			if !strings.Contains(e.Error(), s.host()+"/x@") || time.Since(began) > 5*time.Second {
				t.Errorf("after %s: %v", time.Since(began), e)
			}
			for digest, data := range store.held {
				if digestOf(data, digest) != digest {
					t.Errorf("kept %s with other content", digest)
				}
			}
		})
	}
}

// told notices whether a handler answered.
type told struct {
	http.ResponseWriter
	something bool
}

func (t *told) Write(p []byte) (int, error) { t.something = true; return t.ResponseWriter.Write(p) }
func (t *told) WriteHeader(status int)      { t.something = true; t.ResponseWriter.WriteHeader(status) }

func answering(suffix, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, suffix) {
			io.WriteString(w, body)
		}
	}
}

func endless(suffix string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if !strings.HasSuffix(r.URL.Path, suffix) {
			return
		}
		chunk := strings.Repeat(" ", 64<<10)
		for err := error(nil); err == nil; {
			_, err = io.WriteString(w, chunk)
		}
	}
}

func dripping(suffix string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if !strings.HasSuffix(r.URL.Path, suffix) {
			return
		}
		for err := error(nil); err == nil && r.Context().Err() == nil; time.Sleep(20 * time.Millisecond) {
			_, err = io.WriteString(w, " ")
			http.NewResponseController(unwrapped(w)).Flush()
		}
	}
}

func unwrapped(w http.ResponseWriter) http.ResponseWriter {
	if t, ok := w.(*told); ok {
		return t.ResponseWriter
	}
	return w
}

func TestSizesThatTheIndexAnnouncesMustBeTrue(t *testing.T) {
	t.Parallel()
	s := newStand(t)
	entry := s.image("x", "", "linux/amd64", []byte("a"))
	for size, want := range map[int64]failure.Kind{
		entry.Size + 1: failure.Malformed, maxDocument + 1: failure.TooLarge,
	} {
		entry.Size = size
		s.index("x", "1", entry)
		_, err := newClient(t, quick(t)).Resolve(t.Context(), s.host()+"/x:1", "")
		assertKind(t, err, want)
	}
}

func TestAManifestWithOtherLayersThanItsConfigurationIsMalformed(t *testing.T) {
	t.Parallel()
	s := newStand(t)
	config := s.blob("x", []byte(`{"os":"linux","architecture":"amd64","rootfs":{"diff_ids":[]}}`))
	config.MediaType = types.OCIConfigJSON
	s.manifest("x", "1", types.OCIManifestSchema1, v1.Manifest{
		SchemaVersion: 2, Config: config, Layers: []v1.Descriptor{s.blob("x", []byte("a"))},
	})
	_, err := newClient(t, quick(t)).Resolve(t.Context(), s.host()+"/x:1", "")
	e := assertKind(t, err, failure.Malformed)
	if !strings.Contains(e.Error(), "1 layers") {
		t.Error(e)
	}
}

func TestABrokenManifestIsReadAgain(t *testing.T) {
	t.Parallel()
	s := newStand(t)
	s.image("x", "1", "linux/amd64", []byte("a"))
	broken := false
	s.intercept = func(w http.ResponseWriter, r *http.Request) bool {
		if broken {
			return false
		}
		broken = true
		w.Header().Set("Content-Length", "500")
		io.WriteString(w, "{")
		return true
	}
	mustResolve(t, newClient(t, quick(t)), s.host()+"/x:1", "")
	s.intercept = func(w http.ResponseWriter, r *http.Request) bool {
		w.Header().Set("Content-Length", "500")
		io.WriteString(w, "{")
		return true
	}
	s.forget()
	_, err := newClient(t, quick(t)).Resolve(t.Context(), s.host()+"/x:1", "")
	assertKind(t, err, failure.Unreachable)
	if n := len(s.requests()); n != 3 || !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("%d requests, %v", n, err)
	}
}
