package measure_test

import (
	"context"
	"errors"
	"net/http/httptest"
	"strings"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/static"
	"github.com/google/go-containerregistry/pkg/v1/types"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/layersize"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/measure"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/registry/failure"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/registry/imagetest"
)

// noTar is a layer that its registry serves, and no tar.
func noTar(text string) v1.Layer { return static.NewLayer([]byte(text), types.OCIUncompressedLayer) }

// TestEveryWrongImageIsNamed, in the order of the list and once, whatever is wrong with it and
// whatever is wrong with others.
func TestEveryWrongImageIsNamed(t *testing.T) {
	t.Parallel()
	s := newStore(t)
	stopped := httptest.NewServer(nil)
	gone := strings.TrimPrefix(stopped.URL, "http://")
	stopped.Close()
	sound := layer(t, 1, imagetest.File{Name: "a", Size: 5000})
	good := s.push(t, "all/good:v1", sound)
	broken := s.push(t, "all/broken:v1", sound, noTar("one"))
	alike := s.push(t, "all/broken:v2", noTar("one")) // holds the same layer
	twice := s.push(t, "all/twice:v1", noTar("two"), noTar("three"))
	images := []string{
		"https://example.com/app", good, s.host + "/all/good:v2", broken, gone + "/app:v1", alike,
		s.host + "/all/good:v2", "nginx: latest", twice,
	}
	want := []struct {
		index int
		cause error
	}{
		{0, failure.InvalidReference}, {2, failure.NotFound}, {3, layersize.ErrNotTar}, {4, failure.Unreachable},
		{5, layersize.ErrNotTar}, {7, failure.InvalidReference}, {8, layersize.ErrNotTar},
	}
	for _, mode := range []measure.Mode{measure.Auto, measure.Full} {
		_, err := impatient(t, nil, nil).Measure(t.Context(), request(mode, images...))
		failed, ok := errors.AsType[measure.ImageErrors](err)
		if !ok || len(failed) != len(want) {
			t.Fatalf("%s: %v", mode, err)
		}
		for i, w := range want {
			if failed[i].Index != w.index || !errors.Is(failed[i], w.cause) {
				t.Errorf("%s: error %d is of image %d: %v", mode, i, failed[i].Index, failed[i])
			}
			if layer, of := errors.AsType[*measure.LayerError](failed[i].Err); of && layer.Image != images[w.index] {
				t.Errorf("%s: image %d is named %s", mode, w.index, layer.Image)
			}
		}
	}
}

func TestAnInterruptionSaysNothingOfImages(t *testing.T) {
	t.Parallel()
	s := newStore(t)
	good := s.push(t, "stop/good:v1", layer(t, 1, imagetest.File{Name: "a", Size: 5000}))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := impatient(t, nil, nil).Measure(ctx, request(measure.Auto, good, "not a reference"))
	if _, named := errors.AsType[measure.ImageErrors](err); named || !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
}
