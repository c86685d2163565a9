package zstdblock

import (
	"cmp"
	"math"
	"slices"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/layersize/transcript"
)

const (
	// ShortBlock is the longest block of which a run consists, leastRun how many bytes of them make
	// one.
	ShortBlock = 24
	leastRun   = 64
	// ProbeLength is how many bytes a probe reads.
	ProbeLength = 64
)

// Run is a part of the stream in which short blocks stand for full ones, as encoders pack long
// stretches of zeros or of another byte. libzstd and klauspost's better levels write four bytes for
// 128 KiB (RFC 8878 §3.1.1.2.2, RLE_Block), and libzstd eleven once for each window's length;
// klauspost's default level writes fourteen.
type Run struct {
	From, To int64 // of the stream
	Counted  Tally // of a part of it, or of all
	// Error is the standard error of its content, where parts of it were counted.
	Error float64
}

// SetCounted says what parts of the run come to, or all of it as one. How far the rest may be from
// them is what they scatter by.
func (r *Run) SetCounted(parts []Tally) {
	r.Counted, r.Error = Tally{}, 0
	for _, t := range parts {
		r.Counted.Add(t)
	}
	rate, squares := float64(r.Counted.Output)/float64(max(1, r.Counted.Length)), 0.0
	for _, t := range parts {
		off := float64(t.Output) - rate*float64(t.Length)
		squares += off * off
	}
	r.Error = math.Sqrt(squares) * float64(r.Length()) / float64(max(1, r.Counted.Length))
}

// Tally is what blocks decode to that follow each other.
type Tally struct {
	Length  int64 // of the blocks
	Output  int64
	Guessed int64 // of the output, that of blocks that repeat tables which are not known: each counts as full
}

// Add adds what other blocks decode to.
func (t *Tally) Add(other Tally) {
	t.Length, t.Output, t.Guessed = t.Length+other.Length, t.Output+other.Output, t.Guessed+other.Guessed
}

// addBlock adds one block; its output is negative where it is not known.
func (t *Tally) addBlock(length, output int) {
	if output < 0 {
		output = MaxBlock
		t.Guessed += MaxBlock
	}
	t.Length, t.Output = t.Length+int64(length), t.Output+int64(output)
}

// Length is how many bytes of the stream the run has.
func (r Run) Length() int64 { return r.To - r.From }

// Content returns what the run decodes to, as the part that was counted shows, and how much of that
// is a guess.
func (r Run) Content() (all, guessed float64) {
	scale := float64(r.Length()) / float64(max(1, r.Counted.Length))
	return scale * float64(r.Counted.Output), scale * float64(r.Counted.Guessed)
}

// shortBlockAt returns the length of a short block that stands for a full one, and what it decodes
// to, negative where it repeats tables.
func shortBlockAt(p []byte) (length, output int) {
	if len(p) < 4 {
		return 0, 0
	}
	h, ok := ParseHeader(p)
	if length = h.length(); !ok || h.Last || length < 4 || length > min(ShortBlock, len(p)) {
		return 0, 0
	}
	if output, ok = h.content(); !ok {
		var z decoder
		var padding [ShortBlock + transcript.Slack]byte
		copy(padding[:], p[3:length])
		var o outcome
		if output, o = z.compressed(padding[:], h.size); o == blockUnknown {
			return length, -1
		} else if o == blockWrong {
			return 0, 0
		}
	}
	if output != MaxBlock && output != blockFast {
		return 0, 0
	}
	return length, output
}

// FollowShort counts the short blocks that some data begin with.
func FollowShort(p []byte) (t Tally) {
	for t.Length < int64(len(p)) {
		n, out := shortBlockAt(p[t.Length:])
		if n == 0 {
			break
		}
		t.addBlock(n, out)
	}
	return t
}

// FindRun looks for short blocks in what a probe has read: they must begin with the first bytes.
func FindRun(data []byte, offset int64) (r Run, ok bool) {
	for phase := range min(ShortBlock, len(data)) {
		// Two blocks, or more of those that are shorter: the rest may be what follows the run.
		t := FollowShort(data[phase:])
		if n := int(t.Length); n >= min(2*ShortBlock-8, len(data)-phase-ShortBlock) && n >= 12 {
			from := offset + int64(phase)
			return Run{From: from, To: from + t.Length, Counted: t}, true
		}
	}
	return Run{}, false
}

// LongestRun is the longest run within some data.
func LongestRun(data []byte, offset int64) (longest Run) {
	for at := int64(0); at < int64(len(data)); {
		t := FollowShort(data[at:])
		if t.Length > longest.Length() {
			longest = Run{From: offset + at, To: offset + at + t.Length, Counted: t}
		}
		at += max(1, t.Length)
	}
	return longest
}

// MergeRuns sorts runs and joins those that touch.
func MergeRuns(parts []Run) (merged []Run) {
	parts = slices.Clone(parts)
	slices.SortFunc(parts, func(a, b Run) int { return cmp.Compare(a.From, b.From) })
	for _, p := range parts {
		if n := len(merged); n > 0 && p.From <= merged[n-1].To {
			merged[n-1].Join(p)
			continue
		}
		merged = append(merged, p)
	}
	return merged
}

// Join makes one run of two, of which p does not begin before r. Of parts that overlap, the one
// counts of which more was counted: what both share must not count twice.
func (r *Run) Join(p Run) {
	switch {
	case p.From >= r.To:
		r.Counted.Add(p.Counted)
	case p.Counted.Length > r.Counted.Length:
		r.Counted = p.Counted
	}
	r.To, r.Error = max(r.To, p.To), math.Hypot(r.Error, p.Error)
}
