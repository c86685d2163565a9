package sampling

import (
	"bytes"
	"encoding/binary"
	"errors"
	"math"
)

const (
	// trialWindows bounds the work on one window: what trial decodings may read,
	// in windows, a trial itself counting as trialBits.
	trialWindows = 8
	trialBits    = 4096
	// leastBits is the least that a start must decode to be believed.
	leastBits = 256 * 8
)

// gzipWindow finds a place in the middle of a gzip stream where decoding can
// begin, and decodes from there to the window's end (or the stream's).
type gzipWindow struct {
	inflater

	members  int  // headers of further members seen
	ended    bool // the final block and its trailer were seen, and no member behind it
	endBit   int  // where the last member's trailer ended
	endISIZE uint32
}

// nowhere is behind every position.
const nowhere = math.MaxInt

// search looks for the first start in [from, limit) that decodes to the end.
// It reports whether there is one.
//
// Three things can be recognised: a dynamic block by its header (two complete
// codes within a complete code), a stored block by its length and the length's
// complement, and a member by its magic. What is stored may be another deflate
// stream (a jar or a wheel in the layer), so stored headers that are proven by
// what follows them are found first, and a chain of Huffman blocks that runs
// across one of them is the inner stream's. Where one may stand that is proven
// only by what follows the window, nothing is said: the window is read on then.
func (w *gzipWindow) search(from int) bool {
	var open bool
	if w.barriers, open = w.storedHeaders(from); open {
		return false
	}
	last := w.limit - leastBits // behind it there is room for no more than a last member
	magic, dynamic, stored := w.nextMagic(from>>3), w.nextDynamic(from, last), w.barriers
	for work := 0; ; {
		pos := min(magic, dynamic)
		if len(stored) > 0 && stored[0] < min(pos, last) {
			pos = stored[0]
		}
		if pos == nowhere {
			return false
		}
		start := pos
		switch pos {
		case magic:
			magic = w.nextMagic(pos>>3 + 1)
			n, ok := gzipHeader(w.data[pos>>3 : w.limit>>3])
			if !ok {
				continue
			}
			start += n * 8
		case dynamic:
			dynamic = w.nextDynamic(pos+1, last)
		default:
			stored = stored[1:]
		}
		if w.chain(start) {
			if start != pos {
				w.members++
			}
			return true
		}
		if work += w.pos - start + trialBits; work > trialWindows*w.limit {
			return false
		}
	}
}

// chain decodes from a start to the window's end, through the ends of members.
func (w *gzipWindow) chain(start int) bool {
	w.reset(start, historySize)
	w.members, w.ended = 0, false
	return w.finish()
}

// finish decodes from the present position on and reports whether what was
// read is a gzip stream up to the window's end.
func (w *gzipWindow) finish() bool {
	start := w.pos
	for {
		err := w.member()
		if errors.Is(err, errWindowEnd) {
			return w.pos-start >= leastBits
		}
		if err != nil {
			return false
		}
		more, ok := w.trailer()
		if !more {
			return ok
		}
	}
}

// trailer passes over a member's trailer and the header of the next member:
// RFC 1952 §2.3. more is true when there is another one.
func (w *gzipWindow) trailer() (more, ok bool) {
	w.pos = (w.pos + 7) &^ 7
	if w.pos+64 > w.limit {
		return false, true // the window ends within the trailer
	}
	isize := binary.LittleEndian.Uint32(w.data[w.pos>>3+4:])
	end := w.pos + 64
	rest := w.data[end>>3 : w.limit>>3]
	if len(bytes.TrimLeft(rest[:min(len(rest), 4096)], "\x00")) == 0 {
		w.pos, w.ended, w.endBit, w.endISIZE = end, true, end, isize
		return false, true
	}
	n, ok := gzipHeader(rest)
	if !ok {
		return false, len(rest) < 18 && bytes.HasPrefix(gzipMagic, rest[:min(len(rest), 3)])
	}
	w.members++
	w.history = 0 - w.out // a new member knows nothing of what came before it
	w.pos = end + n*8
	w.mark()
	w.anchor = w.pos
	return true, true
}

var gzipMagic = []byte{0x1f, 0x8b, 8}

// nextMagic is where the next member header's magic begins, from a byte on, in bits.
func (w *gzipWindow) nextMagic(from int) int {
	end := w.limit >> 3
	if from >= end {
		return nowhere
	}
	i := bytes.Index(w.data[from:end], gzipMagic)
	if i < 0 {
		return nowhere
	}
	return (from + i) * 8
}

// gzipHeader is the length of the member header that p begins with: RFC 1952 §2.3.
func gzipHeader(p []byte) (n int, ok bool) {
	if len(p) < 10 || !bytes.HasPrefix(p, gzipMagic) || p[3] > 0x1f {
		return 0, false
	}
	n = 10
	if p[3]&4 != 0 { // FEXTRA
		if len(p) < n+2 {
			return 0, false
		}
		n += 2 + int(binary.LittleEndian.Uint16(p[n:]))
	}
	for _, flag := range [...]byte{8, 16} { // FNAME, FCOMMENT
		if p[3]&flag == 0 {
			continue
		}
		if n > len(p) {
			return 0, false
		}
		i := bytes.IndexByte(p[n:], 0)
		if i < 0 {
			return 0, false
		}
		n += i + 1
	}
	if p[3]&2 != 0 { // FHCRC
		n += 2
	}
	return n, n <= len(p)
}
