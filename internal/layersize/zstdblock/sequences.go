package zstdblock

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
	ll.build(6, []int16{4, 3, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 1, 1, 1, 2, 2, 2, 2, 2, 2, 2, 2, 2, 3, 2, 1, 1, 1, 1, 1,
		-1, -1, -1, -1})
	of.build(5, []int16{1, 1, 1, 1, 1, 1, 2, 2, 2, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, -1, -1, -1, -1, -1})
	ml.build(6, []int16{1, 4, 3, 2, 2, 2, 2, 2, 2, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
		1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, -1, -1, -1, -1, -1, -1, -1})
	return ll, of, ml
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
func (z *decoder) sequenceTables(p []byte, used int) (known bool, end int, ok bool) {
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
func (z *decoder) sequences(data []byte, n, count, literals int) (out int, ok bool) {
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
		if copied += match; copied > MaxBlock {
			return 0, false
		}
		if z.Text != nil {
			z.Text.AppendSymbols(z.lits[used-run : used])
			z.Text.AppendCopy(match, z.offset(offset, run))
		}
		if i < count-1 {
			sl = uint64(el.base) + b.read(uint(el.bits))
			sm = uint64(em.base) + b.read(uint(em.bits))
			so = uint64(eo.base) + b.read(uint(eo.bits))
		}
	}
	if z.Text != nil {
		z.Text.AppendSymbols(z.lits[used:])
	}
	return literals + copied, !b.over && b.pos == 0
}

// offset turns an offset value into a distance, and keeps the recent ones:
// RFC 8878 §3.1.1.5. It is 0 when it is not known.
func (z *decoder) offset(value, run int) int {
	r := &z.recent
	if value > 3 {
		*r = [3]int{value - 3, r[0], r[1]}
		return value - 3
	}
	i := value - 1 + toInt(run == 0)
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
