package soci_test

import (
	"errors"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	ggcr "github.com/google/go-containerregistry/pkg/registry"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/partial"
	"github.com/google/go-containerregistry/pkg/v1/static"
	"github.com/google/go-containerregistry/pkg/v1/types"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/layersize"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/measure/soci"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/registry"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/registry/imagetest"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/registry/transport"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/store"
)

const (
	indexV1 = "application/vnd.amazon.soci.index.v1+json"
	indexV2 = "application/vnd.amazon.soci.index.v2+json"
)

// served is a registry, and how often it was asked; status is what it answers instead, if not 0.
type served struct {
	host   string
	asked  atomic.Int64
	status atomic.Int64
}

func serve(t *testing.T) *served {
	t.Helper()
	s := &served{}
	inner := ggcr.New(ggcr.Logger(log.New(io.Discard, "", 0)), ggcr.WithReferrersSupport(true))
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.asked.Add(1)
		if status := int(s.status.Load()); status != 0 {
			w.WriteHeader(status)
			return
		}
		inner.ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	s.host = strings.TrimPrefix(server.URL, "http://")
	return s
}

func (s *served) push(t *testing.T, name string, image v1.Image) v1.Descriptor {
	t.Helper()
	if _, err := imagetest.Push(t.Context(), s.host+"/"+name, image); err != nil {
		t.Fatal(err)
	}
	descriptor, err := partial.Descriptor(image)
	if err != nil {
		t.Fatal(err)
	}
	return *descriptor
}

// resolve returns a client and the image of a name.
func (s *served) resolve(t *testing.T, name string) (*registry.Client, *registry.Image) {
	t.Helper()
	client, err := registry.New(registry.Config{Transport: transport.Config{
		DockerConfigDir: t.TempDir(), Retry: transport.Retry{Max: -1},
	}})
	if err != nil {
		t.Fatal(err)
	}
	image, err := client.Resolve(t.Context(), s.host+"/"+name, "linux/amd64")
	if err != nil {
		t.Fatal(err)
	}
	return client, image
}

func imageOf(t *testing.T, layers ...v1.Layer) v1.Image {
	t.Helper()
	image, err := imagetest.Build("amd64", layers...)
	if err != nil {
		t.Fatal(err)
	}
	return image
}

func layerOf(t *testing.T, name string) v1.Layer {
	t.Helper()
	made, err := imagetest.WriteLayer(t.Context(), t.TempDir(), 1, []imagetest.File{{Name: name, Size: 5000}})
	if err != nil {
		t.Fatal(err)
	}
	return made
}

// indexOf is a SOCI index with one zTOC, of a layer.
func indexOf(t *testing.T, kind types.MediaType, layer v1.Layer, ztoc []byte) v1.Image {
	t.Helper()
	digest, err := layer.Digest()
	if err != nil {
		t.Fatal(err)
	}
	index := mutate.ConfigMediaType(mutate.MediaType(empty.Image, types.OCIManifestSchema1), kind)
	index, err = mutate.Append(index, mutate.Addendum{
		Layer:       static.NewLayer(ztoc, "application/octet-stream"),
		Annotations: map[string]string{"com.amazon.soci.image-layer-digest": digest.String()},
	})
	if err != nil {
		t.Fatal(err)
	}
	return index
}

func annotate(t *testing.T, image v1.Image, index v1.Descriptor) v1.Image {
	t.Helper()
	annotated, ok := mutate.Annotations(image, map[string]string{
		"com.amazon.soci.index-digest": index.Digest.String(),
	}).(v1.Image)
	if !ok {
		t.Fatal("no image")
	}
	return annotated
}

// attach pushes an index that refers to an image.
func (s *served) attach(t *testing.T, repository string, image v1.Descriptor, index v1.Image) {
	t.Helper()
	refers, ok := mutate.Subject(index, image).(v1.Image)
	if !ok {
		t.Fatal("no image")
	}
	digest, err := refers.Digest()
	if err != nil {
		t.Fatal(err)
	}
	s.push(t, repository+"@"+digest.String(), refers)
}

func TestTheReferrersLeadToTheZTOCOfALayer(t *testing.T) {
	t.Parallel()
	s := serve(t)
	indexed, other := layerOf(t, "a"), layerOf(t, "b")
	pushed := s.push(t, "x:v1", imageOf(t, indexed, other))
	s.attach(t, "x", pushed, indexOf(t, indexV1, indexed, []byte("the zTOC")))
	client, image := s.resolve(t, "x:v1")

	kept := store.Open(t.TempDir())
	x := soci.NewIndex(client, kept, image)
	if !x.NeedsRequests() {
		t.Error("it is said to be known before anything was asked")
	}
	found, err := x.Find(t.Context(), image.Layers[0])
	if err != nil || found == nil || found.Bytes != int64(len("the zTOC")) {
		t.Fatalf("got %+v, %v", found, err)
	}
	if found, err := x.Find(t.Context(), image.Layers[1]); found != nil || err != nil {
		t.Errorf("of a layer that the index does not list: %+v, %v", found, err)
	}
	if x.NeedsRequests() {
		t.Error("it is said to be unknown after it was found")
	}

	before := s.asked.Load()
	again := soci.NewIndex(client, kept, image)
	if again.NeedsRequests() {
		t.Error("a stored lookup needs requests")
	}
	if found, err := again.Find(t.Context(), image.Layers[0]); err != nil || found == nil {
		t.Errorf("by the stored lookup: %+v, %v", found, err)
	}
	if asked := s.asked.Load() - before; asked != 1 { // the index itself
		t.Errorf("%d requests with a stored lookup", asked)
	}
}

func TestTheAnnotationLeadsToTheZTOCOfALayer(t *testing.T) {
	t.Parallel()
	s := serve(t)
	layer := layerOf(t, "a")
	index := s.push(t, "x:index", indexOf(t, indexV2, layer, []byte("the zTOC")))
	s.push(t, "x:v1", annotate(t, imageOf(t, layer), index))
	client, image := s.resolve(t, "x:v1")
	x := soci.NewIndex(client, nil, image)
	if x.NeedsRequests() {
		t.Error("an image that names its index is said to need a lookup")
	}
	if found, err := x.Find(t.Context(), image.Layers[0]); err != nil || found == nil {
		t.Errorf("got %+v, %v", found, err)
	}
}

func TestAnIndexThatIsNotWhatLedToItIsRefused(t *testing.T) {
	t.Parallel()
	s := serve(t)
	layer := layerOf(t, "a")
	index := s.push(t, "x:index", indexOf(t, indexV1, layer, []byte("the zTOC"))) // the annotation is of a v2
	s.push(t, "x:v1", annotate(t, imageOf(t, layer), index))
	client, image := s.resolve(t, "x:v1")
	found, err := soci.NewIndex(client, nil, image).Find(t.Context(), image.Layers[0])
	var fault *layersize.Fault
	if found != nil || err == nil || errors.As(err, &fault) || !strings.Contains(err.Error(), "not what led to it") {
		t.Errorf("got %+v, %v", found, err)
	}
}

// TestAnImageWithoutAnIndexIsLookedUpOnce: that there is none is stored too.
func TestAnImageWithoutAnIndexIsLookedUpOnce(t *testing.T) {
	t.Parallel()
	s := serve(t)
	s.push(t, "x:v1", imageOf(t, layerOf(t, "a")))
	client, image := s.resolve(t, "x:v1")
	kept := store.Open(t.TempDir())
	for range 2 {
		found, err := soci.NewIndex(client, kept, image).Find(t.Context(), image.Layers[0])
		if found != nil || err != nil {
			t.Fatalf("got %+v, %v", found, err)
		}
		s.status.Store(http.StatusTeapot) // a second lookup would be an error
	}
}

// TestOnlyAPassingFailureIsAFault: a registry that knows nothing of referrers says so for ever.
func TestOnlyAPassingFailureIsAFault(t *testing.T) {
	t.Parallel()
	for status, passing := range map[int]bool{
		http.StatusServiceUnavailable: true, http.StatusTooManyRequests: true,
		http.StatusNotImplemented: false, http.StatusBadRequest: false,
	} {
		s := serve(t)
		s.push(t, "x:v1", imageOf(t, layerOf(t, "a")))
		client, image := s.resolve(t, "x:v1")
		s.status.Store(int64(status))
		kept := store.Open(t.TempDir())
		found, err := soci.NewIndex(client, kept, image).Find(t.Context(), image.Layers[0])
		var fault *layersize.Fault
		if found != nil || errors.As(err, &fault) != passing {
			t.Errorf("%d: %+v, %v", status, found, err)
		}
		if passing && !soci.NewIndex(client, kept, image).NeedsRequests() {
			t.Errorf("%d: the failed lookup was stored", status)
		}
	}
}
