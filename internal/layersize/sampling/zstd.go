package sampling

import (
	"context"
	"errors"
	"io"
	"slices"
	"sync"
)

const (
	zstdWindowSize = 64 << 10
	singleWindow   = 128 << 10 // where each range is a request, and the stream is small
	longWindow     = 256 << 10 // where it is not
	smallStream    = 256 << 20
	zstdLeast      = 64       // windows, if the budget has them
	zstdWholeLimit = 16 << 20 // what windows would take is enough for a stream of this size
	zstdMost       = 1 << 12  // windows, a GiB of them

	// runShare is the part of the budget for probes that look for runs, and that for following them.
	runShare = 16
	// completedPart is the part of what is left of the budget for the ends of windows. One of a large budget completes
	// long windows.
	completedPart = 3
	largeBudget   = 16 << 20
	// leastBetween is the least budget for anything but windows, which are as long as it allows.
	leastBetween = 1 << 20
	leastApart   = 16 << 10 // between probes: they meet half a gigabyte of zeros then
)

// zstdSampler is the state of one call of Zstd.
type zstdSampler struct {
	manyReader
	windowSize int64
	content    int64 // what the first frame's header says, or -1
	strata     *strata
	head, tail *zstdView
	middle     []*zstdView
	looked     int64       // bytes that the windows took
	decoded    []*zstdView // windows that were completed
	runs       []run
	misses     []int64   // places that are in no run
	apart      int64     // bytes between probes, 0 where there were none
	walkersOf  []*walker // of the step that goes on
	rounds     int       // round trips of all walks
	lastRounds int       // of the last step
	ended      bool
	last       [8]byte // the stream's last bytes, which seed the offsets
	pool       sync.Pool
}

// zstdView is what one window has shown.
type zstdView struct {
	observation // of tar headers; what it says of lengths follows from the blocks
	blocks      []zstdBlock
	other       int // bytes that are no blocks
	runs        []run
	data        []byte // of the window, until it is completed
	length      int64  // of the window
	first, next int64  // of the stream: where the first header is, and the next one; −1 where there is none
	between     bool   // next is the end of a frame
}

// Zstd estimates the uncompressed length of a zstd stream of the given size.
// There is no trailer to check the windows against, so nothing is ever settled
// but what was read whole and what the header of an only frame says.
func Zstd(ctx context.Context, r io.ReaderAt, size, budget int64) (Estimate, error) {
	return newZstdSampler(ctx, r, size, budget).learn(longWindow, zstdWholeLimit)
}

func newZstdSampler(ctx context.Context, r io.ReaderAt, size, budget int64) *zstdSampler {
	z := &zstdSampler{manyReader: manyReader{source: source{ctx: ctx, r: r, size: size, left: budget}}, content: -1}
	z.ranges, _ = r.(rangesReader)
	return z
}

// learn reads the stream, whole up to the given size, else in windows.
func (z *zstdSampler) learn(window, whole int64) (Estimate, error) {
	if z.size < 9 { // RFC 8878 §3.1.1: the least frame
		return Estimate{}, ErrFormat
	}
	if z.size <= min(z.left, whole) {
		return z.readWhole()
	}
	z.windowSize = min(window, z.left/3, z.size)
	if z.isAmple() {
		z.windowSize = min(z.windowSize, zstdWindowSize)
	}
	if z.windowSize < 512 {
		return z.estimate(), nil
	}
	if err := z.readEnds(); err != nil {
		return Estimate{}, err
	}
	if z.isAmple() {
		z.windowSize = z.windowFor(window)
	}
	if err := z.probeForRuns(); err != nil {
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
	w.stop = w.end
	w.reset(0)
	return w
}

// readEnds reads the stream's both ends at once, which shows whether the host serves several ranges in a request.
func (z *zstdSampler) readEnds() error {
	var failed error
	offsets := []int64{0, z.size - z.windowSize}
	err := z.readEach(offsets, z.windowSize, func(i int, data []byte) {
		w := z.borrow(data)
		defer z.pool.Put(w)
		if i == 0 {
			failed = z.start(w)
			z.head = w.view(0)
			return
		}
		copy(z.last[:], data[w.end-8:])
		z.tail = &zstdView{observation: observation{offset: offsets[i]}}
		if w.search() {
			z.ended = w.ended
			z.tail = w.view(offsets[i])
		}
	})
	return errors.Join(err, failed)
}

// start decodes from the stream's start, where nothing has to be searched.
func (z *zstdSampler) start(w *zstdWindow) error {
	at, skipped := w.skip(0)
	f, ok := zstdFrame(w.data[min(at, w.end):w.end])
	if !ok {
		if skipped && at >= w.end {
			w.other, w.pos, w.between = w.end, at, true
			return nil
		}
		return ErrFormat
	}
	w.pos, w.other = at+f.header, at+f.header
	z.content = f.content
	w.begin()
	if !w.follow() && len(w.blocks) == 0 {
		return ErrFormat
	}
	return nil
}

// readWhole decodes a small stream from its first byte to its last, in pieces as long as windows.
func (z *zstdSampler) readWhole() (Estimate, error) {
	data, err := z.window(0, z.size)
	if err != nil {
		return Estimate{}, err
	}
	w := z.borrow(data)
	defer z.pool.Put(w)
	w.stop = zstdWindowSize
	if err := z.start(w); err != nil {
		return Estimate{}, err
	}
	length, known := int64(0), true
	for from := 0; ; {
		v := w.piece(int64(from))
		z.middle = append(z.middle, v)
		content, all := v.content()
		length, known = length+content, known && all
		if w.ended || w.pos == from {
			break
		}
		from = w.pos
		w.stop = from + zstdWindowSize
		known = w.follow() && known
	}
	e := z.estimate()
	if w.ended && known {
		e.Unpacked, e.Settled, e.Hidden = exactly(length), true, Hidden{}
	}
	if len(z.middle) == 1 {
		e.Files = wholeFiles(&z.middle[0].observation)
	}
	return e, nil
}

// piece is what a part of a stream has shown that was decoded from its first byte on, where a chance does not weigh.
func (z *zstdWindow) piece(offset int64) *zstdView {
	for i := range z.slices {
		z.slices[i].depth = 0
	}
	v := z.view(0)
	v.offset = offset
	z.blocks, z.runs, z.slices, z.other, z.members = z.blocks[:0], z.runs[:0], z.slices[:0], 0, 0
	z.text.reset()
	return v
}

// content is what all that a window has shown decodes to.
func (v *zstdView) content() (n int64, known bool) {
	for _, b := range v.blocks {
		if b.out < 0 {
			return 0, false
		}
		n += int64(b.out)
	}
	for _, r := range v.runs {
		n += r.output
	}
	return n, true
}

func exactly(n int64) Interval { return Interval{n, n, n} }

// view is what the window has shown.
func (z *zstdWindow) view(offset int64) *zstdView {
	v := &zstdView{observation: observation{offset: offset, decoded: true, members: z.members}}
	v.blocks, v.other = slices.Clone(z.blocks), z.other
	v.length = int64(z.end)
	v.first, v.next, v.between = offset+int64(z.first), offset+int64(z.pos), z.between
	if z.ended {
		v.next = -1
	}
	for _, r := range z.runs {
		r.from, r.to = r.from+offset, r.to+offset
		v.runs = append(v.runs, r)
	}
	v.observe(z.slices, int64(z.end)*8, int64(z.end)*8, z.text)
	return v
}

// inside decodes a window in the middle. weak are the chains in which it may have been decoded, were there more to see.
func (z *zstdSampler) inside(data []byte, offset int64) (v *zstdView, weak []weakChain) {
	w := z.borrow(data)
	defer z.pool.Put(w)
	if !w.search() {
		return &zstdView{observation: observation{offset: offset}}, slices.Clone(w.weak)
	}
	return w.view(offset), nil
}

// isInRun reports whether a window at an offset would show nothing but a run that is known.
func (z *zstdSampler) isInRun(offset int64) bool {
	return slices.ContainsFunc(z.runs, func(r run) bool { return r.from <= offset && offset+z.windowSize <= r.to })
}

// room is for how many more places the budget suffices, at what the places so far have taken each, with a part held
// back to follow runs.
func (z *zstdSampler) room() int64 {
	each := z.windowSize + rangeOverhead
	if n := int64(len(z.middle)); n > 0 {
		each = max(each, z.looked/n)
	}
	return (z.left - (z.left+z.read)/(4*runShare)) / each
}
