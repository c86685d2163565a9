package zstdblock

import (
	"slices"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/layersize/transcript"
)

const (
	// ShortBlock is the longest block of which a run consists, leastRun how many bytes of them make
	// one. A probe shows a run that covers it.
	ShortBlock  = 24
	leastRun    = 64
	ProbeLength = 64
)

// Run is a part of the stream in which short blocks stand for full ones, as encoders pack long
// stretches of zeros or of another byte. libzstd and klauspost's better levels write four bytes for
// 128 KiB (RFC 8878 §3.1.1.2.2, RLE_Block), and libzstd eleven once for each window's length;
// klauspost's default level writes fourteen.
type Run struct {
	From, To        int64 // of the stream
	Counted, Output int64 // bytes of it that were counted, and what they decode to
}

func (r Run) Length() int64 { return r.To - r.From }

// Content is what the run decodes to, as the part that was counted tells.
func (r Run) Content() float64 {
	return float64(r.Length()) * float64(r.Output) / float64(max(1, r.Counted))
}

// shortBlockAt returns the length of a short block that stands for a full one, and what it decodes
// to.
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
			output = MaxBlock // whose tables an earlier block brought
		} else if o == blockWrong {
			return 0, 0
		}
	}
	if output != MaxBlock && output != blockFast {
		return 0, 0
	}
	return length, output
}

// FollowShort follows short blocks and returns how many bytes they have together and what they
// decode to.
func FollowShort(p []byte) (length int, output int64) {
	for length < len(p) {
		n, out := shortBlockAt(p[length:])
		if n == 0 {
			break
		}
		length, output = length+n, output+int64(out)
	}
	return length, output
}

// FindRun looks for short blocks in what a probe has read: they must begin with the first bytes.
func FindRun(data []byte, offset int64) (r Run, ok bool) {
	for phase := range min(ShortBlock, len(data)) {
		// Two blocks, or more of those that are shorter: the rest may be what follows the run.
		if n, output := FollowShort(data[phase:]); n >= min(2*ShortBlock-8, len(data)-phase-ShortBlock) && n >= 12 {
			from := offset + int64(phase)
			return Run{From: from, To: from + int64(n), Counted: int64(n), Output: output}, true
		}
	}
	return Run{}, false
}

// LongestRun is the longest run within some data.
func LongestRun(data []byte, offset int64) (longest Run) {
	for at := 0; at < len(data); {
		n, output := FollowShort(data[at:])
		if int64(n) > longest.Length() {
			longest = Run{From: offset + int64(at), To: offset + int64(at+n), Counted: int64(n), Output: output}
		}
		at += max(1, n)
	}
	return longest
}

// MergeRuns sorts runs and joins those that touch.
func MergeRuns(parts []Run) (merged []Run) {
	parts = slices.Clone(parts)
	slices.SortFunc(parts, func(a, b Run) int { return int(min(1, max(-1, a.From-b.From))) })
	for _, p := range parts {
		if n := len(merged); n > 0 && p.From <= merged[n-1].To {
			merged[n-1].Join(p)
			continue
		}
		merged = append(merged, p)
	}
	return merged
}

func (r *Run) Join(p Run) {
	if p.To > r.To {
		r.To = p.To
		r.Counted, r.Output = r.Counted+p.Counted, r.Output+p.Output
	}
}
