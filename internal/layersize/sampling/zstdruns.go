package sampling

import (
	"cmp"
	"slices"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/layersize/transcript"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/layersize/zstdblock"
)

const (
	betweenHits  = 64 // probes that look for gaps in what seems one run
	countedShare = 4  // part of the budget for counting runs from end to end
	countedPiece = 64 << 10
	countsOfRun  = 16 // parts of a longer run that are counted
	countLength  = 4 << 10
)

// followRuns finds the ends of runs of which parts were met, by halving between them and places
// outside of all runs, and counts them. Places outside are the misses, in any order.
func (m *manyReader) followRuns(parts []zstdblock.Run, misses []int64) ([]zstdblock.Run, error) {
	misses = slices.Concat([]int64{0, m.size}, misses)
	slices.Sort(misses)
	more, inner, err := m.checkBetween(zstdblock.MergeRuns(parts), misses)
	if err != nil {
		return nil, err
	}
	misses = append(misses, inner...)
	slices.Sort(misses)
	parts = joinRuns(zstdblock.MergeRuns(more), misses)
	var edges []*edge
	for i := range parts {
		left, right := placesAround(parts, i, misses)
		edges = append(edges, &edge{run: &parts[i], outside: left}, &edge{run: &parts[i], right: true, outside: right})
	}
	if err := m.halve(edges); err != nil {
		return nil, err
	}
	parts = zstdblock.MergeRuns(parts)
	return parts, m.countRuns(parts)
}

// countRuns counts what runs decode to: from end to end, with other blocks that stand between the
// short ones, as far as a part of the budget goes, the short ones first; of the rest, parts.
func (m *manyReader) countRuns(runs []zstdblock.Run) error {
	var open []*zstdblock.Run
	for i := range runs {
		if runs[i].Counted.Length < runs[i].Length() {
			open = append(open, &runs[i])
		}
	}
	slices.SortFunc(open, func(a, b *zstdblock.Run) int { return cmp.Compare(a.Length(), b.Length()) })
	left := m.left / countedShare
	whole := 0
	for ; whole < len(open) && m.countCost(open[whole]) <= left; whole++ {
		left -= m.countCost(open[whole])
	}
	if err := m.countWhole(open[:whole]); err != nil {
		return err
	}
	return m.countParts(open[whole:])
}

// countWhole counts runs from end to end.
func (m *manyReader) countWhole(runs []*zstdblock.Run) error {
	var pieces []piece
	for _, r := range runs {
		for at := r.From; at < r.To; at += countedPiece {
			pieces = append(pieces, piece{at, min(countedPiece, r.To-at)})
		}
	}
	read := make([][]byte, len(pieces))
	if err := m.readPieces(pieces, func(i int, data []byte) { read[i] = data }); err != nil {
		return err
	}
	for _, r := range runs {
		var all []byte
		for int64(len(all)) < r.Length() {
			all = append(all, read[0][:len(read[0])-transcript.Slack]...)
			read = read[1:]
		}
		r.SetCounted([]zstdblock.Tally{zstdblock.CountBlocks(all)})
	}
	return nil
}

// countCost is what it takes from the budget to count a run from end to end.
func (m *manyReader) countCost(r *zstdblock.Run) int64 {
	return r.Length() + (1+r.Length()/countedPiece)*rangeOverhead
}

// countParts counts parts of runs.
func (m *manyReader) countParts(runs []*zstdblock.Run) error {
	var offsets []int64
	var of []*zstdblock.Run
	for _, r := range runs {
		count := min(countsOfRun, max(1, r.Length()/countLength))
		for k := range count {
			offsets = append(offsets, r.From+(r.Length()-min(r.Length(), countLength))*k/max(1, count-1))
			of = append(of, r)
		}
	}
	if m.cost(int64(len(offsets)), countLength) > m.left {
		return nil
	}
	counted := make([]zstdblock.Tally, len(offsets))
	err := m.readEach(offsets, countLength, func(i int, data []byte) {
		counted[i] = countFromRun(data[:min(int64(len(data)-transcript.Slack), of[i].To-offsets[i])])
	})
	parts := map[*zstdblock.Run][]zstdblock.Tally{}
	for i, r := range of {
		if counted[i].Length > 0 {
			parts[r] = append(parts[r], counted[i])
		}
	}
	for r, tallies := range parts {
		r.SetCounted(tallies)
	}
	return err
}

// countFromRun counts the blocks from the first place on where short ones follow each other. Others
// stand among them, as where one file ends and the next begins.
func countFromRun(data []byte) zstdblock.Tally {
	const enough = 64 // bytes of short blocks
	for at := range data {
		if zstdblock.FollowShort(data[at:]).Length >= enough {
			return zstdblock.CountBlocks(data[at:])
		}
	}
	return zstdblock.Tally{}
}

// joinRuns joins parts of one run between which there is no miss.
func joinRuns(parts []zstdblock.Run, misses []int64) (joined []zstdblock.Run) {
	for _, p := range parts {
		if n := len(joined); n > 0 && !isMissBetween(misses, joined[n-1].To, p.From) {
			joined[n-1].Join(p)
			continue
		}
		joined = append(joined, p)
	}
	return joined
}

func isMissBetween(misses []int64, from, to int64) bool {
	at, _ := slices.BinarySearch(misses, from)
	return at < len(misses) && misses[at] < to
}

// checkBetween probes between parts that seem to be one run, since other data may lie there. A gap
// that is shorter than the distance between two such probes goes unseen.
func (m *manyReader) checkBetween(
	parts []zstdblock.Run, misses []int64,
) (more []zstdblock.Run, missed []int64, err error) {
	total := int64(0)
	apart := make([]int64, max(0, len(parts)-1))
	for i := range apart {
		if !isMissBetween(misses, parts[i].To, parts[i+1].From) {
			apart[i] = parts[i+1].From - parts[i].To
			total += apart[i]
		}
	}
	var offsets []int64
	for i, distance := range apart {
		if distance <= zstdblock.ProbeLength {
			continue
		}
		n := 1 + betweenHits*distance/total
		for k := range n {
			offsets = append(offsets, parts[i].To+distance*(k+1)/(n+1))
		}
	}
	if m.cost(int64(len(offsets)), zstdblock.ProbeLength) > m.left {
		return parts, offsets, nil // they are not taken for one
	}
	found := make([]zstdblock.Run, len(offsets))
	err = m.readEach(offsets, zstdblock.ProbeLength, func(i int, data []byte) {
		found[i], _ = zstdblock.FindRun(data[:len(data)-transcript.Slack], offsets[i])
	})
	for i, r := range found {
		if r.Counted.Length > 0 {
			parts = append(parts, r)
		} else {
			missed = append(missed, offsets[i])
		}
	}
	return parts, missed, err
}
