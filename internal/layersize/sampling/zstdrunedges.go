package sampling

import (
	"slices"
)

// edge is one end of a run, which lies between a place within and a place outside of it.
type edge struct {
	run     *run
	right   bool
	outside int64
	isFound bool
}

// next is where to look: half way, and in the end next to what is known.
func (e *edge) next() int64 {
	if e.right {
		return max(e.run.to, e.run.to+(e.outside-e.run.to)/2-probeLength/2)
	}
	return max(e.outside, e.run.from-(e.run.from-e.outside)/2-probeLength/2)
}

// learn moves the end by what was read at a place that next returned.
func (e *edge) learn(data []byte, at int64) {
	if e.right {
		e.learnRight(data, at)
		return
	}
	if at == e.outside { // the last part: the first place from which all blocks are short
		e.isFound = true
		data = data[:min(int64(len(data)), e.run.from-at)]
		for i := range data {
			if n, _ := followShort(data[i:]); n > 0 && n == len(data)-i {
				e.run.from = at + int64(i)
				return
			}
		}
		return
	}
	if r, ok := findRun(data, at); ok {
		e.run.from = min(e.run.from, r.from)
		e.isFound = r.from-at >= shortBlock
		return
	}
	e.outside = at
}

func (e *edge) learnRight(data []byte, at int64) {
	if at == e.run.to {
		n, _ := followShort(data)
		e.run.to += int64(n)
		e.isFound = n == 0 || len(data)-n > shortBlock
		return
	}
	if r, ok := findRun(data, at); ok {
		e.run.to = max(e.run.to, r.to)
		return
	}
	e.outside = at
}

// placesAround are the nearest places that are known not to belong to a run: misses, and its neighbours.
func placesAround(parts []run, i int, misses []int64) (left, right int64) {
	at, _ := slices.BinarySearch(misses, parts[i].from+1)
	left = misses[max(0, at-1)]
	if i > 0 {
		left = max(left, parts[i-1].to)
	}
	at, _ = slices.BinarySearch(misses, parts[i].to)
	right = misses[min(at, len(misses)-1)]
	if i+1 < len(parts) {
		right = min(right, parts[i+1].from)
	}
	return min(left, parts[i].from), max(right, parts[i].to)
}

// halve reads in rounds, one place for each end that is not found, until all are or the budget ends.
func (m *manyReader) halve(edges []*edge) error {
	const rounds = 56 // 2^48 bytes, and what is next to the ends
	for range rounds {
		edges = slices.DeleteFunc(edges, func(e *edge) bool { return e.isFound })
		if len(edges) == 0 || m.cost(int64(len(edges)), probeLength) > m.left {
			return nil
		}
		offsets := make([]int64, len(edges))
		for i, e := range edges {
			offsets[i] = min(e.next(), m.size)
		}
		err := m.readEach(offsets, probeLength, func(i int, data []byte) {
			edges[i].learn(data[:len(data)-inputSlack], offsets[i])
		})
		if err != nil {
			return err
		}
	}
	return nil
}
