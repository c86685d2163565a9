package estimate

import (
	"math/bits"
	"slices"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/layersize/transcript"
)

// classes are the powers of two of output per input.
const classes = 18

// deepWeight is the weight in the deepest eighth of a window, where the chance is a sixteenth on
// average.
const deepWeight = 16

// Observation is what one window has shown. Input is in bytes.
type Observation struct {
	Offset  int64
	Decoded bool
	in      [classes]float64 // weighted input by class of its ratio
	out     [classes]float64 // weighted output
	search  float64          // weighted input that was searched for tar headers
	entries []weighed        // of the headers found, as far as the window shows them

	searchOut float64 // what came of the input that was searched, weighted in the same way
	Members   int

	bareSearch, bareOut float64 // both without weights
}

// weigh adds a span of a window. Decoding begins at the first block boundary
// that the window holds, so a byte that stands deep in a long block is decoded
// only when the window began early enough to hold the block's header: at depth
// d in a window of w the chance is proportional to w − d. Weighting with its
// inverse (Horvitz and Thompson, 1952) makes input and output unbiased; without
// it, data that compress into long blocks would count too little. In the deepest
// eighth the chance falls to nothing, and its inverse grows beyond all bounds: there
// each byte has the inverse of the mean chance, which is right for blocks that
// are about as long as the window.
func (o *Observation) weigh(s transcript.Span, window int64) float64 {
	weight := float64(deepWeight)
	if s.Depth <= window-window/8 {
		weight = float64(window) / float64(window-s.Depth)
	}
	c := classOf(s.Out*8, s.Bits)
	o.in[c] += weight * float64(s.Bits) / 8
	o.out[c] += weight * float64(s.Out)
	return weight
}

// withoutWeights returns windows whose places are no chance, for what they show of files: each
// header counts once, as the window was sure to show it.
func withoutWeights(obs []*Observation) (bare []*Observation) {
	for _, o := range obs {
		b := *o
		b.search, b.searchOut, b.entries = o.bareSearch, o.bareOut, slices.Clone(o.entries)
		for i := range b.entries {
			b.entries[i].weight = 1
		}
		bare = append(bare, &b)
	}
	return bare
}

// classOf is the power of two below out/in.
func classOf(out, in int64) int {
	if in <= 0 {
		return 0
	}
	return min(classes-1, bits.Len64(uint64(out/in)))
}

// total is input and output of the classes in [from, to).
func (o *Observation) total(from, to int) (in, out float64) {
	for c := from; c < to; c++ {
		in += o.in[c]
		out += o.out[c]
	}
	return in, out
}

// counted is how much of a window counts, in bits.
//
// A window that was read on is twice as long as every other. Often that was not for want of a
// block's begin but to prove one, which some data need and others do not: if all of such a window
// counted, those data would count twice. So where decoding began within the length that every
// window has, no more than that length counts, and what was read beyond it has served its purpose.
func counted(spans []transcript.Span, window, every int64) int64 {
	if len(spans) > 0 && spans[0].End <= every {
		return min(window, every)
	}
	return window
}

// Observe turns the spans of a decoded window into an observation, of which every
// other has so many bits. The text says at which output offsets tar headers stand
// and how much was searched.
func (o *Observation) Observe(spans []transcript.Span, window, every int64, text *transcript.Text) {
	o.Decoded = true
	var headers []int
	var found []transcript.Entry
	kept := int64(0)
	if text != nil {
		headers, kept = text.FindHeaders(), int64(text.Length())
		found = text.ReadEntries(headers)
	}
	window = counted(spans, window, every)
	at := int64(0)
	for _, s := range spans {
		if s.End > window {
			return
		}
		w := o.weigh(s, window)
		if at < kept {
			part := min(1, float64(kept-at)/float64(max(1, s.Out)))
			in, out := part*float64(s.Bits)/8, part*float64(s.Out)
			o.search, o.searchOut = o.search+w*in, o.searchOut+w*out
			o.bareSearch, o.bareOut = o.bareSearch+in, o.bareOut+out
		}
		at += s.Out
		for len(headers) > 0 && int64(headers[0]) < at {
			o.entries = append(o.entries, weighed{found[0], w})
			headers, found = headers[1:], found[1:]
		}
	}
}
