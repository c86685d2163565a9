package sampling

import (
	"math/bits"
)

// classes are the powers of two of output per input.
const classes = 18

// observation is what one window has shown. Input is in bytes.
type observation struct {
	offset  int64
	decoded bool
	in      [classes]float64 // weighted input by class of its ratio
	out     [classes]float64 // weighted output
	headers float64          // weighted tar headers
	search  float64          // weighted input that was searched for tar headers
	entries []Entry          // those of the headers that are known whole
	members int
}

// weigh adds a slice of a window. Decoding begins at the first block boundary
// that the window holds, so a byte that stands deep in a long block is decoded
// only when the window began early enough to hold the block's header: at depth
// d in a window of w the chance is proportional to w − d. Weighting with its
// inverse (Horvitz and Thompson, 1952) makes input and output unbiased; without
// it, data that compress into long blocks would count too little.
func (o *observation) weigh(s slice, window int64) float64 {
	weight := float64(window) / float64(max(window-s.depth, window/8))
	c := classOf(s.out*8, s.bits)
	o.in[c] += weight * float64(s.bits) / 8
	o.out[c] += weight * float64(s.out)
	return weight
}

// classOf is the power of two below out/in.
func classOf(out, in int64) int {
	if in <= 0 {
		return 0
	}
	return min(classes-1, bits.Len64(uint64(out/in)))
}

// total is input and output of the classes in [from, to).
func (o *observation) total(from, to int) (in, out float64) {
	for c := from; c < to; c++ {
		in += o.in[c]
		out += o.out[c]
	}
	return in, out
}

// observe turns the slices of a decoded window into an observation. decoded
// says at which output offsets tar headers stand and how much was searched.
func (o *observation) observe(slices []slice, window int64, text *transcript) {
	o.decoded = true
	var headers []int
	kept := int64(0)
	if text != nil {
		headers, kept = text.headers(), int64(len(text.out))
		o.entries = append(o.entries, text.entries(headers)...)
	}
	at := int64(0)
	for _, s := range slices {
		w := o.weigh(s, window)
		if at < kept {
			o.search += w * float64(s.bits) / 8 * min(1, float64(kept-at)/float64(max(1, s.out)))
		}
		at += s.out
		for len(headers) > 0 && int64(headers[0]) < at {
			o.headers += w
			headers = headers[1:]
		}
	}
}
