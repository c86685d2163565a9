package probe

import (
	"testing"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/layersize"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/layersize/layertest"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/layersize/stream"
)

// countFiles counts a tar by streaming it.
func countFiles(t testing.TB, data []byte) layersize.Measurement {
	t.Helper()
	m, err := stream.Measure(t.Context(), layertest.NewLayer(layertest.TypeOCIPlain, data), stream.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	return m
}
