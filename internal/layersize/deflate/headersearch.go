package deflate

import (
	"encoding/binary"
	"errors"
	"math/bits"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/layersize/transcript"
)

// Most of a window is searched in vain: an encoder stores what does not compress,
// and then block after block has to be passed over bit by bit before a header
// comes. So both searches look at many places with one load, and closer only
// where something may be.

// leastOpen is the least length of a stored block that is worth another read:
// in a shorter one there is no room for an inner stream to mislead.
const leastOpen = 4096

// dynamicAtOnce is for how many bits one load shows whether the first thirteen of a
// dynamic block's header may begin there.
const dynamicAtOnce = 57 - 12

// nextDynamic is the first position in [from, end) at which the first bits are those of a
// dynamic block: RFC 1951 §3.2.7. BFINAL is 0 and BTYPE 10 (the rare final block is
// reached from the one before it), and HLIT and HDIST are at most 29. Only one in
// some thousand random positions passes, so that the tables are built seldom.
func (w *Window) nextDynamic(from, end int) int {
	for pos := from; pos < end; pos += dynamicAtOnce {
		v := w.peek(pos)
		at := ^v & ^(v >> 1) & (v >> 2)
		at &^= (v >> 4) & (v >> 5) & (v >> 6) & (v >> 7)
		at &^= (v >> 9) & (v >> 10) & (v >> 11) & (v >> 12)
		for at &= 1<<dynamicAtOnce - 1; at != 0; at &= at - 1 {
			if p := pos + bits.TrailingZeros64(at); w.completeLengths(p) {
				if p >= end {
					return nowhere
				}
				return p
			}
		}
	}
	return nowhere
}

// looksDynamic reports whether the first bits at pos are those of a dynamic block.
func (w *Window) looksDynamic(pos int) bool { return w.nextDynamic(pos, pos+1) == pos }

// completeLengths reports whether the code for the code lengths of a dynamic block at pos
// is complete: that the 128ths of all codes that its HCLEN lengths take come to a whole.
func (w *Window) completeLengths(pos int) bool {
	n := uint(w.peek(pos+13)&15) + 4
	v := w.peek(pos+17) & (1<<(3*n) - 1) // 57 bits at most, which one load has
	taken := uint16(0)
	for ; v != 0; v >>= 12 {
		taken += taken128ths[v&(1<<12-1)]
	}
	return taken == 128
}

// taken128ths is what four code lengths of three bits take of all codes of up to seven bits; a
// length of zero takes nothing.
var taken128ths = func() (table [1 << 12]uint16) {
	for v := range table {
		for rest := v; rest != 0; rest >>= 3 {
			if l := rest & 7; l != 0 {
				table[v] += 128 >> l
			}
		}
	}
	return table
}()

// storedHeaders lists the bit positions of stored blocks that are proven: the
// length and its complement hold, and so does what follows the block. A block
// that reaches beyond the window is believed when it is of the largest length,
// as encoders write for what cannot be compressed, or when it stands where a
// proven one has ended, as those of the encoders do that write shorter ones. Else,
// in the first half of what two windows hold, it is open: among random bytes, one
// window in eight has something that looks like it.
func (w *Window) storedHeaders(from int) (found []int, open bool) {
	end := w.Limit >> 3
	after := make(map[int]bool) // where the length stands that follows a proven block
	for i := w.nextLength(max(from>>3+1, 1)); i+4 <= end; i = w.nextLength(i + 1) {
		n := int(binary.LittleEndian.Uint16(w.data[i:]))
		next := (i + 4 + n) * 8
		beyond := next+32 > w.Limit
		switch {
		case beyond && n != 0xffff && !after[i]:
			open = open || n >= leastOpen && i < WindowSize
		case beyond || w.follows(next):
			// Where the three header bits begin is not known; any place before
			// the padding decodes alike, so take the last.
			found = append(found, i*8-3)
			after[(next+3+7)>>3] = true
		}
	}
	return found, open
}

// nextLength is the first byte, from one on, at which a stored block's length and its complement
// may stand (RFC 1951 §3.2.4), behind a byte whose upper bits are the header's and padding: zero.
func (w *Window) nextLength(from int) int {
	const ones, highs = 0x0101010101010101, 0x8080808080808080
	end := w.Limit >> 3
	for i := from; i+4 <= end; i += 7 {
		// Byte k is zero where byte i+k is the complement of the second one after it; two in a row
		// are wanted. The highest bits of zero bytes are set, and now and then one above such a
		// byte, which is why each is looked at.
		v := ^(binary.LittleEndian.Uint64(w.data[i:]) ^ binary.LittleEndian.Uint64(w.data[i+2:]))
		zero := (v - ones) &^ v & highs
		for at := zero & (zero >> 8); at != 0; at &= at - 1 {
			if k := i + bits.TrailingZeros64(at)>>3; w.isLength(k) {
				return k
			}
		}
	}
	return end
}

func (w *Window) isLength(i int) bool {
	return i+4 <= w.Limit>>3 && w.data[i-1]&0xe0 == 0 && w.data[i]^w.data[i+2] == 0xff && w.data[i+1]^w.data[i+3] == 0xff
}

// follows reports whether a block header that can be recognised stands at pos, or
// behind a block of fixed codes at pos, which has none: encoders end with such
// a block what they flush.
func (w *Window) follows(pos int) bool {
	trial := inflater{data: w.data, Limit: w.Limit}
	v := w.peek(pos)
	if v&6 == 2 {
		trial.Reset(pos, transcript.HistorySize)
		if _, err := trial.Block(); err != nil {
			return false
		}
		pos = trial.Pos
		v = w.peek(pos)
	}
	if v&6 == 0 {
		lens := uint32(w.peek((pos + 3 + 7) &^ 7))
		return lens>>16 == lens&0xffff^0xffff && v&0xf8 == 0
	}
	if !w.looksDynamic(pos) {
		return false
	}
	trial.Reset(pos+3, transcript.HistorySize)
	err := trial.dynamicHeader()
	return err == nil || errors.Is(err, errWindowEnd)
}
