package sampling

import "encoding/binary"

// Types of blocks (RFC 8878 §3.1.1.2.2) and of literals (§3.1.1.3.1.1).
const (
	blockRaw, blockRLE, blockCompressed                            = 0, 1, 2
	literalsRaw, literalsRLE, literalsCompressed, literalsTreeless = 0, 1, 2, 3
)

const blockMax = 128 << 10 // RFC 8878 §3.1.1.2.4: a block's content and its output

// Baselines and extra bits of the length codes: RFC 8878 §3.1.1.3.2.1.1.
var (
	literalBase = [36]uint32{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 18, 20, 22, 24, 28, 32, 40, 48, 64,
		128, 256, 512, 1024, 2048, 4096, 8192, 16384, 32768, 65536}
	literalBits = [36]uint8{16: 1, 1, 1, 1, 2, 2, 3, 3, 4, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16}
	matchBase   = [53]uint32{32: 35, 37, 39, 41, 43, 47, 51, 59, 67, 83, 99, 131, 259, 515, 1027, 2051, 4099, 8195, 16387,
		32771, 65539}
	matchBits = [53]uint8{32: 1, 1, 1, 1, 2, 2, 3, 3, 4, 4, 5, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16}
)

// The predefined tables: RFC 8878 §3.1.1.3.2.2.
var defaultLiteral, defaultOffset, defaultMatch = defaultTables()

func defaultTables() (ll, of, ml fseTable) {
	for i := range 32 {
		matchBase[i] = uint32(i) + 3
	}
	ll.build(6, []int16{4, 3, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 1, 1, 1, 2, 2, 2, 2, 2, 2, 2, 2, 2, 3, 2, 1, 1, 1, 1, 1, -1, -1, -1, -1})
	of.build(5, []int16{1, 1, 1, 1, 1, 1, 2, 2, 2, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, -1, -1, -1, -1, -1})
	ml.build(6, []int16{1, 4, 3, 2, 2, 2, 2, 2, 2, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
		1, 1, 1, 1, 1, 1, 1, 1, 1, 1, -1, -1, -1, -1, -1, -1, -1})
	return ll, of, ml
}

// zstdBlocks decodes blocks for their length. What a block takes over from the
// ones before it (tables, recent offsets) is unknown until a block brings its own.
type zstdBlocks struct {
	own    [3]fseTable  // tables that a block brought
	tables [3]*fseTable // what Repeat_Mode means: literal lengths, offsets, match lengths; nil when unknown
	huff   huffTable
	recent [3]int // recent offsets, 0 when unknown
	text   *transcript
	lits   []uint16
}

// forget makes all of it unknown, as in the middle of a frame.
func (z *zstdBlocks) forget() {
	z.tables = [3]*fseTable{}
	z.huff.log = 0
	z.recent = [3]int{}
}

// begin is for the first block of a frame: RFC 8878 §3.1.1.5.
func (z *zstdBlocks) begin() {
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
		return l, l.regenerated <= blockMax
	}
	width := [4]uint{10, 10, 14, 18}[format]
	l.header = [4]int{3, 3, 4, 5}[format]
	l.regenerated = int(v >> 4 & (1<<width - 1))
	l.compressed = int(v >> (4 + width) & (1<<width - 1))
	if format == 0 {
		l.streams = 1
	}
	return l, l.regenerated <= blockMax && l.compressed <= l.regenerated+256 && l.compressed > 0
}

// outcome of a compressed block.
type outcome int

const (
	blockWrong   outcome = iota
	blockUnknown         // it repeats tables that are not known, so its length is not either
	blockCounted
)

// compressed counts the output of a compressed block whose n bytes data begins
// with; data has inputSlack bytes more.
func (z *zstdBlocks) compressed(data []byte, n int) (out int, o outcome) {
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
	if z.text != nil && !z.literals(data[l.header:n], l) {
		return 0, blockWrong
	}
	if count == 0 {
		if z.text != nil {
			z.text.symbols(z.lits)
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
	if !ok || out > blockMax {
		return 0, blockWrong
	}
	return out, blockCounted
}

// countBlocks counts what the blocks that begin in a part of a stream decode to, and keeps the tables that they bring.
// A block that repeats tables which are not known is taken for as long as the one before it. data ends with the slack.
func (z *zstdBlocks) countBlocks(data []byte) (output int64) {
	text, previous := z.text, blockMax
	z.text = nil
	for at := 0; at+3 <= len(data)-inputSlack; {
		h, ok := parseBlockHeader(data[at:])
		if !ok {
			break
		}
		n, ok := h.content()
		if !ok {
			n = previous
			if at+h.length() <= len(data)-inputSlack {
				if out, o := z.compressed(data[at+3:], h.size); o == blockCounted {
					n = out
				}
			}
		}
		output, previous = output+int64(n), n
		at += h.length()
	}
	z.text = text
	z.huff.log = 0 // codes of literals are not read without a transcript
	return output
}

// sequenceCount is the head of the sequences section: RFC 8878 §3.1.1.3.2.1.
func sequenceCount(p []byte) (count, used int, ok bool) {
	switch {
	case len(p) < 1:
		return 0, 0, false
	case p[0] < 128:
		return int(p[0]), 1, true
	case p[0] < 255 && len(p) >= 2:
		return int(p[0]-128)<<8 + int(p[1]), 2, true
	case len(p) >= 3:
		return int(p[1]) + int(p[2])<<8 + 0x7f00, 3, true
	}
	return 0, 0, false
}

// sequenceTables reads the three tables. known is false when one of them is
// repeated from a block that was not decoded.
func (z *zstdBlocks) sequenceTables(p []byte, used int) (known bool, end int, ok bool) {
	if used >= len(p) || p[used]&3 != 0 {
		return false, 0, false
	}
	modes := p[used]
	used++
	defaults := [3]*fseTable{&defaultLiteral, &defaultOffset, &defaultMatch}
	limits := [3]struct {
		log  uint
		syms int
	}{{9, 36}, {8, 32}, {9, 53}}
	for i := range 3 {
		switch modes >> (6 - 2*i) & 3 {
		case 0:
			z.tables[i] = defaults[i]
		case 1:
			if used >= len(p) || int(p[used]) >= limits[i].syms {
				return false, 0, false
			}
			z.own[i].constant(p[used])
			z.tables[i] = &z.own[i]
			used++
		case 2:
			var counts [64]int16
			log, n, size := fseDescription(p[used:], limits[i].log, counts[:limits[i].syms])
			if size < 0 || !z.own[i].build(log, counts[:n]) {
				return false, 0, false
			}
			z.tables[i] = &z.own[i]
			used += size
		}
	}
	return z.tables[0] != nil && z.tables[1] != nil && z.tables[2] != nil, used, true
}

// sequences decodes the sequences and sums up what they copy: RFC 8878
// §3.1.1.3.2.1.2. The bitstream must be used up to its last bit, which no
// false block does.
func (z *zstdBlocks) sequences(data []byte, n, count, literals int) (out int, ok bool) {
	b, ok := newBackward(data, n)
	if !ok {
		return 0, false
	}
	ll, of, ml := z.tables[0], z.tables[1], z.tables[2]
	sl, so, sm := b.read(ll.log), b.read(of.log), b.read(ml.log)
	used, copied := 0, 0
	for i := range count {
		if b.over {
			return 0, false
		}
		el, eo, em := ll.states[sl], of.states[so], ml.states[sm]
		if el.sym > 35 || em.sym > 52 || eo.sym > 31 {
			return 0, false
		}
		offset := int(1<<eo.sym + b.read(uint(eo.sym)))
		match := int(matchBase[em.sym]) + int(b.read(uint(matchBits[em.sym])))
		run := int(literalBase[el.sym]) + int(b.read(uint(literalBits[el.sym])))
		if used += run; used > literals {
			return 0, false
		}
		if copied += match; copied > blockMax {
			return 0, false
		}
		if z.text != nil {
			z.text.symbols(z.lits[used-run : used])
			z.text.copy(match, z.offset(offset, run))
		}
		if i < count-1 {
			sl = uint64(el.base) + b.read(uint(el.bits))
			sm = uint64(em.base) + b.read(uint(em.bits))
			so = uint64(eo.base) + b.read(uint(eo.bits))
		}
	}
	if z.text != nil {
		z.text.symbols(z.lits[used:])
	}
	return literals + copied, !b.over && b.pos == 0
}

// offset turns an offset value into a distance, and keeps the recent ones:
// RFC 8878 §3.1.1.5. It is 0 when it is not known.
func (z *zstdBlocks) offset(value, run int) int {
	r := &z.recent
	if value > 3 {
		*r = [3]int{value - 3, r[0], r[1]}
		return value - 3
	}
	i := value - 1 + btoi(run == 0)
	switch i {
	case 0:
	case 1:
		r[0], r[1] = r[1], r[0]
	case 2:
		*r = [3]int{r[2], r[0], r[1]}
	default:
		*r = [3]int{max(0, r[0]-1), r[0], r[1]}
	}
	return r[0]
}
