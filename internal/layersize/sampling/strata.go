package sampling

import (
	"encoding/binary"
	"hash/fnv"
	"math/rand/v2"
	"slices"
)

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
