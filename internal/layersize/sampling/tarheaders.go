package sampling

import "math"

// unknown stands for a byte that was copied from before the window.
const unknown = 0xffff

// transcriptCap bounds what is kept of one window's output. Windows of source
// text stay below it; those of zeros have no headers worth the memory.
const transcriptCap = 1 << 20

// transcript is the output of a window as far as it is known: literals are,
// and what is copied from them; what is copied from before the window is not.
type transcript struct {
	out  []uint16
	full bool
}

func (t *transcript) reset() { t.out, t.full = t.out[:0], false }

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
		from := len(t.out) - distance
		if from < 0 || distance <= 0 {
			t.out = append(t.out, unknown)
			continue
		}
		t.out = append(t.out, t.out[from])
	}
}

const tarBlock = 512

// tarField is an octal field of a tar header (POSIX.1-1988 ustar, and GNU's).
type tarField struct{ from, to int }

// The octal fields that every writer fills: mode, uid, gid, size, mtime, checksum.
var tarFields = [...]tarField{{100, 108}, {108, 116}, {116, 124}, {124, 136}, {136, 148}, {148, 156}}

// headers finds the offsets of tar headers. Where the data repeat much, most of
// a window's output was copied from before it, so a header is seldom known
// whole: it is believed when what is known of it is what the format has at that
// place and some digits are its own, for size and checksum differ from file to
// file. Headers stand a multiple of 512 bytes apart, so true ones share one
// residue, while what only looks alike spreads over all 512.
func (t *transcript) headers() []int {
	var votes [tarBlock]int
	var found []int
	for i := 0; i+tarBlock <= len(t.out); i++ {
		h := t.out[i : i+tarBlock]
		if ownDigits(h) < 2 || !plausibleTar(h) {
			continue
		}
		found = append(found, i)
		votes[i%tarBlock]++
		if checksumHolds(h) {
			votes[i%tarBlock] += 8
		}
	}
	best := 0
	for r, n := range &votes {
		if n > votes[best] {
			best = r
		}
	}
	noise := float64(len(found)-votes[best]) / (tarBlock - 1)
	if float64(votes[best]) < 1.5+noise+5*math.Sqrt(max(0, noise)) {
		return nil
	}
	return t.onGrid(best)
}

// onGrid goes through the blocks of a residue that is that of headers, where
// less evidence serves.
func (t *transcript) onGrid(residue int) []int {
	var found []int
	for i := residue; i+tarBlock <= len(t.out); i += tarBlock {
		if h := t.out[i : i+tarBlock]; ownDigits(h) >= 1 && plausibleTar(h) {
			found = append(found, i)
		}
	}
	return found
}

// ownDigits counts the known ones of the last digits of size and checksum; it
// is negative when a known byte cannot stand where it does.
func ownDigits(h []uint16) int {
	if !isTerminator(h[107]) || !isTerminator(h[135]) || !isTerminator(h[147]) || h[257] != 'u' && h[257] != unknown {
		return -1
	}
	own := 0
	for _, i := range [...]int{131, 132, 133, 134, 150, 151, 152, 153} {
		switch c := h[i]; {
		case isOctal(c):
			own++
		case !isTerminator(c) && h[124]&0xff80 != 0x80:
			return -1
		}
	}
	return own
}

func isTerminator(c uint16) bool { return c == 0 || c == ' ' || c == unknown }

func isOctal(c uint16) bool { return c >= '0' && c <= '7' }

// plausibleTar reports whether every known byte of the numeric fields and of
// the magic is one that a header has there.
func plausibleTar(h []uint16) bool {
	for _, f := range tarFields {
		if h[f.from]&0xff80 == 0x80 { // GNU's base-256 number
			continue
		}
		for _, c := range h[f.from:f.to] {
			if !isOctal(c) && !isTerminator(c) {
				return false
			}
		}
	}
	for i, c := range [...]uint16{'u', 's', 't', 'a', 'r'} {
		if h[257+i] != unknown && h[257+i] != c {
			return false
		}
	}
	return true
}

// checksumHolds sums the header with its checksum field as blanks. A header
// with unknown bytes does not sum up.
func checksumHolds(h []uint16) bool {
	sum, want := 0, 0
	for i, c := range h {
		if i >= 148 && i < 156 {
			if isOctal(c) {
				want = want*8 + int(c-'0')
			}
			c = ' '
		}
		sum += int(c)
	}
	return sum == want
}

// symbols records bytes of which some may be unknown.
func (t *transcript) symbols(p []uint16) {
	t.out = append(t.out, p[:t.room(len(p))]...)
}

// entry is the file of a header, if its kind and its size were not copied from
// before the window.
func (t *transcript) entry(at int) (Entry, bool) {
	e := Entry{Kind: byte(t.out[at+156])}
	if t.out[at+156] == unknown || t.out[at+124]&0xff80 == 0x80 { // GNU's base-256 number
		return e, false
	}
	for _, c := range t.out[at+124 : at+136] {
		switch {
		case isOctal(c):
			e.Size = e.Size*8 + int64(c-'0')
		case c == unknown:
			return e, false
		}
	}
	return e, true
}
