package sampling

import (
	"math/bits"
	"slices"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/layersize/estimate"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/layersize/transcript"
)

// sampler is what gzip and zstd have in common: the windows of one stream.
type sampler struct {
	manyReader
	windowSize int64
	strata     *strata
	ends       []*estimate.Observation // the stream's first and last window
	middle     []*estimate.Observation // one for each stratum
	longer     int64                   // how many of them were read on
	waiting    []waitingWindow         // of the middle, to be read on
	ended      bool                    // the last window was decoded to the end of the stream
	before     *beforeEnd              // what the next round reads, too
	last       [8]byte                 // the stream's last bytes, which seed the offsets
}

// beforeEnd is a part of the stream in front of its last window, which shows where its last block begins.
type beforeEnd struct {
	piece
	use func(data []byte)
}

// decoder observes a window in the middle of a stream.
type decoder func(data []byte, offset int64) *estimate.Observation

// limitTo sets the size of windows, so that the budget allows three at least.
// It reports whether that leaves anything to see.
func (s *sampler) limitTo(window int64) bool {
	s.windowSize = min(window, s.left/3, s.size)
	return s.windowSize >= 512
}

// waitingWindow is a window in which nothing could be decoded: a block may be longer than a window.
type waitingWindow struct {
	found *estimate.Observation
	data  []byte
}

// sample reads the windows of n strata, as far as the budget goes, and with them, in the same
// requests, what is behind those windows of the round before that are to be read on. It reports
// whether there is anything new. What is read depends on nothing but the stream, its host and the
// budget, not on which request is answered first.
func (s *sampler) sample(n int, decode decoder) (bool, error) {
	if s.strata == nil {
		s.strata = newStrata(s.size, s.windowSize, s.last[:])
	}
	waiting := s.takeWaiting()
	offsets := thin(s.strata.grow(n), s.room()-int64(len(waiting)))
	found, data := make([]*estimate.Observation, len(offsets)), make([][]byte, len(offsets))
	pieces := make([]piece, len(offsets), len(offsets)+len(waiting)+1)
	for i, offset := range offsets {
		pieces[i] = piece{offset, s.windowSize}
	}
	for _, w := range waiting {
		pieces = append(pieces, s.behind(w))
	}
	if s.before != nil {
		pieces = append(pieces, s.before.piece)
	}
	err := s.readPieces(pieces, func(i int, p []byte) {
		switch k := i - len(offsets); {
		case k < 0:
			found[i], data[i] = decode(p, offsets[i]), p
		case k < len(waiting):
			waiting[k].join(p, decode)
		default:
			s.before.use(p)
		}
	})
	s.before = nil
	if err != nil {
		return false, err
	}
	s.middle = append(s.middle, found...)
	for i, o := range found {
		if !o.Decoded && o.Offset+2*s.windowSize <= s.size {
			s.waiting = append(s.waiting, waitingWindow{o, data[i]})
		}
	}
	return len(found) > 0, nil
}

// room is for how many more windows the budget suffices, if as many of them as before have to be read
// on: it is certain data that want it, and a round without them would be no fair sample.
func (s *sampler) room() int64 {
	n, left := int64(len(s.middle)), s.left
	if s.before != nil {
		left -= s.cost(1, s.before.length)
	}
	return max(0, left) * max(n, 1) / (s.windowCost() * (max(n, 1) + s.longer))
}

// windowCost is what a window takes from the budget.
func (s *sampler) windowCost() int64 {
	if s.readsMany() {
		return s.cost(1, s.windowSize)
	}
	return s.windowSize
}

// worthwhile reports whether the budget has room for as many more windows as show
// anything new: they cost another round trip, however few they are.
func (s *sampler) worthwhile() bool { return s.room() >= max(1, int64(len(s.middle))/8) }

// readOn doubles the windows that wait for it, where no further round does.
func (s *sampler) readOn(decode decoder) error {
	waiting := s.takeWaiting()
	pieces := make([]piece, 0, len(waiting))
	for _, w := range waiting {
		pieces = append(pieces, s.behind(w))
	}
	return s.readPieces(pieces, func(i int, data []byte) { waiting[i].join(data, decode) })
}

// takeWaiting returns the windows to be read on, as far as the budget goes. What it does not suffice
// for is not read on.
func (s *sampler) takeWaiting() []waitingWindow {
	waiting := s.waiting[:min(int64(len(s.waiting)), s.left/s.windowCost())]
	s.longer, s.waiting = s.longer+int64(len(waiting)), nil
	return waiting
}

// behind is what is read on of a window.
func (s *sampler) behind(w waitingWindow) piece {
	return piece{w.found.Offset + s.windowSize, s.windowSize}
}

// join decodes a window with what is behind it.
func (w waitingWindow) join(more []byte, decode decoder) {
	before := w.data[:len(w.data)-transcript.Slack]
	*w.found = *decode(append(slices.Clip(before), more...), w.found.Offset)
}

// thin takes n of the offsets, spread over all of them. What fewer take is part of what more take,
// so that a larger budget reads what a smaller one has read: they are taken in the order of their
// indices' bits from the lowest to the highest.
func thin(offsets []int64, n int64) []int64 {
	m := int64(len(offsets))
	if n >= m {
		return offsets
	}
	kept := make([]int64, 0, max(n, 0))
	width := bits.Len64(uint64(m - 1))
	for i := uint64(0); int64(len(kept)) < n; i++ {
		if k := bits.Reverse64(i) >> (64 - width); k < uint64(m) {
			kept = append(kept, offsets[k])
		}
	}
	slices.Sort(kept)
	return kept
}

// foundEnds are the stream's first and last window, as far as they were decoded.
func (s *sampler) foundEnds() (ends []*estimate.Observation) {
	for _, o := range s.ends {
		if o != nil {
			ends = append(ends, o)
		}
	}
	return ends
}

// severalMembers reports whether a boundary between members was seen anywhere.
func (s *sampler) severalMembers() bool {
	return slices.ContainsFunc(slices.Concat(s.foundEnds(), s.middle), func(o *estimate.Observation) bool {
		return o.Members > 0
	})
}
