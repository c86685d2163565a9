package sampling

import (
	"slices"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/layersize/transcript"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/layersize/zstdblock"
)

// edge is one end of a run, which lies between a place within and a place outside of it.
type edge struct {
	run     *zstdblock.Run
	right   bool
	outside int64
	isFound bool
}

// next is where to look: half way, and in the end next to what is known.
func (e *edge) next() int64 {
	if e.right {
		return max(e.run.To, e.run.To+(e.outside-e.run.To)/2-zstdblock.ProbeLength/2)
	}
	return max(e.outside, e.run.From-(e.run.From-e.outside)/2-zstdblock.ProbeLength/2)
}

// learn moves the end by what was read at a place that next returned.
func (e *edge) learn(data []byte, at int64) {
	if e.right {
		e.learnRight(data, at)
		return
	}
	if at == e.outside { // the last part: the first place from which all blocks are short
		e.isFound = true
		data = data[:min(int64(len(data)), e.run.From-at)]
		for i := range data {
			if n := zstdblock.FollowShort(data[i:]).Length; n > 0 && n == int64(len(data)-i) {
				e.run.From = at + int64(i)
				return
			}
		}
		return
	}
	if r, ok := zstdblock.FindRun(data, at); ok {
		e.run.From = min(e.run.From, r.From)
		e.isFound = r.From-at >= zstdblock.ShortBlock
		return
	}
	e.outside = at
}

func (e *edge) learnRight(data []byte, at int64) {
	if at == e.run.To {
		n := zstdblock.FollowShort(data).Length
		e.run.To += n
		e.isFound = n == 0 || int64(len(data))-n > zstdblock.ShortBlock
		return
	}
	if r, ok := zstdblock.FindRun(data, at); ok {
		e.run.To = max(e.run.To, r.To)
		return
	}
	e.outside = at
}

// placesAround are the nearest places that are known not to belong to a run: misses, and its
// neighbours.
func placesAround(parts []zstdblock.Run, i int, misses []int64) (left, right int64) {
	at, _ := slices.BinarySearch(misses, parts[i].From+1)
	left = misses[max(0, at-1)]
	if i > 0 {
		left = max(left, parts[i-1].To)
	}
	at, _ = slices.BinarySearch(misses, parts[i].To)
	right = misses[min(at, len(misses)-1)]
	if i+1 < len(parts) {
		right = min(right, parts[i+1].From)
	}
	return min(left, parts[i].From), max(right, parts[i].To)
}

// halve reads in rounds, one place for each end that is not found, until all are or the budget
// ends.
func (m *manyReader) halve(edges []*edge) error {
	const rounds = 56 // 2^48 bytes, and what is next to the ends
	for range rounds {
		edges = slices.DeleteFunc(edges, func(e *edge) bool { return e.isFound })
		if len(edges) == 0 || m.cost(int64(len(edges)), zstdblock.ProbeLength) > m.left {
			return nil
		}
		offsets := make([]int64, len(edges))
		for i, e := range edges {
			offsets[i] = min(e.next(), m.size)
		}
		err := m.readEach(offsets, zstdblock.ProbeLength, func(i int, data []byte) {
			edges[i].learn(data[:len(data)-transcript.Slack], offsets[i])
		})
		if err != nil {
			return err
		}
	}
	return nil
}
