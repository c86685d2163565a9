// Package transcript holds what decoding a window in the middle of a compressed stream leaves
// behind: spans of input with the length of what came of them, and the output as far as it is
// known, in which tar headers are found although most of their bytes were copied from before the
// window.
package transcript

import "slices"

// HistorySize is how far back a distance of deflate reaches at most: RFC 1951 §2.
const HistorySize = 32 << 10

// A byte that was copied from before the window is not known, but its place is:
// what was copied from one place is one byte. The place is counted in the 32 KiB
// before the window, as deflate reaches (RFC 1951 §2).
const (
	marked  = 0x8000 // with the place
	Unknown = 0xffff // no place is known either, as of longer distances in zstd
)

func isKnown(c uint16) bool { return c < marked }

// mostKept bounds what is kept of one window's output. Windows of source
// text stay below it; those of zeros have no headers worth the memory.
const mostKept = 1 << 20

// Text is the output of a window as far as it is known: literals are,
// and what is copied from them; what is copied from before the window is not.
type Text struct {
	Out []uint16

	// Aligned says that the output probably begins at a multiple of 512 bytes of the tar, as blocks
	// of Zstandard do where each before them was full.
	Aligned bool

	full bool
	gap  int // where the output begins that follows what was left out, 0 for none
}

// NewText has room for what most windows come to, so that it seldom has to be moved.
func NewText() *Text { return &Text{Out: make([]uint16, 0, mostKept/4)} }

// Length is how many bytes are kept.
func (t *Text) Length() int { return len(t.Out) }

func (t *Text) Reset() { t.Out, t.full, t.gap = t.Out[:0], false, 0 }

// LeaveOut notes that some output is missing here: what is copied from it, or from before it, is
// unknown.
func (t *Text) LeaveOut() { t.gap = len(t.Out) }

// reserveRoom returns how many of n more bytes may be kept, and notes where they are less.
func (t *Text) reserveRoom(n int) int {
	if left := mostKept - len(t.Out); n > left {
		t.full = true
		return left
	}
	return n
}

func (t *Text) AppendBytes(p []byte) {
	p = p[:t.reserveRoom(len(p))]
	for i, added := 0, t.extend(len(p)); i < len(p) && i < len(added); i++ {
		added[i] = uint16(p[i])
	}
}

// extend makes the output longer and returns what was added, which is to be filled.
func (t *Text) extend(n int) (added []uint16) {
	before := len(t.Out)
	t.Out = slices.Grow(t.Out, n)[:before+n]
	return t.Out[before:]
}

// AppendRepeated records n times the same byte.
func (t *Text) AppendRepeated(b byte, n int) {
	for range t.reserveRoom(n) {
		t.Out = append(t.Out, uint16(b))
	}
}

// AppendSymbol records one literal or match of a deflate block.
func (t *Text) AppendSymbol(sym, length, distance int) {
	if t.full {
		return
	}
	if sym < 256 {
		if t.reserveRoom(1) == 1 {
			t.Out = append(t.Out, uint16(sym))
		}
		return
	}
	t.AppendCopy(length, distance)
}

// AppendCopy repeats length bytes from distance back.
func (t *Text) AppendCopy(length, distance int) {
	n := t.reserveRoom(length)
	if from := len(t.Out) - distance; from >= t.gap && n <= distance { // known, and not of its own making
		t.Out = append(t.Out, t.Out[from:from+n]...)
		return
	}
	for range n {
		switch from := len(t.Out) - distance; {
		case distance <= 0 || from < -HistorySize || t.gap > 0 && from < t.gap:
			t.Out = append(t.Out, Unknown)
		case from < 0:
			t.Out = append(t.Out, uint16(marked|(from+HistorySize)))
		default:
			t.Out = append(t.Out, t.Out[from])
		}
	}
}

// AppendSymbols records bytes of which some may be unknown.
func (t *Text) AppendSymbols(p []uint16) {
	t.Out = append(t.Out, p[:t.reserveRoom(len(p))]...)
}
