package stream

import (
	"testing"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/layersize"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/layersize/layertest"
)

// FuzzStream streams anything: it ends, within its limits, with an error or with a measurement that
// makes sense.
func FuzzStream(f *testing.F) {
	for _, blob := range layertest.Seeds(f) {
		f.Add(uint8(0), blob)
		f.Add(uint8(4), blob)
	}
	f.Fuzz(func(t *testing.T, mediaType uint8, blob []byte) {
		l := layertest.NewLayer(layertest.MediaTypes[int(mediaType)%len(layertest.MediaTypes)], blob)
		m, err := Measure(t.Context(), l, Limits{UnpackedBytes: 4 << 20, Entries: 10_000, WindowBytes: 8 << 20})
		if err != nil {
			return
		}
		layertest.CheckSane(t, m)
		if m.Method != layersize.MethodStreamed || m.UnpackedBytes != layersize.Exactly(m.UnpackedBytes.Value) ||
			m.UnpackedBytes.Value > 4<<20 {
			t.Fatalf("%+v", m)
		}
	})
}
