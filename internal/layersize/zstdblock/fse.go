package zstdblock

import (
	"encoding/binary"
	"math/bits"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/layersize/transcript"
)

// fseEntry is one state of a finite state entropy table: RFC 8878 §4.1.1.
type fseEntry struct {
	sym  uint8
	bits uint8
	base uint16
}

// fseTable decodes one of the three codes of sequences.
type fseTable struct {
	log    uint
	states []fseEntry // nil when nothing is known of it
}

// backward reads a bitstream from its end, as zstd's are written: RFC 8878 §4.1.
type backward struct {
	data []byte // with transcript.Slack behind what is read
	pos  int    // bits that are left
	over bool   // more was read than there is
}

// newBackward starts at the highest set bit of the last byte, which is padding.
func newBackward(data []byte, n int) (backward, bool) {
	if n == 0 || data[n-1] == 0 {
		return backward{}, false
	}
	return backward{data: data, pos: n*8 - 9 + bits.Len8(data[n-1])}, true
}

func (b *backward) read(n uint) uint64 {
	if n == 0 {
		return 0
	}
	b.pos -= int(n)
	if b.pos < 0 {
		b.over = true
		return 0
	}
	return binary.LittleEndian.Uint64(b.data[b.pos>>3:]) >> uint(b.pos&7) & (1<<n - 1)
}

// fseDescription reads the probabilities of a table: RFC 8878 §4.1.1. used is
// the number of bytes, negative when it is none.
func fseDescription(p []byte, maxLog uint, counts []int16) (log uint, n, used int) {
	var buf [128 + transcript.Slack]byte
	size := copy(buf[:128], p)
	peek := func(pos int) uint64 { return binary.LittleEndian.Uint64(buf[pos>>3:]) >> uint(pos&7) }
	log = uint(peek(0)&15) + 5
	if log > maxLog {
		return 0, 0, -1
	}
	pos, remaining := 4, 1<<log+1
	for remaining > 1 {
		if n >= len(counts) || pos > size*8 || pos > 120*8 {
			return 0, 0, -1
		}
		count, width := fseCount(peek(pos), remaining)
		pos += width
		counts[n] = int16(count)
		n++
		remaining -= max(count, -count)
		if count == 0 {
			zeros, after := fseZeros(peek, pos)
			pos = after
			if n+zeros > len(counts) {
				return 0, 0, -1
			}
			clear(counts[n : n+zeros])
			n += zeros
		}
	}
	used = (pos + 7) / 8
	if remaining != 1 || used > size {
		return 0, 0, -1
	}
	return log, n, used
}

// fseCount reads one probability, of which those up to a limit are written with one bit less.
func fseCount(v uint64, remaining int) (count, width int) {
	width = bits.Len(uint(remaining))
	low := 1<<width - 1 - remaining
	full := int(v & (1<<width - 1))
	if short := full & (1<<(width-1) - 1); short < low {
		return short - 1, width - 1
	}
	if full >= 1<<(width-1) {
		full -= low
	}
	return full - 1, width
}

// fseZeros reads how many more symbols do not occur: threes go on.
func fseZeros(peek func(int) uint64, pos int) (zeros, next int) {
	for repeat := 3; repeat == 3 && pos <= 120*8; pos += 2 {
		repeat = int(peek(pos) & 3)
		zeros += repeat
	}
	return zeros, pos
}

// build spreads the symbols over the states: RFC 8878 §4.1.1.
func (t *fseTable) build(log uint, counts []int16) bool {
	size := 1 << log
	if cap(t.states) < size {
		t.states = make([]fseEntry, 512)
	}
	t.states, t.log = t.states[:size], log
	if !t.spread(counts) {
		return false
	}
	var next [256]uint16
	for s, c := range counts {
		next[s] = uint16(max(c, -c))
	}
	for i := range t.states {
		e := &t.states[i]
		x := next[e.sym]
		next[e.sym]++
		e.bits = uint8(int(log) - bits.Len16(x) + 1)
		e.base = x<<e.bits - uint16(size)
	}
	return true
}

// spread gives each state its symbol. Those less probable than one state stand
// at the end, the others are strewn over the rest.
func (t *fseTable) spread(counts []int16) bool {
	size := len(t.states)
	high := size - 1
	for s, c := range counts {
		if c == -1 && high >= 0 {
			t.states[high].sym = uint8(s)
			high--
		}
	}
	pos, step := 0, size>>1+size>>3+3
	for s, c := range counts {
		for range max(c, 0) {
			if high < 0 {
				return false
			}
			t.states[pos].sym = uint8(s)
			for pos = (pos + step) & (size - 1); pos > high; pos = (pos + step) & (size - 1) {
			}
		}
	}
	return pos == 0
}

// constant makes a table of one symbol: RFC 8878 §3.1.1.3.2.1, RLE_Mode.
func (t *fseTable) constant(sym byte) {
	if cap(t.states) < 1 {
		t.states = make([]fseEntry, 512)
	}
	t.states, t.log = t.states[:1], 0
	t.states[0] = fseEntry{sym: sym}
}
