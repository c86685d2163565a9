package sampling

import (
	"cmp"
	"slices"
)

const (
	// shortBlock is the longest block of which a run consists, leastRun how many bytes of them make one. A probe
	// shows a run that covers it.
	shortBlock  = 24
	leastRun    = 64
	probeLength = 64
	// longRun is how long a run is that counts by itself: up to 64 MiB of zeros are as other data are, which windows
	// show more or less of.
	longRun = 2 << 10

	betweenHits  = 64 // probes that look for gaps in what seems one run
	countedShare = 4  // part of the budget for counting runs from end to end
	countedPiece = 64 << 10
	countsOfRun  = 16 // parts of a longer run that are counted
	countLength  = 4 << 10
)

// run is a part of the stream in which short blocks stand for full ones, as encoders pack long stretches of zeros or
// of another byte. libzstd and klauspost's better levels write four bytes for 128 KiB (RFC 8878 §3.1.1.2.2,
// RLE_Block), and libzstd eleven once for each window's length; klauspost's default level writes fourteen.
type run struct {
	from, to        int64 // of the stream
	counted, output int64 // bytes of it that were counted, and what they decode to
}

func (r run) length() int64 { return r.to - r.from }

// content is what the run decodes to, as the part that was counted tells.
func (r run) content() float64 {
	return float64(r.length()) * float64(r.output) / float64(max(1, r.counted))
}

// shortBlockAt returns the length of a short block that stands for a full one, and what it decodes to.
func shortBlockAt(p []byte) (length, output int) {
	if len(p) < 4 {
		return 0, 0
	}
	h, ok := parseBlockHeader(p)
	if length = h.length(); !ok || h.last || length < 4 || length > min(shortBlock, len(p)) {
		return 0, 0
	}
	if output, ok = h.content(); !ok {
		var z zstdBlocks
		var padding [shortBlock + inputSlack]byte
		copy(padding[:], p[3:length])
		var o outcome
		if output, o = z.compressed(padding[:], h.size); o == blockUnknown {
			output = blockMax // whose tables an earlier block brought
		} else if o == blockWrong {
			return 0, 0
		}
	}
	if output != blockMax && output != blockFast {
		return 0, 0
	}
	return length, output
}

// followShort follows short blocks and returns how many bytes they have together and what they decode to.
func followShort(p []byte) (length int, output int64) {
	for length < len(p) {
		n, out := shortBlockAt(p[length:])
		if n == 0 {
			break
		}
		length, output = length+n, output+int64(out)
	}
	return length, output
}

// findRun looks for short blocks in what a probe has read: they must begin with the first bytes.
func findRun(data []byte, offset int64) (r run, ok bool) {
	for phase := range min(shortBlock, len(data)) {
		// Two blocks, or more of those that are shorter: the rest may be what follows the run.
		if n, output := followShort(data[phase:]); n >= min(2*shortBlock-8, len(data)-phase-shortBlock) && n >= 12 {
			from := offset + int64(phase)
			return run{from: from, to: from + int64(n), counted: int64(n), output: output}, true
		}
	}
	return run{}, false
}

// longestRun is the longest run within some data.
func longestRun(data []byte, offset int64) (longest run) {
	for at := 0; at < len(data); {
		n, output := followShort(data[at:])
		if int64(n) > longest.length() {
			longest = run{from: offset + int64(at), to: offset + int64(at+n), counted: int64(n), output: output}
		}
		at += max(1, n)
	}
	return longest
}

// followRuns finds the ends of runs of which parts were met, by halving between them and places outside of all
// runs, and counts them. Places outside are the misses, in any order.
func (m *manyReader) followRuns(parts []run, misses []int64) ([]run, error) {
	misses = slices.Concat([]int64{0, m.size}, misses)
	slices.Sort(misses)
	more, inner, err := m.checkBetween(mergeRuns(parts), misses)
	if err != nil {
		return nil, err
	}
	misses = append(misses, inner...)
	slices.Sort(misses)
	parts = joinRuns(mergeRuns(more), misses)
	var edges []*edge
	for i := range parts {
		left, right := placesAround(parts, i, misses)
		edges = append(edges, &edge{run: &parts[i], outside: left}, &edge{run: &parts[i], right: true, outside: right})
	}
	if err := m.halve(edges); err != nil {
		return nil, err
	}
	parts = mergeRuns(parts)
	return parts, m.countRuns(parts)
}

// countRuns counts what runs decode to: from end to end, with other blocks that stand between the short ones, as far as
// a part of the budget goes, the short ones first; of the rest, parts.
func (m *manyReader) countRuns(runs []run) error {
	var open []*run
	for i := range runs {
		if runs[i].counted < runs[i].length() {
			open = append(open, &runs[i])
		}
	}
	slices.SortFunc(open, func(a, b *run) int { return cmp.Compare(a.length(), b.length()) })
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
func (m *manyReader) countWhole(runs []*run) error {
	var pieces []piece
	for _, r := range runs {
		for at := r.from; at < r.to; at += countedPiece {
			pieces = append(pieces, piece{at, min(countedPiece, r.to-at)})
		}
	}
	read := make([][]byte, len(pieces))
	if err := m.readPieces(pieces, func(i int, data []byte) { read[i] = data }); err != nil {
		return err
	}
	for _, r := range runs {
		var all []byte
		for int64(len(all)) < r.length() {
			all = append(all, read[0][:len(read[0])-inputSlack]...)
			read = read[1:]
		}
		var blocks zstdBlocks
		r.counted, r.output = r.length(), blocks.countBlocks(padded(all))
	}
	return nil
}

// countCost is what it takes from the budget to count a run from end to end.
func (m *manyReader) countCost(r *run) int64 {
	return r.length() + (1+r.length()/countedPiece)*rangeOverhead
}

// countParts counts parts of runs.
func (m *manyReader) countParts(runs []*run) error {
	var offsets []int64
	var of []*run
	for _, r := range runs {
		count := min(countsOfRun, max(1, r.length()/countLength))
		for k := range count {
			offsets = append(offsets, r.from+(r.length()-min(r.length(), countLength))*k/max(1, count-1))
			of = append(of, r)
		}
	}
	if m.cost(int64(len(offsets)), countLength) > m.left {
		return nil
	}
	counted, output := make([]int64, len(offsets)), make([]int64, len(offsets))
	err := m.readEach(offsets, countLength, func(i int, data []byte) {
		data = data[:min(int64(len(data)-inputSlack), of[i].to-offsets[i])]
		for phase := range min(shortBlock, len(data)) {
			if n, out := followShort(data[phase:]); n >= len(data)-phase-shortBlock && out > output[i] {
				counted[i], output[i] = int64(n), out
			}
		}
	})
	for i, r := range of {
		r.counted, r.output = r.counted+counted[i], r.output+output[i]
	}
	return err
}

// mergeRuns sorts runs and joins those that touch.
func mergeRuns(parts []run) (merged []run) {
	parts = slices.Clone(parts)
	slices.SortFunc(parts, func(a, b run) int { return int(min(1, max(-1, a.from-b.from))) })
	for _, p := range parts {
		if n := len(merged); n > 0 && p.from <= merged[n-1].to {
			merged[n-1].join(p)
			continue
		}
		merged = append(merged, p)
	}
	return merged
}

func (r *run) join(p run) {
	if p.to > r.to {
		r.to = p.to
		r.counted, r.output = r.counted+p.counted, r.output+p.output
	}
}

// joinRuns joins parts of one run between which there is no miss.
func joinRuns(parts []run, misses []int64) (joined []run) {
	for _, p := range parts {
		if n := len(joined); n > 0 && !isMissBetween(misses, joined[n-1].to, p.from) {
			joined[n-1].join(p)
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

// checkBetween probes between parts that seem to be one run, since other data may lie there. A gap that is shorter
// than the distance between two such probes goes unseen.
func (m *manyReader) checkBetween(parts []run, misses []int64) (more []run, missed []int64, err error) {
	total := int64(0)
	apart := make([]int64, max(0, len(parts)-1))
	for i := range apart {
		if !isMissBetween(misses, parts[i].to, parts[i+1].from) {
			apart[i] = parts[i+1].from - parts[i].to
			total += apart[i]
		}
	}
	var offsets []int64
	for i, distance := range apart {
		if distance <= probeLength {
			continue
		}
		n := 1 + betweenHits*distance/total
		for k := range n {
			offsets = append(offsets, parts[i].to+distance*(k+1)/(n+1))
		}
	}
	if m.cost(int64(len(offsets)), probeLength) > m.left {
		return parts, offsets, nil // they are not taken for one
	}
	found := make([]run, len(offsets))
	err = m.readEach(offsets, probeLength, func(i int, data []byte) {
		found[i], _ = findRun(data[:len(data)-inputSlack], offsets[i])
	})
	for i, r := range found {
		if r.counted > 0 {
			parts = append(parts, r)
		} else {
			missed = append(missed, offsets[i])
		}
	}
	return parts, missed, err
}
