package sampling

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/fnv"
	"io"
	"math/rand/v2"
	"slices"
	"sync"

	"golang.org/x/sync/errgroup"
)

const (
	// concurrentReads bounds the requests in flight for one layer: a window costs
	// latency, not bandwidth, and thirty-two of them are two megabytes.
	concurrentReads = 32
	// concurrentDecodes bounds the windows of one layer that are decoded side by side, for
	// which there are no more cores: what comes of one takes megabytes.
	concurrentDecodes = 8
)

// maxWindows bounds the windows of one layer whatever its budget: a GiB of them.
const maxWindows = 1 << 14

var errBudget = errors.New("sampling: the budget is used up")

// source reads windows within a budget.
type source struct {
	ctx    context.Context
	r      io.ReaderAt
	size   int64
	mu     sync.Mutex
	left   int64 // of the budget
	read   int64
	nreads int
}

// take sets n bytes of the budget aside.
func (s *source) take(n int64) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if n > s.left {
		return false
	}
	s.left -= n
	s.read += n
	s.nreads++
	return true
}

// spare reports whether the budget has room for windows of n bytes beyond the first three.
func (s *source) spare(n int64) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.left+s.read >= 6*n
}

// window reads up to n bytes at an offset, with slack behind them for the decoders.
func (s *source) window(offset, n int64) ([]byte, error) {
	n = min(n, s.size-offset)
	data := make([]byte, n+inputSlack)
	return data, s.fill(data[:n], offset)
}

func (s *source) fill(p []byte, offset int64) error {
	if err := s.ctx.Err(); err != nil {
		return err
	}
	if !s.take(int64(len(p))) {
		return errBudget // the callers reckon with the budget beforehand
	}
	if n, err := s.r.ReadAt(p, offset); n < len(p) {
		if err == nil || err == io.EOF {
			err = io.ErrUnexpectedEOF
		}
		return fmt.Errorf("reading %d bytes at offset %d: %w", len(p), offset, err)
	}
	return nil
}

// extended reads what follows a window, and returns both as one.
func (s *source) extended(data []byte, offset, n int64) ([]byte, error) {
	had := int64(len(data) - inputSlack)
	n = min(n, s.size-offset-had)
	longer := make([]byte, had+n+inputSlack)
	copy(longer, data[:had])
	return longer, s.fill(longer[had:had+n], offset+had)
}

// strata places windows: the stream is cut into equal strata, and each holds
// one window at a random offset within it. Doubling the strata keeps the
// windows that were read: each half without one gets one.
type strata struct {
	span  int64 // window starts are in [0, span)
	rng   *rand.Rand
	n     int
	taken []int64
}

// newStrata seeds the offsets from the size and the last bytes of the stream,
// so that one layer is always sampled at the same places.
func newStrata(size, window int64, trailer []byte) *strata {
	h := fnv.New64a()
	h.Write(trailer)
	var b [8]byte
	binary.LittleEndian.PutUint64(b[:], uint64(size))
	h.Write(b[:])
	return &strata{span: max(1, size-window+1), rng: rand.New(rand.NewPCG(h.Sum64(), uint64(size)))}
}

// grow doubles the number of strata until there are n, and returns the new offsets.
func (s *strata) grow(n int) []int64 {
	var added []int64
	for s.n < n {
		s.n = max(1, s.n*2)
		taken := make(map[int64]bool, len(s.taken))
		for _, o := range s.taken {
			taken[s.of(o)] = true
		}
		for i := range int64(s.n) {
			if taken[i] {
				continue
			}
			lo, hi := s.edge(i), s.edge(i+1)
			o := lo
			if hi > lo {
				o += s.rng.Int64N(hi - lo)
			}
			s.taken = append(s.taken, o)
			added = append(added, o)
		}
	}
	slices.Sort(added)
	return added
}

// edge is where stratum i begins; of is the stratum that an offset is in.
func (s *strata) edge(i int64) int64 {
	n := int64(s.n)
	return s.span/n*i + s.span%n*i/n
}

func (s *strata) of(offset int64) int64 {
	n := int64(s.n)
	i := min(n-1, int64(float64(offset)/float64(s.span)*float64(n)))
	for i > 0 && offset < s.edge(i) {
		i--
	}
	for i < n-1 && offset >= s.edge(i+1) {
		i++
	}
	return i
}

// each runs f for every offset, some at once, and reports a failure.
func each(offsets []int64, f func(i int, offset int64) error) error {
	var g errgroup.Group
	g.SetLimit(concurrentReads)
	for i, o := range offsets {
		g.Go(func() error { return f(i, o) })
	}
	return g.Wait()
}
