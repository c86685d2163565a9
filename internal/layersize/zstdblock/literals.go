package zstdblock

import (
	"encoding/binary"
	"math/bits"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/layersize/transcript"
)

// literals decodes the literals of a block for the text. What cannot be
// known, since the tree is an earlier block's, is left unknown. false says that
// the section contradicts itself.
func (z *decoder) literals(p []byte, l literalsSection) bool {
	z.lits = z.lits[:0]
	switch l.kind {
	case literalsRaw, literalsRLE:
		for i := range l.regenerated {
			z.lits = append(z.lits, uint16(p[i*toInt(l.kind == literalsRaw)]))
		}
		return true
	}
	body := p[:l.compressed]
	if l.kind == literalsCompressed {
		n, ok := z.huff.read(body)
		if !ok {
			return false
		}
		body = body[n:]
	}
	if z.huff.log == 0 {
		for range l.regenerated {
			z.lits = append(z.lits, transcript.Unknown)
		}
		return true
	}
	return z.streams(body, l)
}

// streams decodes one or four Huffman streams: RFC 8878 §3.1.1.3.1.6.
func (z *decoder) streams(body []byte, l literalsSection) bool {
	if l.streams == 1 {
		return z.stream(body, l.regenerated)
	}
	if len(body) < 10 {
		return false
	}
	each := (l.regenerated + 3) / 4
	jump := body
	body = body[6:]
	for i := range 3 {
		n := int(binary.LittleEndian.Uint16(jump[2*i:]))
		if n > len(body) || !z.stream(body[:n], each) {
			return false
		}
		body = body[n:]
	}
	return l.regenerated >= 3*each && z.stream(body, l.regenerated-3*each)
}

// stream decodes n literals. Its bits must be used up: RFC 8878 §4.2.2.
func (z *decoder) stream(body []byte, n int) bool {
	data := transcript.Pad(body)
	b, ok := newBackward(data, len(body))
	if !ok {
		return false
	}
	log := int(z.huff.log)
	for range n {
		var v uint64
		if at := b.pos - log; at >= 0 {
			v = binary.LittleEndian.Uint64(data[at>>3:]) >> uint(at&7)
		} else {
			v = binary.LittleEndian.Uint64(data) << uint(-at)
		}
		e := z.huff.entries[v&(1<<log-1)]
		if b.pos -= int(e & 15); b.pos < 0 {
			return false
		}
		z.lits = append(z.lits, e>>4)
	}
	return b.pos == 0
}

// read reads a description of a tree: RFC 8878 §4.2.1.
func (h *huffTable) read(p []byte) (n int, ok bool) {
	if len(p) < 1 {
		return 0, false
	}
	head := int(p[0])
	if head >= 128 { // weights of four bits each
		count := head - 127
		n = 1 + (count+1)/2
		if n > len(p) {
			return 0, false
		}
		weights := make([]byte, count)
		for i := range weights {
			weights[i] = p[1+i/2] >> (4 * (1 - i%2)) & 15
		}
		return n, h.build(weights)
	}
	n = 1 + head
	if n > len(p) {
		return 0, false
	}
	weights, ok := fseWeights(p[1:n])
	return n, ok && h.build(weights)
}

// fseWeights decodes weights that two states share a bitstream for: RFC 8878 §4.2.1.2.
func fseWeights(p []byte) ([]byte, bool) {
	var counts [13]int16
	log, n, used := fseDescription(p, 6, counts[:])
	var t fseTable
	if used < 0 || used >= len(p) || !t.build(log, counts[:n]) {
		return nil, false
	}
	p = p[used:]
	b, ok := newBackward(transcript.Pad(p), len(p))
	if !ok {
		return nil, false
	}
	var weights []byte
	state := [2]uint64{b.read(log), b.read(log)}
	for i := 0; !b.over && len(weights) < 255; i ^= 1 {
		e := t.states[state[i]]
		weights = append(weights, e.sym)
		if b.pos < int(e.bits) { // the other state's symbol is the last
			weights = append(weights, t.states[state[i^1]].sym)
			return weights, true
		}
		state[i] = uint64(e.base) + b.read(uint(e.bits))
	}
	return nil, false
}

// huffTable decodes literals: RFC 8878 §4.2.1.
type huffTable struct {
	log     uint            // 0 when nothing is known
	entries [1 << 11]uint16 // symbol<<4 | bits
}

// build makes the table from the weights of all symbols but the last.
func (h *huffTable) build(weights []byte) bool {
	h.log = 0
	total := 0
	for _, w := range weights {
		if w > 11 {
			return false
		}
		if w > 0 {
			total += 1 << (w - 1)
		}
	}
	if total == 0 {
		return false
	}
	log := bits.Len(uint(total))
	rest := 1<<log - total
	if log > 11 || rest&(rest-1) != 0 || len(weights) > 255 {
		return false
	}
	all := append(append(make([]byte, 0, 256), weights...), byte(bits.Len(uint(rest))))
	at := 0
	for w := 1; w <= log; w++ {
		for sym, x := range all {
			if int(x) != w {
				continue
			}
			for i := range 1 << (w - 1) {
				h.entries[at+i] = uint16(sym)<<4 | uint16(log+1-w)
			}
			at += 1 << (w - 1)
		}
	}
	h.log = uint(log)
	return at == 1<<log
}
