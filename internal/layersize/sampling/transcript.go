package sampling

// A byte that was copied from before the window is not known, but its place is:
// what was copied from one place is one byte. The place is counted in the 32 KiB
// before the window, as deflate reaches (RFC 1951 §2).
const (
	marked  = 0x8000 // with the place
	unknown = 0xffff // no place is known either, as of longer distances in zstd
)

func isKnown(c uint16) bool { return c < marked }

// transcriptCap bounds what is kept of one window's output. Windows of source
// text stay below it; those of zeros have no headers worth the memory.
const transcriptCap = 1 << 20

// transcript is the output of a window as far as it is known: literals are,
// and what is copied from them; what is copied from before the window is not.
type transcript struct {
	out  []uint16
	full bool
	gap  int // where the output begins that follows what was left out, 0 for none
}

// newTranscript has room for what most windows come to, so that it seldom has to be moved.
func newTranscript() *transcript { return &transcript{out: make([]uint16, 0, transcriptCap/4)} }

func (t *transcript) reset() { t.out, t.full, t.gap = t.out[:0], false, 0 }

// leaveOut says that some output is missing here: what is copied from it, or from before it, is unknown.
func (t *transcript) leaveOut() { t.gap = len(t.out) }

// room says how many of n more bytes may be kept.
func (t *transcript) room(n int) int {
	if left := transcriptCap - len(t.out); n > left {
		t.full = true
		return left
	}
	return n
}

func (t *transcript) bytes(p []byte) {
	for _, b := range p[:t.room(len(p))] {
		t.out = append(t.out, uint16(b))
	}
}

// repeat records n times the same byte.
func (t *transcript) repeat(b byte, n int) {
	for range t.room(n) {
		t.out = append(t.out, uint16(b))
	}
}

// symbol records one literal or match of a deflate block.
func (t *transcript) symbol(sym, length, distance int) {
	if t.full {
		return
	}
	if sym < 256 {
		if t.room(1) == 1 {
			t.out = append(t.out, uint16(sym))
		}
		return
	}
	t.copy(length, distance)
}

// copy repeats length bytes from distance back.
func (t *transcript) copy(length, distance int) {
	for range t.room(length) {
		switch from := len(t.out) - distance; {
		case distance <= 0 || from < -historySize || t.gap > 0 && from < t.gap:
			t.out = append(t.out, unknown)
		case from < 0:
			t.out = append(t.out, uint16(marked|(from+historySize)))
		default:
			t.out = append(t.out, t.out[from])
		}
	}
}

// symbols records bytes of which some may be unknown.
func (t *transcript) symbols(p []uint16) {
	t.out = append(t.out, p[:t.room(len(p))]...)
}
