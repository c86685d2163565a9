package zstdblock

import (
	"bytes"
	"encoding/binary"
	"math/bits"
	"slices"
)

const (
	blockReserved = 3        // RFC 8878 §3.1.1.2.2: no block has this type
	blockFast     = 64 << 10 // what klauspost's fastest level puts in a block; every other encoder fills MaxBlock

	// leastEvidence is what a chain of block headers needs to be believed, in bits: an accident of
	// 2^18 places within a window is then rarer than one window in four thousand.
	leastEvidence = 30
	// leastOwn is what the first header of a chain needs by itself: a false one in front of a true
	// chain would be counted with it, and in each window there are places that happen to point to a
	// true header.
	leastOwn = 12
	// leastTrial is what a chain needs, and its first header by itself, to be looked at closely.
	leastTrial, leastTrialOwn = 8, 7

	evidenceHeader = 5  // a type that is not reserved and a size within the limit
	evidenceFull   = 23 // all bits of the header of a full block that is not compressed
	evidenceFrame  = 24 // a frame's magic number
	// evidenceEqual is that of a block whose header is the next block's as well, as where a writer
	// flushes after so many bytes.
	evidenceEqual = 28
	// evidenceRepeated is that of a short block with another behind it that has the same bytes,
	// four at least.
	evidenceRepeated = 32
)

// Header is the three bytes before each block: RFC 8878 §3.1.1.2.
type Header struct {
	Last bool
	kind int
	size int
}

// ParseHeader reads a header. ok is false for what no encoder may write.
func ParseHeader(p []byte) (h Header, ok bool) {
	v := int(p[0]) | int(p[1])<<8 | int(p[2])<<16
	h = Header{Last: v&1 == 1, kind: v >> 1 & 3, size: v >> 3}
	return h, h.kind != blockReserved && h.size <= MaxBlock
}

// length is how far the next header is away.
func (h Header) length() int {
	if h.kind == blockRLE {
		return 3 + 1
	}
	return 3 + h.size
}

// content is how many bytes the block decodes to, where its header says so.
func (h Header) content() (n int, ok bool) { return h.size, h.kind != blockCompressed }

// WeighHeader returns the evidence, in bits, that a block begins at a place: how rare what is seen
// there is among random bytes. It is negative where no encoder writes such a block. data ends where
// the window does.
func WeighHeader(data []byte, at int) int {
	h, ok := ParseHeader(data[at:])
	switch {
	case !ok:
		return -1
	case h.kind != blockCompressed:
		return weighUncompressed(h)
	case h.size < 2:
		return -1
	}
	visible := data[at+3 : min(len(data), at+3+h.size)]
	return weighCompressed(visible, h.size)
}

func weighUncompressed(h Header) int {
	switch {
	case h.Last:
		return evidenceHeader - 1
	case h.size == MaxBlock || h.size == blockFast:
		return evidenceFull
	case h.size == 0: // three zeros are seldom a header
		return 0
	}
	return evidenceHeader
}

// weighCompressed weighs the sections of a compressed block, of which a part may be visible.
func weighCompressed(visible []byte, size int) int {
	if len(visible) < min(5, size) {
		return evidenceHeader
	}
	l, ok := literalsHeader(visible)
	if !ok || l.header+l.compressed+1 > size {
		return -1
	}
	weight := evidenceHeader + weighLiterals(l, size)
	if l.kind >= literalsCompressed {
		streams := weighStreams(visible, l)
		if streams < 0 {
			return -1
		}
		weight += streams
	}
	sequences := l.header + l.compressed
	if len(visible) < min(size, sequences+4) {
		return weight
	}
	more := weighSequences(visible[sequences:], size-sequences, l.regenerated)
	if more < 0 {
		return -1
	}
	return weight + more
}

// weighLiterals weighs the sizes in the header of the literals section, which must be below the
// block's: in wide fields few numbers are.
func weighLiterals(l literalsSection, size int) int {
	switch {
	case l.kind == literalsRaw && l.header == 3:
		return max(0, 20-bits.Len(uint(size)))
	case l.kind < literalsCompressed:
		return 0
	}
	width := [...]int{3: 10, 4: 14, 5: 18}[l.header]
	return 2 + max(0, width-bits.Len(uint(size)))
}

// weighSequences weighs the head of the sequences section, which has so many bytes.
func weighSequences(p []byte, size, literals int) int {
	count, used, ok := sequenceCount(p)
	switch {
	case !ok || literals+3*count > MaxBlock: // no match is shorter than three bytes
		return -1
	case count == 0 && used == size:
		return 12
	case count == 0 || used >= len(p) || p[used]&3 != 0:
		return -1
	case size > 2*count/8 && size < 16*count+128: // as many bits as sequences have
		return 4
	}
	return 2
}

// weighStreams weighs Huffman-coded literals: the sizes of the four streams must leave room for
// each other.
func weighStreams(visible []byte, l literalsSection) int {
	if l.compressed >= l.regenerated { // an encoder stores them then
		return -1
	}
	at, left := l.header, l.compressed
	if l.kind == literalsCompressed && at < len(visible) {
		n := treeLength(visible[at])
		at, left = at+n, left-n
	}
	if l.streams == 1 || at+6 > len(visible) {
		return 0
	}
	sizes := [4]int{3: left - 6}
	for i := range 3 {
		sizes[i] = int(visible[at+2*i]) | int(visible[at+2*i+1])<<8
		sizes[3] -= sizes[i]
	}
	if slices.Min(sizes[:]) <= 0 {
		return -1
	}
	// Three numbers of 16 bits whose sum is below the section's size: one in 6 · (2^16 / size)^3.
	// Each stream holds a quarter of the literals, so that most are about as long.
	weight := 2 + 3*max(0, 16-bits.Len(uint(l.compressed)))
	if 2*slices.Min(sizes[:]) > slices.Max(sizes[:]) {
		weight += 4
	}
	return weight
}

// treeLength is the length of a Huffman tree's description, by its first byte: RFC 8878 §4.2.1.1.
func treeLength(head byte) int {
	if head < 128 {
		return 1 + int(head)
	}
	return 1 + (int(head)-127+1)/2
}

// chainSearch finds chains of block headers in a window: each header's size leads to the next, to
// the window's end.
type chainSearch struct {
	own   []int8  // evidence of the header at each place
	total []int16 // of the chain from there on, −1 where it breaks
}

// weigh fills both lists from the window's end to its start.
func (c *chainSearch) weigh(data []byte) {
	n := max(0, len(data)-2)
	if cap(c.own) < n {
		c.own, c.total = make([]int8, n), make([]int16, n)
	}
	c.own, c.total = c.own[:n], c.total[:n]
	for at := n - 1; at >= 0; at-- {
		c.own[at], c.total[at] = -1, -1
		h, ok := ParseHeader(data[at:])
		if !ok {
			continue
		}
		rest := int16(0)
		next := at + h.length()
		switch {
		case h.Last:
			if rest = weighFrameEnd(data, next); rest < 0 {
				continue
			}
		case next < n:
			if rest = c.total[next]; rest < 0 {
				continue
			}
		}
		if own := WeighHeader(data, at); own >= 0 {
			switch {
			case isRepeated(data, at, next):
				own = evidenceRepeated
			case h.kind == blockRaw && h.size > ShortBlock && next < n && bytes.Equal(data[at:at+3], data[next:next+3]):
				own = evidenceEqual
			}
			c.own[at] = int8(own)
			c.total[at] = min(rest, 1<<14) + int16(own)
		}
	}
}

// isRepeated reports whether a short block is followed by another one with the same bytes, as zeros
// are packed.
func isRepeated(data []byte, at, next int) bool {
	length := next - at
	return length >= 4 && length <= ShortBlock && next+length <= len(data) &&
		bytes.Equal(data[at:next], data[next:next+length])
}

// weighFrameEnd returns the evidence that a frame ends at a place: what follows its checksum, which
// is optional, is another frame, or the window's end. It is negative where a frame cannot end.
func weighFrameEnd(data []byte, at int) int16 {
	for _, skip := range [2]int{0, 4} {
		switch begin := at + skip; {
		case begin+4 > len(data):
			return 0
		case isFrame(data[begin:]):
			return evidenceFrame
		}
	}
	return -1
}

// isFrame reports whether a frame, skippable or not, begins.
func isFrame(p []byte) bool {
	magic := binary.LittleEndian.Uint32(p)
	return magic == zstdMagic || magic&skippableMask == skippable
}

// leaves is where the first header is that a chain leads to behind the window's end.
func (c *chainSearch) leaves(data []byte, start int) int {
	at := start
	for at < len(c.total) {
		h, _ := ParseHeader(data[at:])
		at += h.length()
	}
	return at
}

// nextTrial is the first place at or behind another where a chain begins that is worth a closer
// look.
func (c *chainSearch) nextTrial(from int) (start int, ok bool) {
	for at := from; at < len(c.total); at++ {
		if c.total[at] >= leastTrial && c.own[at] >= leastTrialOwn {
			return at, true
		}
	}
	return 0, false
}
