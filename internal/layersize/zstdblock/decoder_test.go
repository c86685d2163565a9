package zstdblock

import (
	"math/rand/v2"
	"testing"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/layersize/packtest"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/layersize/transcript"
)

// TestCountsWhatZstdWrites decodes whole streams from their start.
func TestCountsWhatZstdWrites(t *testing.T) {
	t.Parallel()
	for _, p := range packtest.ZstdProducers() {
		t.Run(p.Name, func(t *testing.T) {
			t.Parallel()
			r := rand.New(rand.NewPCG(1, 1))
			for _, m := range packtest.Materials() {
				data, files := m.Make(r, 400_000)
				checkDecoded(t, m.Name, p.Pack(t, data), data, int(files))
			}
		})
	}
}

// checkDecoded compares what a window shows of a whole stream with what was packed.
func checkDecoded(t *testing.T, name string, stream, data []byte, files int) {
	t.Helper()
	w := NewWindow()
	w.Load(transcript.Pad(stream))
	if _, ok := w.Start(); !ok {
		t.Errorf("%s: no stream", name)
		return
	}
	out, known := contentOf(w)
	if !w.Ended || out != int64(len(data)) || !known {
		t.Errorf("%s: counted %d of %d bytes, known %v, ended %v", name, out, len(data), known, w.Ended)
	}
	if len(w.Runs) > 0 {
		return // their content is left out
	}
	for i, c := range w.Text.Out {
		if c != uint16(data[i]) {
			t.Errorf("%s: byte %d is %d, want %d", name, i, c, data[i])
			break
		}
	}
	if found := len(w.Text.FindHeaders()); found != files {
		t.Errorf("%s: %d headers of %d", name, found, files)
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
