package sampling

import (
	"encoding/binary"
	"math/bits"
)

const (
	zstdMagic     = 0xfd2fb528 // RFC 8878 §3.1.1
	skippableMask = 0xfffffff0
	skippable     = 0x184d2a50 // RFC 8878 §3.1.2
)

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

// zstdBlock is one block whose header a window holds.
type zstdBlock struct {
	at     int  // in the window
	length int  // of the compressed block, with its header
	out    int  // what it decodes to, −1 where that was not learned
	coded  bool // compressed, so that out is not the header's
	last   bool // of its frame
	count  int  // how many short ones the entry stands for; 0 for one block
}

// zstdWindow follows the blocks of a zstd stream through a window.
type zstdWindow struct {
	zstdBlocks
	chains chainSearch
	data   []byte // with inputSlack behind it
	end    int    // bytes of the window
	stop   int    // where follow pauses
	pos    int

	weak    []weakChain
	first   int // where the first block that was found begins
	blocks  []zstdBlock
	runs    []run
	other   int     // bytes that are no block: headers of frames, checksums, skippable frames
	slices  []slice // of the blocks that were decoded
	members int     // headers of further frames seen
	ended   bool    // the stream's end was reached
	between bool    // a frame has ended, and the next one was not seen
}

// search follows the first chain of headers that is proven and holds to the window's end.
func (z *zstdWindow) search() bool {
	z.chains.weigh(z.data[:z.end])
	z.weak = z.weak[:0]
	for start, ok := z.chains.nextTrial(0); ok; start, ok = z.chains.nextTrial(start + 1) {
		more := z.prove(start)
		if more < 0 {
			continue
		}
		own, total := int(z.chains.own[start])+more, int(z.chains.total[start])+more
		if own < leastOwn {
			continue
		}
		if total < leastEvidence {
			z.weak = append(z.weak, weakChain{start: start, evidence: total, next: z.chains.leaves(z.data[:z.end], start)})
			continue
		}
		z.reset(start)
		if z.follow() {
			return true
		}
	}
	return false
}

// weakChain is a chain of headers of which the window shows too little.
type weakChain struct{ start, evidence, next int }

// followWeak follows the first of some weak chains that what its last block leads to confirms.
func (z *zstdWindow) followWeak(weak []weakChain, confirmed []int) bool {
	for i, c := range weak {
		if confirmed[i] < leastTrialOwn || c.evidence+confirmed[i] < leastEvidence {
			continue
		}
		z.reset(c.start)
		if z.follow() {
			return true
		}
	}
	return false
}

// prove decodes one block, as far as it can be without those before it, and returns how much evidence, in bits, that
// adds. It is negative if the block is none.
func (z *zstdWindow) prove(at int) int {
	const decoded, tree = 32, 10 // bitstreams that were used up to the last bit, and a complete Huffman code
	h, _ := parseBlockHeader(z.data[at:])
	if h.kind != blockCompressed {
		return 0
	}
	z.reset(at)
	body := z.data[at+3:]
	l, _ := literalsHeader(z.data[at+3 : min(z.end, at+3+h.size)])
	if at+3+h.size > z.end {
		if l.kind != literalsCompressed || at+3+l.header+128 > z.end {
			return 0
		}
		if _, ok := z.huff.read(body[l.header:min(l.header+l.compressed, z.end-at-3)]); !ok {
			return -1
		}
		return tree
	}
	switch _, o := z.compressed(body, h.size); {
	case o == blockWrong:
		return -1
	case o == blockCounted, l.kind == literalsCompressed:
		return decoded
	}
	return 0
}

func (z *zstdWindow) reset(start int) {
	z.forget()
	z.text.reset()
	z.pos, z.first = start, start
	z.blocks, z.runs, z.slices = z.blocks[:0], z.runs[:0], z.slices[:0]
	z.other, z.members, z.ended, z.between = 0, 0, false, false
}

// follow goes through the blocks from the present position to the window's end, through the ends of frames, or to the
// first block at or behind stop. It decodes those that lie within the window and repeat no unknown table. false says
// that this is no zstd stream.
func (z *zstdWindow) follow() bool {
	for z.pos+3 <= z.end && z.pos < z.stop {
		h, ok := parseBlockHeader(z.data[z.pos:])
		if !ok {
			return false
		}
		if z.passRun(h) {
			continue
		}
		if !z.block(h) {
			return false
		}
		if h.last {
			if more, ok := z.passFrame(); !more {
				z.between = !z.ended
				return ok
			}
		}
	}
	return true
}

// block takes one block.
func (z *zstdWindow) block(h blockHeader) bool {
	b := zstdBlock{at: z.pos, length: h.length(), out: -1, coded: h.kind == blockCompressed, last: h.last}
	if size, ok := h.content(); ok {
		b.out = size
	}
	if z.pos+b.length <= z.end {
		if !z.decode(h, &b) {
			return false
		}
	}
	z.blocks = append(z.blocks, b)
	z.pos += b.length
	return true
}

// decode counts one block that lies whole within the window.
func (z *zstdWindow) decode(h blockHeader, b *zstdBlock) bool {
	body := z.data[z.pos+3:]
	switch h.kind {
	case blockRaw:
		z.text.bytes(body[:h.size])
	case blockRLE:
		z.text.repeat(body[0], h.size)
	default:
		out, o := z.compressed(body, h.size)
		switch o {
		case blockWrong:
			return false
		case blockUnknown:
			z.text.leaveOut()
			return true
		}
		b.out = out
	}
	z.slices = append(z.slices, slice{end: int64(z.pos+b.length) * 8, depth: int64(b.length) * 8, bits: int64(b.length) * 8, out: int64(b.out)})
	return true
}

// passRun passes over a run of short blocks.
func (z *zstdWindow) passRun(h blockHeader) bool {
	if h.last || h.length() > shortBlock {
		return false
	}
	n, _ := followShort(z.data[z.pos:z.end])
	if n < leastRun {
		return false
	}
	output := z.countBlocks(z.data[z.pos : z.pos+n+inputSlack])
	z.runs = append(z.runs, run{from: int64(z.pos), to: int64(z.pos + n), counted: int64(n), output: output})
	z.text.leaveOut()
	z.pos += n
	return true
}

// passFrame passes from a frame's last block to the first of the next frame. The checksum is optional, and whether
// there is one stood in a header that may not have been seen, so both places are tried.
func (z *zstdWindow) passFrame() (more, ok bool) {
	for _, skip := range [2]int{0, 4} {
		if z.pos+skip == z.end {
			z.other += skip
			z.ended = true
			return false, true
		}
		at, skipped := z.skip(z.pos + skip)
		if at >= z.end {
			z.other += at - z.pos
			z.ended = skipped
			return false, true
		}
		if f, ok := zstdFrame(z.data[at:z.end]); ok {
			z.members++
			z.begin()
			z.other += at + f.header - z.pos
			z.pos = at + f.header
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
