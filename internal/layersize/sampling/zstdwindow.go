package sampling

import (
	"encoding/binary"
	"math/bits"
)

const (
	zstdMagic     = 0xfd2fb528 // RFC 8878 §3.1.1
	skippableMask = 0xfffffff0
	skippable     = 0x184d2a50 // RFC 8878 §3.1.2
	leastLiterals = 1024       // of a block without sequences, to be believed as a start
)

// zstdWindow finds blocks in the middle of a zstd stream.
type zstdWindow struct {
	zstdBlocks
	data []byte // with inputSlack behind it
	end  int    // bytes of the window
	pos  int
	out  int64

	anchor int // the last block from which a search could have begun

	slices  []slice
	unknown int  // bytes in blocks whose length could not be learned
	proven  bool // the chain cannot be an accident
	members int  // headers of further frames seen
	ended   bool // the stream's end was reached
}

// frame is what a frame's header says: RFC 8878 §3.1.1.1.
type frame struct {
	header  int
	content int64 // -1 when it does not say
}

func zstdFrame(p []byte) (f frame, ok bool) {
	if len(p) < 6 || binary.LittleEndian.Uint32(p) != zstdMagic {
		return f, false
	}
	d := p[4]
	if d&8 != 0 { // reserved
		return f, false
	}
	single := d&32 != 0
	f.header = 5 + btoi(!single) + [4]int{0, 1, 2, 4}[d&3]
	size := [4]int{btoi(single), 2, 4, 8}[d>>6]
	f.content = -1
	if f.header+size > len(p) {
		return f, false
	}
	var v [8]byte
	copy(v[:], p[f.header:f.header+size])
	n := binary.LittleEndian.Uint64(v[:])
	if size == 2 {
		n += 256
	}
	if size > 0 && n < 1<<62 {
		f.content = int64(n)
	}
	f.header += size
	return f, true
}

// search looks for the first block from which decoding goes on to the window's end.
func (z *zstdWindow) search() bool {
	work := 0
	for start := 0; start+3 < z.end; start++ {
		if !z.looksLikeBlock(start) {
			continue
		}
		z.reset(start)
		if z.chain() && z.proven {
			return true
		}
		if work += z.pos - start + trialBits/8; work > trialWindows*z.end {
			return false
		}
	}
	return false
}

func (z *zstdWindow) reset(start int) {
	z.forget()
	if z.text != nil {
		z.text.reset()
	}
	z.pos, z.anchor, z.out, z.slices, z.unknown = start, start, 0, z.slices[:0], 0
	z.members, z.ended, z.proven = 0, false, false
}

// looksLikeBlock turns most offsets away: blocks that are not compressed are
// nearly always full, and compressed ones begin with headers that must agree.
func (z *zstdWindow) looksLikeBlock(at int) bool {
	h := int(z.data[at]) | int(z.data[at+1])<<8 | int(z.data[at+2])<<16
	kind, size := h>>1&3, h>>3
	if h&1 != 0 || size > blockMax {
		return false
	}
	switch kind {
	case blockRaw, blockRLE:
		return size == blockMax
	case blockCompressed:
		if size < 4 || at+3+size > z.end {
			return false
		}
		body := z.data[at+3 : at+3+size]
		l, ok := literalsHeader(body)
		rest := l.header + l.compressed
		if !ok || rest+1 > size {
			return false
		}
		count, used, ok := sequenceCount(body[rest:])
		if ok && count == 0 { // only literals, which then bring their tree
			return rest+used == size && l.kind == literalsCompressed && l.regenerated >= leastLiterals
		}
		// A block to begin with brings the tables for its sequences.
		return ok && rest+used < size && startModes(body[rest+used])
	}
	return false
}

// startModes reports whether no table is repeated.
func startModes(modes byte) bool {
	return modes&3 == 0 && modes>>6 != 3 && modes>>4&3 != 3 && modes>>2&3 != 3
}

// chain decodes blocks from the present position to the window's end, through
// the ends of frames. false says that this is no zstd stream.
func (z *zstdWindow) chain() bool {
	full := 0 // full blocks that are not compressed, one after another
	for {
		if z.pos+3 > z.end {
			return true
		}
		if z.looksLikeBlock(z.pos) {
			z.anchor = z.pos
		}
		h := int(z.data[z.pos]) | int(z.data[z.pos+1])<<8 | int(z.data[z.pos+2])<<16
		last, kind, size := h&1, h>>1&3, h>>3
		length := size
		if kind == blockRLE {
			length = 1
		}
		if kind == 3 || size > blockMax {
			return false
		}
		if kind != blockCompressed && size == blockMax {
			full++
		}
		if z.proven = z.proven || full >= 2; z.pos+3+length > z.end {
			return true
		}
		if !z.block(kind, size, length) {
			return false
		}
		if last == 1 {
			if more, ok := z.next(); !more {
				return ok
			}
		}
	}
}

// block counts one block that lies whole within the window.
func (z *zstdWindow) block(kind, size, length int) bool {
	out := size
	if kind == blockCompressed {
		var proven bool
		var o outcome
		out, proven, o = z.compressed(z.data[z.pos+3:], size)
		if o == blockWrong {
			return false
		}
		z.proven = z.proven || proven
		if o == blockUnknown {
			z.unknown += 3 + length
			z.pos += 3 + length
			return true
		}
	} else if z.text != nil {
		z.uncompressed(kind, size)
	}
	// The whole block counts or nothing of it, and all that has to stand in a window with it.
	z.out += int64(out)
	z.pos += 3 + length
	z.slices = append(z.slices, slice{end: int64(z.pos) * 8, depth: int64(z.pos-z.anchor) * 8, bits: int64(3+length) * 8, out: int64(out)})
	return true
}

func (z *zstdWindow) uncompressed(kind, size int) {
	if kind == blockRaw {
		z.text.bytes(z.data[z.pos+3 : z.pos+3+size])
		return
	}
	for range z.text.room(size) {
		z.text.out = append(z.text.out, uint16(z.data[z.pos+3]))
	}
}

// next passes from a frame's last block to the first of the next frame. The
// checksum is optional, and whether there is one stood in a header that may not
// have been seen, so both places are tried.
func (z *zstdWindow) next() (more, ok bool) {
	for _, skip := range [2]int{0, 4} {
		if z.pos+skip == z.end {
			z.ended = true
			return false, true
		}
		at, skipped := z.skip(z.pos + skip)
		if at >= z.end {
			z.ended = skipped
			return false, true
		}
		if f, ok := zstdFrame(z.data[at:z.end]); ok {
			z.members++
			z.proven = true
			z.begin()
			z.pos = at + f.header
			z.anchor = z.pos
			return true, true
		}
		if skipped {
			return false, true
		}
	}
	return false, z.end-z.pos < 12 // a frame's header that the window cuts
}

// skip passes over skippable frames.
func (z *zstdWindow) skip(at int) (next int, skipped bool) {
	for at+8 <= z.end && binary.LittleEndian.Uint32(z.data[at:])&skippableMask == skippable {
		at += 8 + int(binary.LittleEndian.Uint32(z.data[at+4:]))
		skipped = true
		if bits.UintSize == 32 && at < 0 {
			return z.end, true
		}
	}
	return at, skipped
}
