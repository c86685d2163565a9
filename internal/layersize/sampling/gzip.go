package sampling

import (
	"context"
	"encoding/binary"
	"errors"
	"io"

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
	isize  uint32
	extra  bool // the first member's header has an extra field
	memory *Memory
}

// Gzip estimates the uncompressed length of a gzip stream of the given size.
// It reads at most budget bytes, in windows, until one candidate is left.
func Gzip(ctx context.Context, r io.ReaderAt, size, budget int64) (estimate.Estimate, error) {
	return new(Memory).Gzip(ctx, r, size, budget)
}

// Gzip estimates as the function Gzip does, of the stream that the memory is of.
func (m *Memory) Gzip(ctx context.Context, r io.ReaderAt, size, budget int64) (estimate.Estimate, error) {
	g := newGzipSampler(ctx, r, size, budget)
	g.memory = m
	return g.learn(deflate.WindowSize, layersize.WholeBlobBytes)
}

func newGzipSampler(ctx context.Context, r io.ReaderAt, size, budget int64) *gzipSampler {
	return &gzipSampler{sampler: sampler{manyReader: newManyReader(ctx, r, size, budget)}, memory: new(Memory)}
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

// head decodes from the stream's start.
func (g *gzipSampler) head(data []byte) (*estimate.Observation, error) {
	w := g.decode(windowKey{isStart: true}, data)
	if !w.isGzip {
		return nil, ErrFormat
	}
	g.extra = w.hasExtra
	return &w.Observation, nil
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
	w := g.decode(windowKey{offset: offset, every: int64(len(data) - transcript.Slack)}, data)
	if w.Decoded {
		if g.ended = w.ended; w.ended {
			g.isize = w.isize
		}
	}
	return &w.Observation
}

// inside decodes a window in the middle.
func (g *gzipSampler) inside(data []byte, offset int64) *estimate.Observation {
	return &g.decode(windowKey{offset: offset, every: g.windowSize}, data).Observation
}

// decode decodes a window, unless the memory has it.
func (g *gzipSampler) decode(key windowKey, data []byte) *gzipWindow {
	key.length = int64(len(data))
	window := g.memory.gzip.once(key, func() gzipWindow {
		defer takeTurn()()
		w := borrowInflater(data)
		defer inflaters.Put(w)
		if key.isStart {
			return decodeStart(w)
		}
		return decodeInside(w, key.offset, key.every)
	})
	return &window
}

// sampled is what the windows read so far have shown.
func (g *gzipSampler) sampled() estimate.Gzip {
	return estimate.Gzip{
		Size: g.size, ISIZE: g.isize, HasExtra: g.extra, MultiMember: g.severalMembers(),
		Fair: len(g.middle) >= g.least(), Middle: g.middle, Ends: g.foundEnds(),
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
	w := borrowInflater(data)
	defer inflaters.Put(w)
	if isWhole, ok := w.Start(); !ok || !isWhole || !w.Ended {
		return estimate.Estimate{}, ErrFormat
	}
	return estimate.Estimate{
		Unpacked: layersize.Exactly(w.Out), Settled: true, MultiMember: w.Members > 0,
		Files: estimate.WholeFiles(observeWhole(w)), BytesRead: g.read, Windows: 1,
	}, nil
}
