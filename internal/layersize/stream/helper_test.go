package stream

import (
	"testing"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/layersize"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/layersize/layertest"
)

// countFiles counts a tar by streaming it.
func countFiles(t testing.TB, data []byte) layersize.Measurement {
	t.Helper()
	m, err := Measure(t.Context(), layertest.NewLayer(layertest.TypeOCIPlain, data), Limits{})
	if err != nil {
		t.Fatal(err)
	}
	return m
}
