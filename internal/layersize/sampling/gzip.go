package sampling

import (
	"context"
	"encoding/binary"
	"errors"
	"io"
	"sync"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/layersize"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/layersize/deflate"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/layersize/estimate"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/layersize/transcript"
)

// ErrFormat says that the stream is not what its media type promised.
var ErrFormat = errors.New("sampling: not a stream of this format")

// gzipSampler is the state of one call of Gzip.
type gzipSampler struct {
	sampler
	isize uint32
	extra bool // the first member's header has an extra field
	pool  sync.Pool
}

// Gzip estimates the uncompressed length of a gzip stream of the given size.
// It reads at most budget bytes, in windows, until one candidate is left.
func Gzip(ctx context.Context, r io.ReaderAt, size, budget int64) (estimate.Estimate, error) {
	return newGzipSampler(ctx, r, size, budget).learn(deflate.WindowSize, layersize.WholeBlobBytes)
}

func newGzipSampler(ctx context.Context, r io.ReaderAt, size, budget int64) *gzipSampler {
	return &gzipSampler{sampler: sampler{manyReader: newManyReader(ctx, r, size, budget)}}
}

// learn reads the stream, whole up to the given size, else in windows.
func (g *gzipSampler) learn(window, whole int64) (estimate.Estimate, error) {
	if g.size < 18 { // RFC 1952 §2.3: the least member's header and trailer
		return estimate.Estimate{}, ErrFormat
	}
	if g.size <= min(g.left, whole) {
		return g.whole()
	}
	if !g.limitTo(window) {
		return g.estimate(), nil
	}
	if err := g.readEnds(); err != nil {
		return estimate.Estimate{}, err
	}
	g.widenWindows()
	return g.escalate()
}

// widenWindows makes the windows in the middle of a large stream longer where each of them is a
// request: as many bytes then come with a quarter of the requests. Of a smaller stream the budget
// allows so few windows that their number decides how much they show. The length does not depend on
// the budget, so that a larger one reads again what a smaller one has read.
func (g *gzipSampler) widenWindows() {
	if wide := widened * g.windowSize; g.size >= widenedFrom && g.servesOneRange() && wide <= g.left {
		g.windowSize = wide
	}
}

const (
	widened     = 4
	widenedFrom = 1 << 30
)

// borrow takes an inflater out of the pool: its tables are large.
func (g *gzipSampler) borrow(data []byte) *deflate.Window {
	w, _ := g.pool.Get().(*deflate.Window)
	if w == nil {
		w = deflate.NewWindow()
	}
	w.Load(data)
	return w
}

// readEnds reads the stream's both ends at once. What is between is placed by what the end says, so
// that is another round trip. When the last block is longer than the window, the first round reads the
// window on to the front: an empty last member, as some writers end with, must not go unseen.
func (g *gzipSampler) readEnds() error {
	g.ends = make([]*estimate.Observation, 2)
	offset := g.size - g.windowSize
	var last []byte
	var failed error
	err := g.readEach([]int64{0, offset}, g.windowSize, func(i int, data []byte) {
		if i == 0 {
			g.ends[0], failed = g.head(data)
			return
		}
		g.ends[1], last = g.tail(data, offset), data
	})
	if err := errors.Join(err, failed); err != nil {
		return err
	}
	if before := min(g.windowSize, offset); !g.ended && before > 0 && g.spare(before) {
		g.before = &beforeEnd{piece{offset - before, before}, func(data []byte) {
			g.ends[1] = g.end(append(data[:before:before], last...), offset-before)
		}}
	}
	return nil
}

// head decodes from the stream's start, where nothing has to be searched.
func (g *gzipSampler) head(data []byte) (*estimate.Observation, error) {
	w := g.borrow(data)
	defer g.pool.Put(w)
	isWhole, ok := w.Start()
	if !ok || !isWhole && w.Out == 0 {
		return nil, ErrFormat
	}
	g.extra = w.HasExtra()
	return observeWhole(w), nil
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

// tail decodes up to the trailer. Padding behind the last member is passed over, as decompressors do,
// and the trailer is the one before it.
func (g *gzipSampler) tail(data []byte, offset int64) *estimate.Observation {
	n := len(data) - transcript.Slack
	copy(g.last[:], data[n-8:])
	g.isize = binary.LittleEndian.Uint32(data[n-4:])
	return g.end(data, offset)
}

// end decodes a window that ends with the stream.
func (g *gzipSampler) end(data []byte, offset int64) *estimate.Observation {
	w := g.borrow(data)
	defer g.pool.Put(w)
	o := &estimate.Observation{Offset: offset}
	if w.Search(0) {
		o.Observe(w.Spans, int64(w.Limit), int64(w.Limit), w.Text)
		o.Members = w.Members
		if g.ended = w.Ended; w.Ended {
			g.isize = w.ISIZE
		}
	}
	return o
}

// inside decodes a window in the middle.
func (g *gzipSampler) inside(data []byte, offset int64) *estimate.Observation {
	w := g.borrow(data)
	defer g.pool.Put(w)
	o := &estimate.Observation{Offset: offset}
	if w.Search(0) {
		o.Observe(w.Spans, int64(w.Limit), g.windowSize*8, w.Text)
		o.Members = w.Members
	}
	return o
}

// sampled is what the windows read so far have shown.
func (g *gzipSampler) sampled() estimate.Gzip {
	return estimate.Gzip{
		Size: g.size, ISIZE: g.isize, HasExtra: g.extra, MultiMember: g.severalMembers(),
		Fair: len(g.middle) >= g.least(), Observations: g.observations(),
	}
}

// estimate draws the conclusion from the windows read so far.
func (g *gzipSampler) estimate() estimate.Estimate {
	e := g.sampled().Estimate()
	e.BytesRead, e.Windows = g.read, g.nreads
	return e
}

// escalate takes more windows until one candidate is left, or the budget ends. Windows are read on
// with the next round: where none seems to be needed, they are read on first, since they may differ.
func (g *gzipSampler) escalate() (estimate.Estimate, error) {
	var before *estimate.Estimate
	for n := g.first(); ; {
		more, err := g.sample(n, g.inside)
		if err != nil {
			return keepRound(before, err)
		}
		e := g.estimate()
		next := g.next(n, e)
		if len(g.waiting) > 0 && (next == 0 || !more || !g.worthwhile()) {
			if err := g.readOn(g.inside); err != nil {
				return keepRound(before, err)
			}
			e = g.estimate()
			next = g.next(n, e)
		}
		before = &e
		if n = next; n == 0 || !more || !g.worthwhile() {
			return e, nil
		}
	}
}

// whole decodes a small stream from its first byte to its last.
func (g *gzipSampler) whole() (estimate.Estimate, error) {
	data, err := g.window(0, g.size)
	if err != nil {
		return estimate.Estimate{}, err
	}
	w := g.borrow(data)
	if isWhole, ok := w.Start(); !ok || !isWhole || !w.Ended {
		return estimate.Estimate{}, ErrFormat
	}
	return estimate.Estimate{
		Unpacked: layersize.Exactly(w.Out), Settled: true, MultiMember: w.Members > 0,
		Files: estimate.WholeFiles(observeWhole(w)), BytesRead: g.read, Windows: 1,
	}, nil
}
