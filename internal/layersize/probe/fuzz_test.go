package probe

import (
	"context"
	"testing"
	"time"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/layersize"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/layersize/jsontoc"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/layersize/layertest"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/layersize/stream"
)

// FuzzProbe probes anything with any budget, with and without annotations.
func FuzzProbe(f *testing.F) {
	for i, blob := range layertest.Seeds(f) {
		f.Add(uint8(i), blob, int64(len(blob)), "", "")
		f.Add(uint8(i), blob, int64(len(blob))-1, "5000", "8:100:1000:1")
	}
	f.Fuzz(func(t *testing.T, mediaType uint8, blob []byte, budget int64, size, position string) {
		l := layertest.NewLayer(layertest.MediaTypes[int(mediaType)%len(layertest.MediaTypes)], blob)
		l.Annotations = map[string]string{
			layersize.AnnotationUmociSize:                         size,
			jsontoc.AnnotationPodman + jsontoc.AnnotationPosition: position,
		}
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
		defer cancel()
		m, err := Measure(ctx, l, budget)
		if err != nil {
			t.Fatal(err) // nothing but the time it took
		}
		layertest.CheckSane(t, m)
		used := l.Blob.(*layertest.Memory)
		if used.Read > max(budget, 0) {
			t.Fatalf("%d bytes were read of %d", used.Read, budget)
		}
		if m.Exact && m.Method == layersize.MethodStreamed {
			streamed, err := stream.Measure(ctx, l, stream.Limits{})
			if err != nil || streamed.DiskBytes != m.DiskBytes {
				t.Fatalf("probed %+v, streamed %+v, error %v", m, streamed, err)
			}
		}
	})
}
