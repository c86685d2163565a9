package sampling

import (
	"context"
	"encoding/binary"
	"errors"
	"io"
	"sync"
)

const (
	wholeLimit = 256 << 10 // a stream up to this size is read whole, in one request

	// gzipWindowSize is small, since what scatters is not the data within a window
	// but those of one place and another: the same bytes tell more in more windows.
	// It holds two of the blocks that encoders write for most data; a window
	// without a block's begin is read on.
	gzipWindowSize = 64 << 10
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
func Gzip(ctx context.Context, r io.ReaderAt, size, budget int64) (Estimate, error) {
	g := &gzipSampler{sampler: sampler{source: source{ctx: ctx, r: r, size: size, left: budget}}}
	return g.learn(gzipWindowSize, wholeLimit)
}

// learn reads the stream, whole up to the given size, else in windows.
func (g *gzipSampler) learn(window, whole int64) (Estimate, error) {
	if g.size < 18 { // RFC 1952 §2.3: the least member's header and trailer
		return Estimate{}, ErrFormat
	}
	if g.size <= min(g.left, whole) {
		return g.whole()
	}
	if !g.limitTo(window) {
		return g.estimate(), nil
	}
	if err := g.first(g.head, g.tail); err != nil {
		return Estimate{}, err
	}
	return g.escalate()
}

// borrow takes an inflater out of the pool: its tables are large.
func (g *gzipSampler) borrow(data []byte) *gzipWindow {
	w, _ := g.pool.Get().(*gzipWindow)
	if w == nil {
		w = &gzipWindow{}
		w.text = newTranscript()
	}
	w.data, w.limit, w.barriers = data, (len(data)-inputSlack)*8, nil
	w.members, w.ended = 0, false
	return w
}

// head decodes from the stream's start, where nothing has to be searched.
func (g *gzipSampler) head() (*observation, error) {
	data, err := g.window(0, g.windowSize)
	if err != nil {
		return nil, err
	}
	w := g.borrow(data)
	defer g.pool.Put(w)
	n, ok := gzipHeader(data[:len(data)-inputSlack])
	if !ok {
		return nil, ErrFormat
	}
	g.extra = data[3]&4 != 0 // FLG.FEXTRA
	w.reset(n*8, 0)
	if !w.finish() && w.out == 0 {
		return nil, ErrFormat
	}
	o := &observation{}
	for i := range w.slices {
		w.slices[i].depth = 0
	}
	o.observe(w.slices, int64(w.limit), int64(w.limit), w.text)
	o.members = w.members
	return o, nil
}

// tail decodes up to the trailer. Padding behind the last member is passed
// over, as decompressors do, and the trailer is the one before it. When the
// last block is longer than the window, the window is read on to the front: an
// empty last member, as some writers end with, must not go unseen.
func (g *gzipSampler) tail(offset int64) (*observation, error) {
	data, err := g.window(offset, g.windowSize)
	if err != nil {
		return nil, err
	}
	n := len(data) - inputSlack
	copy(g.last[:], data[n-8:])
	g.isize = binary.LittleEndian.Uint32(data[n-4:])
	o := g.end(data, offset)
	if before := min(g.windowSize, offset); !g.ended && before > 0 && g.spare(before) {
		more, err := g.window(offset-before, before)
		if err != nil {
			return nil, err
		}
		o = g.end(append(more[:before], data...), offset-before)
	}
	return o, nil
}

// end decodes a window that ends with the stream.
func (g *gzipSampler) end(data []byte, offset int64) *observation {
	w := g.borrow(data)
	defer g.pool.Put(w)
	o := &observation{offset: offset}
	if w.search(0) {
		o.observe(w.slices, int64(w.limit), int64(w.limit), w.text)
		o.members = w.members
		if g.ended = w.ended; w.ended {
			g.isize = w.endISIZE
		}
	}
	return o
}

// inside decodes a window in the middle.
func (g *gzipSampler) inside(data []byte, offset int64) *observation {
	w := g.borrow(data)
	defer g.pool.Put(w)
	o := &observation{offset: offset}
	if w.search(0) {
		o.observe(w.slices, int64(w.limit), g.windowSize*8, w.text)
		o.members = w.members
	}
	return o
}

// escalate takes more windows until one candidate is left, or the budget ends.
func (g *gzipSampler) escalate() (Estimate, error) {
	for n := g.least(); ; {
		more, err := g.sample(n, g.inside)
		if err != nil {
			return Estimate{}, err
		}
		e := g.estimate()
		n = g.next(n, e)
		if n == 0 || !more || !g.worthwhile() {
			return e, nil
		}
	}
}

// whole decodes a small stream from its first byte to its last.
func (g *gzipSampler) whole() (Estimate, error) {
	data, err := g.window(0, g.size)
	if err != nil {
		return Estimate{}, err
	}
	w := g.borrow(data)
	n, ok := gzipHeader(data[:len(data)-inputSlack])
	if !ok {
		return Estimate{}, ErrFormat
	}
	w.reset(n*8, 0)
	if !w.finish() || !w.ended {
		return Estimate{}, ErrFormat
	}
	o := &observation{}
	for i := range w.slices {
		w.slices[i].depth = 0
	}
	o.observe(w.slices, int64(w.limit), int64(w.limit), w.text)
	e := Estimate{
		Unpacked: Interval{w.out, w.out, w.out}, Settled: true, MultiMember: w.members > 0,
		BytesRead: g.read, Windows: 1,
	}
	e.Files = wholeFiles(o)
	return e, nil
}
