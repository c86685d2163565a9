package sampling

import (
	"context"
	"io"
	"sync"
)

const (
	zstdWindowSize = 256 << 10 // two of the longest blocks
	zstdLeast      = 64        // windows, if the budget has them: zeros hide in a few bytes
	zstdMost       = 256       // windows

	// zstdHidden is the allowance for what no window met. Zstd writes 128 KiB of
	// zeros in four bytes, so that no number of windows is sure to meet them.
	zstdHidden = 1.25
)

// zstdSampler is the state of one call of Zstd.
type zstdSampler struct {
	sampler
	content int64 // what the first frame's header says, or -1
	pool    sync.Pool
}

// Zstd estimates the uncompressed length of a zstd stream of the given size.
// There is no trailer to check the windows against, so nothing is ever settled
// but what was read whole and what the header of an only frame says.
func Zstd(ctx context.Context, r io.ReaderAt, size, budget int64) (Estimate, error) {
	z := &zstdSampler{sampler: sampler{source: source{ctx: ctx, r: r, size: size, left: budget}}, content: -1}
	return z.learn(zstdWindowSize, wholeLimit)
}

// learn reads the stream, whole up to the given size, else in windows.
func (z *zstdSampler) learn(window, whole int64) (Estimate, error) {
	if z.size < 9 { // RFC 8878 §3.1.1: the least frame
		return Estimate{Files: Interval{Max: -1}}, ErrFormat
	}
	if z.size <= min(z.left, whole) {
		return z.whole()
	}
	if !z.limitTo(window) {
		return z.estimate(), nil
	}
	if err := z.first(z.headWindow, z.tail); err != nil {
		return Estimate{}, err
	}
	return z.escalate()
}

func (z *zstdSampler) borrow(data []byte) *zstdWindow {
	w, _ := z.pool.Get().(*zstdWindow)
	if w == nil {
		w = &zstdWindow{}
		w.text = newTranscript()
	}
	w.data, w.end = data, len(data)-inputSlack
	w.reset(0)
	return w
}

// head decodes from the stream's start, where nothing has to be searched.
func (z *zstdSampler) head(n int64) (*zstdWindow, error) {
	data, err := z.window(0, n)
	if err != nil {
		return nil, err
	}
	w := z.borrow(data)
	at, skipped := w.skip(0)
	f, ok := zstdFrame(data[min(at, w.end):w.end])
	if !ok {
		if skipped && at >= w.end {
			return w, nil
		}
		return nil, ErrFormat
	}
	w.pos = at + f.header
	z.content = f.content
	w.begin()
	if !w.chain() && w.out == 0 {
		return nil, ErrFormat
	}
	return w, nil
}

func (z *zstdSampler) headWindow() (*observation, error) {
	w, err := z.head(z.windowSize)
	if err != nil {
		return nil, err
	}
	defer z.pool.Put(w)
	return w.observe(0, z.windowSize), nil
}

// whole decodes a small stream from its first byte to its last.
func (z *zstdSampler) whole() (Estimate, error) {
	w, err := z.head(z.size)
	if err != nil {
		return Estimate{}, err
	}
	for i := range w.slices {
		w.slices[i].depth = 0
	}
	z.ends = []*observation{w.observe(0, z.size)}
	e := z.estimate()
	if w.ended && w.unknown == 0 {
		e.Unpacked, e.Settled = Interval{w.out, w.out, w.out}, true
		e.Files = wholeFiles(z.ends[0])
	}
	return e, nil
}

// observe is what the window has shown, of which every other has so many bytes.
func (z *zstdWindow) observe(offset, every int64) *observation {
	o := &observation{offset: offset, members: z.members}
	if len(z.slices) > 0 {
		o.observe(z.slices, int64(z.end)*8, every*8, z.text)
	}
	return o
}

// inside decodes a window in the middle.
func (z *zstdSampler) inside(data []byte, offset int64) *observation {
	w := z.borrow(data)
	defer z.pool.Put(w)
	if !w.search() {
		return &observation{offset: offset}
	}
	return w.observe(offset, z.windowSize)
}

// tail is the last window.
func (z *zstdSampler) tail(offset int64) (*observation, error) {
	data, err := z.window(offset, z.windowSize)
	if err != nil {
		return nil, err
	}
	w := z.borrow(data)
	defer z.pool.Put(w)
	copy(z.last[:], data[w.end-8:])
	o := &observation{offset: offset}
	if w.search() {
		z.ended = w.ended
		o = w.observe(offset, z.windowSize)
	}
	return o, nil
}

// escalate takes windows until the error is small beside the length.
func (z *zstdSampler) escalate() (Estimate, error) {
	for n := 1; ; n *= 2 {
		more, err := z.sample(n, z.inside)
		if err != nil {
			return Estimate{}, err
		}
		e := z.estimate()
		p := summarise(z.observations(), float64(z.size))
		good := n >= zstdLeast && (e.Settled || p.precise()) && e.filesKnown(z.size)
		if good || !more || n >= zstdMost || !z.worthwhile() {
			return e, nil
		}
	}
}

// estimate draws the conclusion from the windows read so far.
func (z *zstdSampler) estimate() Estimate {
	obs := z.observations()
	size := float64(z.size)
	e := Estimate{BytesRead: z.read, Windows: z.nreads, MultiMember: z.severalMembers()}
	p := summarise(obs, size)
	e.Files, e.Entries = files(obs, size), entries(obs)
	if p.n == 0 {
		e.Unpacked = Interval{saturate(size * 2), z.size / 2, saturate(size * (blockMax / 4))}
		return e
	}
	e.Unpacked = p.interval(size, zstdHidden)
	if z.content < 0 {
		return e
	}
	// The header is right about its frame; that the frame is the only one is
	// believed when the windows tell the same length.
	c := float64(z.content)
	if other := memberPrior / max(p.mean(), c); !e.MultiMember && other <= wrongAllowed*p.density(c) {
		e.Settled, e.Unpacked = true, Interval{z.content, z.content, z.content}
		return e
	}
	e.Unpacked = e.Unpacked.atLeast(z.content)
	return e
}
