package sampling

import (
	"context"
	"errors"
	"io"
	"slices"
	"sync"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/layersize"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/layersize/estimate"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/layersize/zstdblock"
)

const (
	zstdWindowSize = 64 << 10
	singleWindow   = 128 << 10 // where each range is a request, and the stream is small
	longWindow     = 256 << 10 // where it is not
	smallStream    = 256 << 20
	zstdLeast      = 64       // windows, if the budget has them
	zstdWholeLimit = 16 << 20 // what windows would take is enough for a stream of this size
	zstdMost       = 1 << 12  // windows, a GiB of them: more than any budget that a layer has by default

	// runShare is the part of the budget for probes that look for runs, and that for following
	// them.
	runShare = 16
	// completedPart is the part of what is left of the budget for the ends of windows. One of a
	// large budget completes long windows. The number of files that 46 windows of 256 KiB show, 13
	// MiB, has a standard error of 42, 40 and 34 % (modules of npm, a Debian base system and Python's
	// science packages, as BuildKit packs them: 200 samples of each from a list of all blocks), and
	// that of 69 windows, 20 MiB, 39, 29 and 27 %: half of the budget more shows little more.
	completedPart = 3
	largeBudget   = 16 << 20
	// leastBetween is the least budget for anything but windows, which are as long as it allows: three of
	// the longest are three quarters of it. It is a choice, which no run decided.
	leastBetween = 1 << 20
	leastApart   = 16 << 10 // between probes: they meet half a gigabyte of zeros then
)

// zstdSampler is the state of one call of Zstd.
type zstdSampler struct {
	manyReader
	estimate.Zstd
	windowSize int64
	strata     *strata
	looked     int64                      // bytes that the windows took
	windows    map[*estimate.Place][]byte // those that were not completed
	misses     []int64                    // places that are in no run
	walkersOf  []*walker                  // of the step that goes on
	rounds     int                        // round trips of all walks
	lastRounds int                        // of the last step
	ended      bool
	last       [8]byte // the stream's last bytes, which seed the offsets
	pool       sync.Pool
	memory     *Memory
}

// Zstd estimates the uncompressed length of a zstd stream of the given size.
// There is no trailer to check the windows against, so nothing is ever settled
// but what was read whole and what the header of an only frame says.
func Zstd(ctx context.Context, r io.ReaderAt, size, budget int64) (estimate.Estimate, error) {
	return new(Memory).Zstd(ctx, r, size, budget)
}

// Zstd estimates as the function Zstd does, of the stream that the memory is of.
func (m *Memory) Zstd(ctx context.Context, r io.ReaderAt, size, budget int64) (estimate.Estimate, error) {
	z := newZstdSampler(ctx, r, size, budget)
	z.memory = m
	return z.learn(longWindow, zstdWholeLimit)
}

func newZstdSampler(ctx context.Context, r io.ReaderAt, size, budget int64) *zstdSampler {
	z := &zstdSampler{
		manyReader: newManyReader(ctx, r, size, budget),
		Zstd:       estimate.Zstd{Length: size, Content: -1},
		windows:    map[*estimate.Place][]byte{},
		memory:     new(Memory),
	}
	return z
}

// learn reads the stream, whole up to the given size, else in windows.
func (z *zstdSampler) learn(window, whole int64) (estimate.Estimate, error) {
	if z.size < 9 { // RFC 8878 §3.1.1: the least frame
		return estimate.Estimate{}, ErrFormat
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
		return estimate.Estimate{}, err
	}
	if z.isAmple() {
		z.windowSize = z.windowFor(window)
	}
	if err := z.probeForRuns(); err != nil {
		return estimate.Estimate{}, err
	}
	return z.escalate()
}

func (z *zstdSampler) borrow(data []byte) *zstdblock.Window {
	w, _ := z.pool.Get().(*zstdblock.Window)
	if w == nil {
		w = zstdblock.NewWindow()
	}
	w.Load(data)
	return w
}

// readEnds reads the stream's both ends at once, which shows whether the host serves several ranges
// in a request.
func (z *zstdSampler) readEnds() error {
	var failed error
	offsets := []int64{0, z.size - z.windowSize}
	err := z.readEach(offsets, z.windowSize, func(i int, data []byte) {
		w := z.borrow(data)
		defer z.pool.Put(w)
		if i == 0 {
			failed = z.begin(w)
			z.Head = estimate.NewPlace(w, 0)
			return
		}
		copy(z.last[:], data[w.End-8:])
		z.Tail = &estimate.Place{Observation: estimate.Observation{Offset: offsets[i]}}
		if w.Search() {
			z.ended = w.Ended
			z.Tail = estimate.NewPlace(w, offsets[i])
		}
	})
	return errors.Join(err, failed)
}

// begin decodes from the stream's start.
func (z *zstdSampler) begin(w *zstdblock.Window) error {
	content, ok := w.Start()
	if !ok {
		return ErrFormat
	}
	z.Content = content
	return nil
}

// estimate draws the conclusion from the places read so far.
func (z *zstdSampler) estimate() estimate.Estimate {
	e := z.Zstd.Estimate()
	e.BytesRead, e.Windows = z.read, z.nreads
	return e
}

// readWhole decodes a small stream from its first byte to its last, in pieces as long as windows.
func (z *zstdSampler) readWhole() (estimate.Estimate, error) {
	data, err := z.window(0, z.size)
	if err != nil {
		return estimate.Estimate{}, err
	}
	w := z.borrow(data)
	defer z.pool.Put(w)
	w.Stop = zstdWindowSize
	if err := z.begin(w); err != nil {
		return estimate.Estimate{}, err
	}
	length, known := int64(0), true
	for from := 0; ; {
		v := estimate.NewPiece(w, int64(from))
		z.Middle = append(z.Middle, v)
		content, all := v.Content()
		length, known = length+content, known && all
		if w.Ended || w.Pos == from {
			break
		}
		from = w.Pos
		w.Stop = from + zstdWindowSize
		known = w.Follow() && known
	}
	e := z.estimate()
	if w.Ended && known {
		e.Unpacked, e.Settled, e.Hidden = layersize.Exactly(length), true, layersize.HiddenZeros{}
	}
	if len(z.Middle) == 1 {
		e.Files = estimate.WholeFiles(&z.Middle[0].Observation)
	}
	return e, nil
}

// inside decodes a window in the middle, unless the memory has it. weak are the chains in which it
// may have been decoded, were there more to see.
func (z *zstdSampler) inside(data []byte, offset int64) (v *estimate.Place, weak []zstdblock.WeakChain) {
	found := z.memory.places.once(windowKey{offset: offset, length: int64(len(data))}, func() zstdPlace {
		defer takeTurn()()
		w := z.borrow(data)
		defer z.pool.Put(w)
		if !w.Search() {
			return zstdPlace{estimate.Place{Observation: estimate.Observation{Offset: offset}}, slices.Clone(w.Weak)}
		}
		return zstdPlace{place: *estimate.NewPlace(w, offset)}
	})
	return copyPlace(found.place), slices.Clone(found.weak)
}

// isInRun reports whether a window at an offset would show nothing but a run that is known.
func (z *zstdSampler) isInRun(offset int64) bool {
	return slices.ContainsFunc(z.Runs, func(r zstdblock.Run) bool {
		return r.From <= offset && offset+z.windowSize <= r.To
	})
}

// room is for how many more places the budget suffices, at what the places so far have taken each,
// with a part held back to follow runs.
func (z *zstdSampler) room() int64 {
	each := z.windowSize + rangeOverhead
	if n := int64(len(z.Middle)); n > 0 {
		each = max(each, z.looked/n)
	}
	return (z.left - (z.left+z.read)/(4*runShare)) / each
}
