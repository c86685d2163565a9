package deflate

import "math/bits"

// table decodes one canonical Huffman code (RFC 1951 §3.2.2) with a single
// look-up: symbol<<4 | length, indexed by the next bits of input; 0 marks bits
// that no code begins with.
type table struct {
	entries []uint16
	mask    uint64
}

func (t *table) lookup(v uint64) uint16 { return t.entries[v&t.mask] }

// Order of the code length code lengths, and the bases of RFC 1951 §3.2.5.
var (
	lengthOrder = [19]byte{16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15}
	lengthBase  = [29]uint16{3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 15, 17, 19, 23, 27, 31, 35, 43, 51, 59, 67, 83, 99, 115,
		131, 163, 195, 227, 258}
	lengthExtra  = [29]byte{0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0}
	distanceBase = [30]uint16{1, 2, 3, 4, 5, 7, 9, 13, 17, 25, 33, 49, 65, 97, 129, 193, 257, 385, 513, 769, 1025, 1537,
		2049, 3073, 4097, 6145, 8193, 12289, 16385, 24577}
	distanceExtra = [30]byte{0, 0, 0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7, 8, 8, 9, 9, 10, 10, 11, 11, 12, 12,
		13, 13}
)

var fixedLit, fixedDist = fixedTables()

// fixedTables are the codes of RFC 1951 §3.2.6.
func fixedTables() (lit, dist table) {
	var lengths [288]byte
	for i := range lengths {
		switch {
		case i < 144:
			lengths[i] = 8
		case i < 256:
			lengths[i] = 9
		case i < 280:
			lengths[i] = 7
		default:
			lengths[i] = 8
		}
	}
	lit.build(lengths[:])
	var five [32]byte
	for i := range five {
		five[i] = 5
	}
	dist.build(five[:])
	return lit, dist
}

// build makes the table and reports whether the code is complete, or is the
// one incomplete code that inflaters accept: a single symbol of one bit.
func (t *table) build(lengths []byte) bool {
	var count [16]int
	longest := 0
	for _, n := range lengths {
		count[n]++
		longest = max(longest, int(n))
	}
	if longest == 0 {
		return false
	}
	count[0] = 0
	var next [16]int
	left, code := 1, 0
	for n := 1; n <= 15; n++ {
		left = left<<1 - count[n]
		if left < 0 {
			return false
		}
		code = (code + count[n-1]) << 1
		next[n] = code
	}
	if left > 0 && !(longest == 1 && count[1] == 1) {
		return false
	}
	t.fill(lengths, longest, &next, left > 0)
	return true
}

func (t *table) fill(lengths []byte, longest int, next *[16]int, incomplete bool) {
	size := 1 << longest
	if cap(t.entries) < size {
		t.entries = make([]uint16, 1<<15)
	}
	t.entries = t.entries[:size]
	t.mask = uint64(size - 1)
	if incomplete {
		clear(t.entries)
	}
	for sym, n := range lengths {
		if n == 0 {
			continue
		}
		reversed := int(bits.Reverse16(uint16(next[n])) >> (16 - n))
		next[n]++
		for i := reversed; i < size; i += 1 << n {
			t.entries[i] = uint16(sym)<<4 | uint16(n)
		}
	}
}

// buildDistances is build for a distance code, which may be empty when the
// block has only literals: RFC 1951 §3.2.7.
func (t *table) buildDistances(lengths []byte) bool {
	for _, n := range lengths {
		if n != 0 {
			return t.build(lengths)
		}
	}
	t.entries = append(t.entries[:0], 0)
	t.mask = 0
	return true
}
