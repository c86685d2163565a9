package transcript

import "math"

const TarBlock = 512

// magic stands in every header of POSIX.1-1988 and of GNU tar.
const (
	magic   = "ustar"
	magicAt = 257
)

const (
	modeEnds     = 107 // the last byte of the mode, which ends the field
	checksumEnds = 154 // behind its six digits, which every writer writes
)

// tarField is an octal field of a tar header (POSIX.1-1988 ustar, and GNU's).
type tarField struct{ from, to int }

// The octal fields that every writer fills: mode, uid, gid, size, mtime, checksum.
var tarFields = [...]tarField{{100, 108}, {108, 116}, {116, 124}, {124, 136}, {136, 148}, {148, 156}}

// FindHeaders finds the offsets of tar headers. Where the data repeat much, most of
// a window's output was copied from before it, so a header is seldom known
// whole: it is believed when what is known of it is what the format has at that
// place and some digits are its own, for size and checksum differ from file to
// file. Headers stand a multiple of 512 bytes apart, so true ones share one
// residue, while what only looks alike spreads over all 512; but for the numbers in
// names, which are as far apart, so the residues with most votes are looked at again.
func (t *Text) FindHeaders() []int {
	const rivals = 24 // some digits of a name, each in the places of a field's
	votes := t.countVotes()
	var best evidence
	at := -1
	for range rivals {
		r := 0
		for i, n := range &votes {
			if n > votes[r] {
				r = i
			}
		}
		if votes[r] == 0 {
			break
		}
		if e := t.weighEvidence(r); at < 0 || e.isMoreThan(best) {
			best, at = e, r
		}
		votes[r] = 0
	}
	rest := 0
	for _, n := range &votes {
		rest += n
	}
	noise := float64(rest) / (TarBlock - rivals)
	if float64(best.headers) < 1.5+noise+5*math.Sqrt(max(0, noise)) {
		return nil
	}
	return t.onGrid(t.chooseResidue(at, best))
}

// chooseResidue prefers a residue of 0 where the output probably begins at a multiple of 512 bytes,
// and nearly as many blocks look like headers there: where little of them is known, they look alike
// some bytes off, and then the digits of one field are read as those of another.
func (t *Text) chooseResidue(residue int, best evidence) int {
	if t.Aligned && residue != 0 && 4*t.weighEvidence(0).headers >= 3*best.headers {
		return 0
	}
	return residue
}

// countVotes counts, by their residues, the places that look like a header with a digit of its own.
func (t *Text) countVotes() (votes [TarBlock]int) {
	if len(t.Out) < TarBlock {
		return votes
	}
	for i, c := range t.Out[modeEnds : len(t.Out)-TarBlock+modeEnds+1] {
		if !isTerminator(c) { // in most data that is all there is to ask
			continue
		}
		if h := t.Out[i : i+TarBlock]; ownDigits(h) >= 1 && classifyHeader(h) == likeHeader {
			votes[i%TarBlock]++
		}
	}
	return votes
}

// evidence is what speaks for a residue: in headers, by which it is believed at all, and in the
// digits that they have in their places, by which it is told from its rivals. For the digits of one
// field are also found some bytes off, in the place of another (a size where the checksum stands,
// 19 bytes further), and there as many headers have one; but only in their own places are the
// digits of both fields found. Where but one field shows any, it is the checksum, which differs
// with the name alone.
type evidence struct{ headers, digits, checksums int }

func (e evidence) isMoreThan(other evidence) bool {
	return e.digits > other.digits || e.digits == other.digits && e.checksums > other.checksums
}

// weighEvidence counts the headers of a residue that have a digit of their own, much more those
// whose checksum holds, less those that would be headers but for an eight or a
// nine, as one in five of the digits that count up in names is.
func (t *Text) weighEvidence(residue int) (e evidence) {
	letters := t.lettersOf(residue)
	for i := residue; i+TarBlock <= len(t.Out); i += TarBlock {
		h := t.Out[i : i+TarBlock]
		own := ownDigits(h)
		if own < 0 {
			continue
		}
		weight := 0
		switch looks := classifyHeader(h); {
		case looks == likeNames && letters.spellMagic(h):
			weight = -5
		case looks == likeHeader && own >= 1:
			weight = 1
			if checksumHolds(h) {
				weight += 8
			}
		}
		e.headers += weight
		e.digits += weight * max(1, own)
		if isOctal(h[checksumEnds-1]) {
			e.checksums += weight
		}
	}
	return e
}

// onGrid goes through the blocks of a residue that is that of headers, where
// less evidence serves: a digit of its own, or the magic copied from where
// another header's came from, or that the header before it says that here is the
// next. Among small files that are much alike most headers are copies throughout.
func (t *Text) onGrid(residue int) []int {
	var found []int
	letters := t.lettersOf(residue)
	due := -1 // where the next header stands, by the size in the last one
	for i := residue; i+TarBlock <= len(t.Out); i += TarBlock {
		h := t.Out[i : i+TarBlock]
		own := ownDigits(h)
		if own < 0 || own == 0 && i != due && !letters.spellMagic(h) || classifyHeader(h) != likeHeader {
			continue
		}
		found = append(found, i)
		if size := t.sizeAt(i); size >= 0 {
			due = i + TarBlock + int(min(size, mostKept)+TarBlock-1)/TarBlock*TarBlock
		}
	}
	return found
}

// letters are places before the window that hold letters of a header's magic.
type letters map[uint16]byte

// lettersOf learns them from the headers that have a digit of their own.
func (t *Text) lettersOf(residue int) letters {
	places := letters{}
	for i := residue; i+TarBlock <= len(t.Out); i += TarBlock {
		if h := t.Out[i : i+TarBlock]; ownDigits(h) >= 1 && classifyHeader(h) == likeHeader {
			for k := range magic {
				if c := h[magicAt+k]; !isKnown(c) && c != Unknown {
					places[c] = magic[k]
				}
			}
		}
	}
	return places
}

// spellMagic reports whether a block has the magic at its place, every letter of it known or copied
// from such a letter.
func (l letters) spellMagic(h []uint16) bool {
	for k := range magic {
		if c := h[magicAt+k]; c != uint16(magic[k]) && l[c] != magic[k] {
			return false
		}
	}
	return true
}

// ownDigits counts the known digits at the end of size and checksum. It is negative when a known
// byte cannot stand where it does.
func ownDigits(h []uint16) int {
	if !isTerminator(h[modeEnds]) || !isTerminator(h[135]) || !isTerminator(h[147]) || !isTerminator(h[checksumEnds]) {
		return -1
	}
	if isKnown(h[magicAt]) && h[magicAt] != 'u' {
		return -1
	}
	own := 0
	for _, digits := range [...][]uint16{h[131:135], h[150:154]} {
		for _, c := range digits {
			switch {
			case isDigit(c):
				own++
			case !isTerminator(c) && h[124]&0xff80 != 0x80:
				return -1
			}
		}
	}
	return own
}

// isTerminator reports whether a field may end with c: with zero, a space, or what is not known. As
// a signed number that is nothing above zero but the space: of each byte of output it is asked at
// least once.
func isTerminator(c uint16) bool { return int16(c) <= 0 || c == ' ' }

func isOctal(c uint16) bool { return c >= '0' && c <= '7' }

// likeness is what the known bytes of a block look like.
type likeness int

const (
	likeNothing likeness = iota
	likeHeader           // each is one that a header has there
	likeNames            // but for eights and nines, which no octal field has
)

// classifyHeader returns what the numeric fields, the type flag and the magic of a block look like.
func classifyHeader(h []uint16) likeness {
	looks := likeHeader
	for _, f := range tarFields {
		if h[f.from]&0xff80 == 0x80 { // GNU's base-256 number
			continue
		}
		for _, c := range h[f.from:f.to] {
			switch {
			case c == '8' || c == '9':
				looks = likeNames
			case !isOctal(c) && !isTerminator(c):
				return likeNothing
			}
		}
	}
	if !isKind(h[kindAt]) {
		return likeNothing
	}
	for k := range magic {
		if c := h[magicAt+k]; isKnown(c) && c != uint16(magic[k]) {
			return likeNothing
		}
	}
	return looks
}

// isKind reports whether a type flag can be c: a digit, a letter (POSIX.1-2001, "typeflag"), or
// zero as before POSIX.1-1988.
func isKind(c uint16) bool {
	return !isKnown(c) || c == 0 || c >= '0' && c <= '7' || c >= 'A' && c <= 'Z' || c == 'g' || c == 'x'
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
		if !isKnown(c) {
			return false
		}
		sum += int(c)
	}
	return sum == want
}
