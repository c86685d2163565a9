package sampling

import (
	"bytes"
	"encoding/binary"
	"errors"
)

const (
	// trialWindows bounds the work on one window: what trial decodings may read,
	// in windows, a trial itself counting as trialBits.
	trialWindows = 8
	trialBits    = 4096
	// leastBits is the least that a start must decode to be believed.
	leastBits = 256 * 8
	// leastOpen is the least length of a stored block that is worth another read:
	// in a shorter one there is no room for an inner stream to mislead.
	leastOpen = 4096
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
	work := 0
	barrier := 0
	magic := w.nextMagic(from >> 3)
	for pos := from; pos < w.limit; pos++ {
		if pos == w.limit-leastBits && magic < 0 {
			return false // no room for more than a last member
		}
		stored := barrier < len(w.barriers) && w.barriers[barrier] == pos
		if stored {
			barrier++
		}
		start := -1
		switch {
		case magic >= 0 && pos == magic*8:
			magic = w.nextMagic(magic + 1)
			if n, ok := gzipHeader(w.data[pos>>3 : w.limit>>3]); ok {
				start = pos + n*8
			}
		case pos < w.limit-leastBits && (stored || w.looksDynamic(pos)):
			start = pos
		}
		if start < 0 {
			continue
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
	return false
}

// looksDynamic judges the first bits of a dynamic block: RFC 1951 §3.2.7. Only
// one in some thousand random positions passes, so that the tables are built seldom.
func (w *gzipWindow) looksDynamic(pos int) bool {
	v := w.peek(pos)
	// BFINAL is 0 and BTYPE 10; the rare final block is reached from the one before it.
	if v&7 != 4 || v>>3&31 > 29 || v>>8&31 > 29 {
		return false
	}
	n := int(v>>13&15) + 4
	v >>= 17
	left := 128
	for i := range n {
		if i == 13 { // 17 + 13*3 = 56 bits of the first load are used up
			v = w.peek(pos + 56)
		}
		if l := v & 7; l != 0 {
			left -= 128 >> l
		}
		v >>= 3
	}
	return left == 0
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

// nextMagic is the offset of the next member header's magic, or -1.
func (w *gzipWindow) nextMagic(from int) int {
	end := w.limit >> 3
	if from >= end {
		return -1
	}
	i := bytes.Index(w.data[from:end], gzipMagic)
	if i < 0 {
		return -1
	}
	return from + i
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

// storedHeaders lists the bit positions of stored blocks that are proven: the
// length and its complement hold, and so does what follows the block. A block
// that reaches beyond the window is believed when it is of the largest length,
// as encoders write for what cannot be compressed, or when it stands where a
// proven one has ended, as those of the encoders do that write shorter ones. Else,
// in the first half of what two windows hold, it is open: among random bytes, one
// window in eight has something that looks like it.
func (w *gzipWindow) storedHeaders(from int) (found []int, open bool) {
	end := w.limit >> 3
	after := make(map[int]bool) // where the length stands that follows a proven block
	for i := max(from>>3+1, 1); i+4 <= end; i++ {
		if w.data[i-1]&0xe0 != 0 || w.data[i]^w.data[i+2] != 0xff || w.data[i+1]^w.data[i+3] != 0xff {
			continue
		}
		n := int(binary.LittleEndian.Uint16(w.data[i:]))
		next := (i + 4 + n) * 8
		beyond := next+32 > w.limit
		switch {
		case beyond && n != 0xffff && !after[i]:
			open = open || n >= leastOpen && i < gzipWindowSize
		case beyond || w.follows(next):
			// Where the three header bits begin is not known; any place before
			// the padding decodes alike, so take the last.
			found = append(found, i*8-3)
			after[(next+3+7)>>3] = true
		}
	}
	return found, open
}

// follows reports whether a block header that can be recognised stands at pos.
func (w *gzipWindow) follows(pos int) bool {
	v := w.peek(pos)
	if v&6 == 0 {
		lens := uint32(w.peek((pos + 3 + 7) &^ 7))
		return lens>>16 == lens&0xffff^0xffff && v&0xf8 == 0
	}
	if !w.looksDynamic(pos) {
		return false
	}
	trial := inflater{data: w.data, limit: w.limit}
	trial.reset(pos+3, historySize)
	err := trial.dynamicHeader()
	return err == nil || errors.Is(err, errWindowEnd)
}
