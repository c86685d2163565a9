// Package zstdblock finds and measures the blocks of Zstandard (RFC 8878) at any place of a stream.
//
// A block begins with three bytes that say how long it is, so a chain of headers proves itself,
// whatever entropy tables the blocks repeat: each size leads to the next header, and the sections
// within a block must fit as well (chains.go). Encoders fill each block with 128 KiB, klauspost's
// fastest level with 64 KiB. Blocks that repeat no table are decoded: they show whether that is so.
//
// Long stretches of zeros, or of another byte, are packed in four to fourteen bytes for each block,
// as runs of short blocks (runs.go).
package zstdblock

import (
	"encoding/binary"
	"math/bits"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/layersize/transcript"
)

// Block is one block whose header a window holds.
type Block struct {
	At     int  // in the window
	Length int  // of the compressed block, with its header
	Out    int  // what it decodes to, −1 where that was not learned
	Coded  bool // compressed, so that out is not the header's
	Last   bool // of its frame
	// Count is how many short ones the entry stands for, 0 for one block, and Guessed what of their
	// output is a guess, as in a Tally.
	Count, Guessed int
}

// NewBlock returns the block behind a header, which stands at a place of the window.
func NewBlock(at int, h Header) Block {
	b := Block{At: at, Length: h.length(), Out: -1, Coded: h.kind == blockCompressed, Last: h.Last}
	if size, ok := h.content(); ok {
		b.Out = size
	}
	return b
}

// IsShort reports whether a block is one of those that runs consist of.
func (b Block) IsShort() bool { return !b.Last && b.Length <= ShortBlock }

// Window follows the blocks of a zstd stream through a window.
type Window struct {
	decoder
	chains chainSearch
	data   []byte // with transcript.Slack behind it
	End    int    // bytes of the window
	Stop   int    // where follow pauses
	Pos    int

	Weak    []WeakChain
	First   int // where the first block that was found begins
	Blocks  []Block
	Runs    []Run
	Other   int               // bytes that are no block: headers of frames, checksums, skippable frames
	Spans   []transcript.Span // of the blocks that were decoded
	Members int               // headers of further frames seen
	Ended   bool              // the stream's end was reached
	Between bool              // a frame has ended, and the next one was not seen
}

// NewWindow returns a window that keeps the text.
func NewWindow() *Window {
	text := transcript.NewText()
	text.Aligned = true
	return &Window{decoder: decoder{Text: text}}
}

// Load begins with other data, which end with slack.
func (z *Window) Load(data []byte) {
	z.data, z.End = data, len(data)-transcript.Slack
	z.Stop = z.End
	z.Reset(0)
}

// Search follows the first chain of headers that is proven and holds to the window's end.
func (z *Window) Search() bool {
	z.chains.weigh(z.data[:z.End])
	z.Weak = z.Weak[:0]
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
			z.Weak = append(z.Weak, WeakChain{start: start, Evidence: total, Next: z.chains.leaves(z.data[:z.End], start)})
			continue
		}
		z.Reset(start)
		if z.Follow() {
			return true
		}
	}
	return false
}

// WeakChain is a chain of headers of which the window shows too little.
type WeakChain struct{ start, Evidence, Next int }

// FollowWeak follows the first of some weak chains that what its last block leads to confirms.
func (z *Window) FollowWeak(weak []WeakChain, confirmed []int) bool {
	for i, c := range weak {
		if confirmed[i] < leastTrialOwn || c.Evidence+confirmed[i] < leastEvidence {
			continue
		}
		z.Reset(c.start)
		if z.Follow() {
			return true
		}
	}
	return false
}

// prove decodes one block, as far as it can be without those before it, and returns how much
// evidence, in bits, that adds. It is negative if the block is none.
func (z *Window) prove(at int) int {
	const decoded, tree = 32, 10 // bitstreams that were used up to the last bit, and a complete Huffman code
	h, _ := ParseHeader(z.data[at:])
	if h.kind != blockCompressed {
		return 0
	}
	z.Reset(at)
	body := z.data[at+3:]
	l, _ := literalsHeader(z.data[at+3 : min(z.End, at+3+h.size)])
	if at+3+h.size > z.End {
		if l.kind != literalsCompressed || at+3+l.header+128 > z.End {
			return 0
		}
		if _, ok := z.huff.read(body[l.header:min(l.header+l.compressed, z.End-at-3)]); !ok {
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

func (z *Window) Reset(start int) {
	z.forget()
	z.Text.Reset()
	z.Pos, z.First = start, start
	z.Blocks, z.Runs, z.Spans = z.Blocks[:0], z.Runs[:0], z.Spans[:0]
	z.Other, z.Members, z.Ended, z.Between = 0, 0, false, false
}

// Restart forgets what the blocks so far have shown, but not the tables that they brought.
func (z *Window) Restart() {
	z.Blocks, z.Runs, z.Spans, z.Other, z.Members = z.Blocks[:0], z.Runs[:0], z.Spans[:0], 0, 0
	z.Text.Reset()
}

// Follow goes through the blocks from the present position to the window's end, through the ends of
// frames, or to the first block at or behind stop. It decodes those that lie within the window and
// repeat no unknown table. false says that this is no zstd stream.
func (z *Window) Follow() bool {
	for z.Pos+3 <= z.End && z.Pos < z.Stop {
		h, ok := ParseHeader(z.data[z.Pos:])
		if !ok {
			return false
		}
		if z.passRun(h) {
			continue
		}
		if !z.block(h) {
			return false
		}
		if h.Last {
			if more, ok := z.passFrame(); !more {
				z.Between = !z.Ended
				return ok
			}
		}
	}
	return true
}

// block takes one block.
func (z *Window) block(h Header) bool {
	b := NewBlock(z.Pos, h)
	if z.Pos+b.Length <= z.End {
		if !z.decode(h, &b) {
			return false
		}
	}
	z.Blocks = append(z.Blocks, b)
	z.Pos += b.Length
	return true
}

// decode counts one block that lies whole within the window.
func (z *Window) decode(h Header, b *Block) bool {
	body := z.data[z.Pos+3:]
	switch h.kind {
	case blockRaw:
		z.Text.AppendBytes(body[:h.size])
	case blockRLE:
		z.Text.AppendRepeated(body[0], h.size)
	default:
		out, o := z.compressed(body, h.size)
		switch o {
		case blockWrong:
			return false
		case blockUnknown:
			z.Text.LeaveOut()
			return true
		}
		b.Out = out
	}
	length := int64(b.Length) * 8
	z.Spans = append(z.Spans, transcript.Span{
		End: int64(z.Pos)*8 + length, Depth: length, Bits: length, Out: int64(b.Out),
	})
	return true
}

// passRun passes over a run of short blocks.
func (z *Window) passRun(h Header) bool {
	if h.Last || h.length() > ShortBlock {
		return false
	}
	n := int(FollowShort(z.data[z.Pos:z.End]).Length)
	if n < leastRun {
		return false
	}
	counted := z.countBlocks(z.data[z.Pos : z.Pos+n+transcript.Slack])
	z.Runs = append(z.Runs, Run{From: int64(z.Pos), To: int64(z.Pos + n), Counted: counted})
	z.Text.LeaveOut()
	z.Pos += n
	return true
}

// passFrame passes from a frame's last block to the first of the next frame. The checksum is
// optional, and whether there is one stood in a header that may not have been seen, so both places
// are tried.
func (z *Window) passFrame() (more, ok bool) {
	for _, skip := range [2]int{0, 4} {
		if z.Pos+skip == z.End {
			z.Other += skip
			z.Ended = true
			return false, true
		}
		at, skipped := z.skip(z.Pos + skip)
		if at >= z.End {
			z.Other += at - z.Pos
			z.Ended = skipped
			return false, true
		}
		if f, ok := parseFrame(z.data[at:z.End]); ok {
			z.Members++
			z.begin()
			z.Other += at + f.header - z.Pos
			z.Pos = at + f.header
			return true, true
		}
		if skipped {
			return false, true
		}
	}
	return false, z.End-z.Pos < 12 // a frame's header that the window cuts
}

// skip passes over skippable frames.
func (z *Window) skip(at int) (next int, skipped bool) {
	for at+8 <= z.End && binary.LittleEndian.Uint32(z.data[at:])&skippableMask == skippable {
		at += 8 + int(binary.LittleEndian.Uint32(z.data[at+4:]))
		skipped = true
		if bits.UintSize == 32 && at < 0 {
			return z.End, true
		}
	}
	return at, skipped
}

// Start decodes from the start of a stream, where nothing has to be searched. It returns the length
// that the frame's header states, −1 where it does not. ok is false where no frame begins.
func (z *Window) Start() (content int64, ok bool) {
	at, skipped := z.skip(0)
	f, ok := parseFrame(z.data[min(at, z.End):z.End])
	if !ok {
		z.Other, z.Pos, z.Between = z.End, at, true
		return -1, skipped && at >= z.End
	}
	z.Pos, z.Other = at+f.header, at+f.header
	z.begin()
	return f.content, z.Follow() || len(z.Blocks) > 0
}
