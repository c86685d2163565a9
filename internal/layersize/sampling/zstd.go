package sampling

import (
	"context"
	"io"
	"slices"
	"sync"
)

const (
	zstdWindowSize = 256 << 10 // two of the longest blocks
	zstdLeast      = 64        // windows, if the budget has them
	zstdMost       = 1 << 12   // windows, a GiB of them

	// runShare is the part of the budget for probes that look for runs, and that for following them.
	runShare   = 16
	leastApart = 16 << 10 // between probes: they meet half a gigabyte of zeros then
)

// zstdSampler is the state of one call of Zstd.
type zstdSampler struct {
	manyReader
	windowSize int64
	content    int64 // what the first frame's header says, or -1
	strata     *strata
	head, tail *zstdView
	middle     []*zstdView
	runs       []run
	misses     []int64 // places that are in no run
	apart      int64   // bytes between probes, 0 where there were none
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
}

// Zstd estimates the uncompressed length of a zstd stream of the given size.
// There is no trailer to check the windows against, so nothing is ever settled
// but what was read whole and what the header of an only frame says.
func Zstd(ctx context.Context, r io.ReaderAt, size, budget int64) (Estimate, error) {
	return newZstdSampler(ctx, r, size, budget).learn(zstdWindowSize, wholeLimit)
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
	if z.windowSize < 512 {
		return z.estimate(), nil
	}
	if err := z.readEnds(); err != nil {
		return Estimate{}, err
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
	w.reset(0)
	return w
}

// readEnds reads the stream's both ends at once.
func (z *zstdSampler) readEnds() error {
	return each([]int64{0, z.size - z.windowSize}, func(i int, offset int64) error {
		data, err := z.window(offset, z.windowSize)
		if err != nil {
			return err
		}
		w := z.borrow(data)
		defer z.pool.Put(w)
		if i == 0 {
			err = z.start(w)
			z.head = w.view(0)
			return err
		}
		copy(z.last[:], data[w.end-8:])
		z.tail = &zstdView{observation: observation{offset: offset}}
		if w.search() {
			z.ended = w.ended
			z.tail = w.view(offset)
		}
		return nil
	})
}

// start decodes from the stream's start, where nothing has to be searched.
func (z *zstdSampler) start(w *zstdWindow) error {
	at, skipped := w.skip(0)
	f, ok := zstdFrame(w.data[min(at, w.end):w.end])
	if !ok {
		if skipped && at >= w.end {
			w.other = w.end
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

// readWhole decodes a small stream from its first byte to its last.
func (z *zstdSampler) readWhole() (Estimate, error) {
	data, err := z.window(0, z.size)
	if err != nil {
		return Estimate{}, err
	}
	w := z.borrow(data)
	if err := z.start(w); err != nil {
		return Estimate{}, err
	}
	for i := range w.slices {
		w.slices[i].depth = 0
	}
	z.head = w.view(0)
	z.runs = z.head.runs
	e := z.estimate()
	if length, known := z.head.content(); w.ended && known {
		e.Unpacked, e.Settled = exactly(length), true
		e.Files = wholeFiles(&z.head.observation)
		e.Hidden = Hidden{}
	}
	return e, nil
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

// sample reads the windows of n strata, as far as the budget goes. It reports whether there is anything new.
func (z *zstdSampler) sample(n int) (bool, error) {
	if z.strata == nil {
		z.strata = newStrata(z.size, z.windowSize, z.last[:])
	}
	offsets := slices.DeleteFunc(z.strata.grow(n), z.isInRun)
	offsets = thin(offsets, z.room())
	found, open := make([]*zstdView, len(offsets)), make([]openWindow, len(offsets))
	turns := make(chan struct{}, concurrentDecodes)
	err := z.readEach(offsets, z.windowSize, func(i int, data []byte) {
		turns <- struct{}{}
		defer func() { <-turns }()
		var weak []weakChain
		if found[i], weak = z.inside(data, offsets[i]); len(weak) > 0 {
			open[i] = openWindow{view: found[i], data: data, weak: z.strongest(weak)}
		}
	})
	if err != nil {
		return false, err
	}
	z.middle = append(z.middle, found...)
	return len(found) > 0, z.confirm(slices.DeleteFunc(open, func(o openWindow) bool { return o.view == nil }))
}

// isInRun reports whether a window at an offset would show nothing but a run that is known.
func (z *zstdSampler) isInRun(offset int64) bool {
	return slices.ContainsFunc(z.runs, func(r run) bool { return r.from <= offset && offset+z.windowSize <= r.to })
}

// room is for how many more windows the budget suffices, with a part held back to follow runs.
func (z *zstdSampler) room() int64 {
	return (z.left - (z.left+z.read)/(4*runShare)) / (z.windowSize + rangeOverhead)
}

// escalate takes windows until the error is small beside the length.
func (z *zstdSampler) escalate() (Estimate, error) {
	for n := 1; ; n *= 2 {
		more, err := z.sample(n)
		if err != nil {
			return Estimate{}, err
		}
		e := z.estimate()
		good := n >= zstdLeast && (e.Settled || z.summarise().isPrecise()) && e.filesKnown(z.size, filesWellKnown)
		if good || !more || n >= zstdMost || z.room() < max(1, int64(len(z.middle))/8) {
			return z.conclude()
		}
	}
}

// conclude follows the runs that windows have met.
func (z *zstdSampler) conclude() (Estimate, error) {
	before := len(z.runs)
	for _, v := range z.middle {
		for _, r := range v.runs {
			if !slices.ContainsFunc(z.runs, func(known run) bool { return known.from <= r.from && r.to <= known.to }) {
				z.runs = append(z.runs, r)
			}
		}
	}
	if len(z.runs) > before {
		for _, v := range z.middle {
			for _, b := range v.blocks {
				z.misses = append(z.misses, v.offset+int64(b.at))
			}
		}
		if err := z.follow(); err != nil {
			return Estimate{}, err
		}
	}
	return z.estimate(), nil
}
