package measure_test

import (
	"fmt"
	"strings"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/measure"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/registry/imagetest"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/store"
)

func TestWhatWasKeptIsNotReadAgain(t *testing.T) {
	t.Parallel()
	s := newStore(t)
	var layers []v1.Layer
	for i := range uint64(3) {
		layers = append(layers, layer(t, i, imagetest.File{Name: fmt.Sprint(i), Size: 50_000, Like: imagetest.Text}))
	}
	image := s.push(t, "a/x:v1", layers...)
	for _, mode := range []measure.Mode{measure.Auto, measure.Full, measure.Sample} {
		dir := t.TempDir()
		first, err := measurer(t, store.Open(dir)).Measure(t.Context(), request(mode, image))
		if err != nil {
			t.Fatal(err)
		}
		s.since()
		second, err := measurer(t, store.Open(dir)).Measure(t.Context(), request(mode, image)) // as another process
		if err != nil {
			t.Fatal(err)
		}
		if got := s.since(); len(got) != 1 || !strings.HasPrefix(got[0], "HEAD /v2/a/x/manifests/") {
			t.Errorf("%s: a second look cost %v, want one HEAD", mode, got)
		}
		if first.RequiredBytes != second.RequiredBytes || first.Exact != second.Exact {
			t.Errorf("%s: the kept answer differs: %+v, %+v", mode, first, second)
		}
	}
}

// TestWhatOneModeKeptDoesNotChangeAnother: a laptop that has streamed an image and a runner that
// keeps nothing plan the same.
func TestWhatOneModeKeptDoesNotChangeAnother(t *testing.T) {
	t.Parallel()
	s := newStore(t)
	image := s.push(t, "a/x:v1", layer(t, 1, imagetest.File{Name: "x", Size: 12 << 20, Like: imagetest.Noise}))
	kept := store.Open(t.TempDir())
	if _, err := measurer(t, kept).Measure(t.Context(), request(measure.Full, image)); err != nil {
		t.Fatal(err)
	}
	sample := request(measure.Sample, image)
	sample.ReadBudget = 2 << 20
	fresh, err := measurer(t, nil).Measure(t.Context(), sample)
	if err != nil {
		t.Fatal(err)
	}
	after, err := measurer(t, kept).Measure(t.Context(), sample)
	if err != nil {
		t.Fatal(err)
	}
	if fresh.RequiredBytes != after.RequiredBytes || fresh.Exact != after.Exact {
		t.Errorf("fresh %+v, after a full reading %+v", fresh.RequiredBytes, after.RequiredBytes)
	}
}
