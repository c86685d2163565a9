package zstdblock

import (
	"encoding/binary"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/layersize/transcript"
)

// Types of blocks (RFC 8878 §3.1.1.2.2) and of literals (§3.1.1.3.1.1).
const (
	blockRaw, blockRLE, blockCompressed                            = 0, 1, 2
	literalsRaw, literalsRLE, literalsCompressed, literalsTreeless = 0, 1, 2, 3
)

const MaxBlock = 128 << 10 // RFC 8878 §3.1.1.2.4: a block's content and its output

// decoder decodes blocks for their length. What a block takes over from the
// ones before it (tables, recent offsets) is unknown until a block brings its own.
type decoder struct {
	own    [3]fseTable  // tables that a block brought
	tables [3]*fseTable // what Repeat_Mode means: literal lengths, offsets, match lengths; nil when unknown
	huff   huffTable
	recent [3]int // recent offsets, 0 when unknown
	Text   *transcript.Text
	lits   []uint16
}

// forget makes all of it unknown, as in the middle of a frame.
func (z *decoder) forget() {
	z.tables = [3]*fseTable{}
	z.huff.log = 0
	z.recent = [3]int{}
}

// begin is for the first block of a frame: RFC 8878 §3.1.1.5.
func (z *decoder) begin() {
	z.forget()
	z.recent = [3]int{1, 4, 8}
}

// literalsSection is what its header says: RFC 8878 §3.1.1.3.1.
type literalsSection struct {
	kind, regenerated, compressed, header, streams int
}

func literalsHeader(p []byte) (l literalsSection, ok bool) {
	if len(p) < 5 {
		p = append(append(make([]byte, 0, 5), p...), make([]byte, 5-len(p))...)
	}
	v := uint64(binary.LittleEndian.Uint32(p)) | uint64(p[4])<<32
	l.kind, l.streams = int(v&3), 4
	format := v >> 2 & 3
	if l.kind <= literalsRLE {
		switch format {
		case 1:
			l.header, l.regenerated = 2, int(v>>4&0xfff)
		case 3:
			l.header, l.regenerated = 3, int(v>>4&0xfffff)
		default:
			l.header, l.regenerated = 1, int(v>>3&31)
		}
		l.compressed = 1
		if l.kind == literalsRaw {
			l.compressed = l.regenerated
		}
		return l, l.regenerated <= MaxBlock
	}
	width := [4]uint{10, 10, 14, 18}[format]
	l.header = [4]int{3, 3, 4, 5}[format]
	l.regenerated = int(v >> 4 & (1<<width - 1))
	l.compressed = int(v >> (4 + width) & (1<<width - 1))
	if format == 0 {
		l.streams = 1
	}
	return l, l.regenerated <= MaxBlock && l.compressed <= l.regenerated+256 && l.compressed > 0
}

// outcome of a compressed block.
type outcome int

const (
	blockWrong   outcome = iota
	blockUnknown         // it repeats tables that are not known, so its length is not either
	blockCounted
)

// compressed counts the output of a compressed block whose n bytes data begins
// with; data has transcript.Slack bytes more.
func (z *decoder) compressed(data []byte, n int) (out int, o outcome) {
	if n < 2 {
		return 0, blockWrong
	}
	l, ok := literalsHeader(data[:n])
	if !ok || l.header+l.compressed+1 > n {
		return 0, blockWrong
	}
	rest := data[l.header+l.compressed:]
	size := n - l.header - l.compressed
	count, used, ok := sequenceCount(rest[:size])
	if !ok || count == 0 && size != used {
		return 0, blockWrong
	}
	if z.Text != nil && !z.literals(data[l.header:n], l) {
		return 0, blockWrong
	}
	if count == 0 {
		if z.Text != nil {
			z.Text.AppendSymbols(z.lits)
		}
		return l.regenerated, blockCounted
	}
	known, used, ok := z.sequenceTables(rest[:size], used)
	if !ok {
		return 0, blockWrong
	}
	if !known {
		z.recent = [3]int{}
		return 0, blockUnknown
	}
	out, ok = z.sequences(rest[used:], size-used, count, l.regenerated)
	if !ok || out > MaxBlock {
		return 0, blockWrong
	}
	return out, blockCounted
}

// CountBlock returns what a compressed block decodes to that data begin with, −1 if it repeats
// tables. data has transcript.Slack bytes more.
func CountBlock(data []byte, h Header) int {
	var z decoder
	if out, o := z.compressed(data[3:], h.size); o == blockCounted {
		return out
	}
	return -1
}

// CountBlocks counts what the blocks decode to that begin in a part of a stream.
func CountBlocks(data []byte) Tally {
	var z decoder
	return z.countBlocks(transcript.Pad(data))
}

// countBlocks counts what the blocks decode to that begin in a part of a stream, and keeps the
// tables that they bring. data ends with the slack.
func (z *decoder) countBlocks(data []byte) (t Tally) {
	text := z.Text
	z.Text = nil
	for at := 0; at+3 <= len(data)-transcript.Slack; {
		h, ok := ParseHeader(data[at:])
		if !ok {
			break
		}
		n, ok := h.content()
		if !ok {
			n = -1
			if at+h.length() <= len(data)-transcript.Slack {
				if out, o := z.compressed(data[at+3:], h.size); o == blockCounted {
					n = out
				}
			}
		}
		t.addBlock(h.length(), n)
		at += h.length()
	}
	z.Text = text
	z.huff.log = 0 // codes of literals are not read without text
	return t
}

func toInt(b bool) int {
	if b {
		return 1
	}
	return 0
}
