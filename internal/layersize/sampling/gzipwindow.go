package sampling

import (
	"sync"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/layersize/deflate"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/layersize/estimate"
)

// gzipWindow is what a window of a gzip stream decodes to.
type gzipWindow struct {
	estimate.Observation
	isGzip   bool   // of the start: a member begins there
	hasExtra bool   // of the start: its header has an extra field
	ended    bool   // the last member's trailer was seen
	isize    uint32 // which that trailer has
}

// inflaters serve the windows of all layers: their tables are large.
var inflaters = sync.Pool{New: func() any { return deflate.NewWindow() }}

func borrowInflater(data []byte) *deflate.Window {
	w, _ := inflaters.Get().(*deflate.Window)
	w.Load(data)
	return w
}

// decodeStart decodes from a stream's start, where nothing has to be searched.
func decodeStart(w *deflate.Window) gzipWindow {
	isWhole, ok := w.Start()
	if !ok || !isWhole && w.Out == 0 {
		return gzipWindow{}
	}
	return gzipWindow{Observation: *observeWhole(w), isGzip: true, hasExtra: w.HasExtra()}
}

// observeWhole is what data have shown that were decoded from their first byte on, where a chance
// does not weigh.
func observeWhole(w *deflate.Window) *estimate.Observation {
	for i := range w.Spans {
		w.Spans[i].Depth = 0
	}
	o := &estimate.Observation{Members: w.Members}
	o.Observe(w.Spans, int64(w.Limit), int64(w.Limit), w.Text)
	return o
}

// decodeInside decodes from the first place where that can begin. Every other window has so many
// bytes.
func decodeInside(w *deflate.Window, offset, every int64) gzipWindow {
	window := gzipWindow{Observation: estimate.Observation{Offset: offset}}
	if w.Search(0) {
		window.Observe(w.Spans, int64(w.Limit), every*8, w.Text)
		window.Members, window.ended, window.isize = w.Members, w.Ended, w.ISIZE
	}
	return window
}
