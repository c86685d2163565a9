package zstdblock

import (
	"math/rand/v2"
	"testing"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/layersize/packtest"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/layersize/transcript"
)

// TestCountsWhatZstdWrites decodes whole streams from their start.
func TestCountsWhatZstdWrites(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	for _, p := range packtest.ZstdProducers() {
		for _, m := range packtest.Materials() {
			data, files := m.Make(r, 400_000)
			stream, err := p.Compress(data)
			if err != nil {
				t.Skip(err)
			}
			w := NewWindow()
			w.Load(transcript.Pad(stream))
			if _, ok := w.Start(); !ok {
				t.Errorf("%s, %s: no stream", p.Name, m.Name)
				continue
			}
			out, known := contentOf(w)
			if !w.Ended || out != int64(len(data)) || !known {
				t.Errorf("%s, %s: counted %d of %d bytes, known %v, ended %v", p.Name, m.Name, out, len(data), known, w.Ended)
			}
			if len(w.Runs) > 0 {
				continue // whose content is left out
			}
			for i, c := range w.Text.Out {
				if c != uint16(data[i]) {
					t.Errorf("%s, %s: byte %d is %d, want %d", p.Name, m.Name, i, c, data[i])
					break
				}
			}
			if found := len(w.Text.FindHeaders()); found != int(files) {
				t.Errorf("%s, %s: %d headers of %d", p.Name, m.Name, found, files)
			}
		}
	}
}

// contentOf is what all that a window has shown decodes to.
func contentOf(w *Window) (n int64, known bool) {
	known = true
	for _, b := range w.Blocks {
		known = known && b.Out >= 0
		n += int64(b.Out)
	}
	for _, r := range w.Runs {
		n += r.Counted.Output
	}
	return n, known
}
