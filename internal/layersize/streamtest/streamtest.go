// Package streamtest counts layers for tests by streaming them: what every other way is compared
// with.
package streamtest

import (
	"testing"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/layersize"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/layersize/layertest"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/layersize/stream"
)

// CountFiles counts a tar.
func CountFiles(t testing.TB, tarball []byte) layersize.Measurement {
	t.Helper()
	return CountLayer(t, layertest.NewLayer(layertest.TypeOCIPlain, tarball))
}

// CountLayer counts a layer, whatever it is packed with.
func CountLayer(t testing.TB, layer layersize.Layer) layersize.Measurement {
	t.Helper()
	counted, err := stream.Measure(t.Context(), layer, stream.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	return counted
}
