package deflate

// symbols decodes literals and matches up to the end-of-block code: RFC 1951 §3.2.5.
func (f *inflater) symbols(lit, dist *table) error {
	next, barrier := f.marked+spanBits, f.barrierAfter(f.Pos)
	pos := f.Pos
	for {
		v := f.peek(pos)
		e := lit.lookup(v)
		used := int(e & 15)
		if e == 0 {
			return f.stopAt(pos, pos+15, errCorrupt)
		}
		sym := int(e >> 4)
		length, distance := 1, 0
		switch {
		case sym == 256:
			return f.endOfBlock(pos, used, barrier)
		case sym > 256:
			var n int
			length, distance, n = match(v>>uint(used), sym-257, dist)
			if n < 0 || pos+used+n <= f.Limit && int64(distance) > f.history+f.Out {
				return f.stopAt(pos, pos+48, errCorrupt)
			}
			used += n
		}
		if pos+used > f.Limit {
			return f.stopAt(pos, pos+used, nil)
		}
		pos += used
		f.Out += int64(length)
		if f.Text != nil {
			f.Text.AppendSymbol(sym, length, distance)
		}
		if pos >= next {
			if pos > barrier {
				return errCorrupt
			}
			f.Pos = pos
			f.mark()
			next = pos + spanBits
		}
	}
}

// endOfBlock passes over the end-of-block code.
func (f *inflater) endOfBlock(pos, used, barrier int) error {
	f.Pos = pos + used
	if f.Pos > f.Limit {
		return f.stopAt(pos, f.Pos, nil)
	}
	if f.Pos > barrier {
		return errCorrupt
	}
	return nil
}

// stopAt leaves the position behind the last whole symbol. Whatever went wrong
// within the last bits is put down to the window's end.
func (f *inflater) stopAt(pos, end int, err error) error {
	f.Pos = pos
	if end > f.Limit {
		return errWindowEnd
	}
	return err
}

// match reads what follows a length symbol: the length's extra bits, the
// distance symbol and its extra bits. n is the number of bits, negative when
// the symbols are not defined.
func match(v uint64, sym int, dist *table) (length, distance, n int) {
	if sym >= len(lengthBase) {
		return 0, 0, -1
	}
	extra := uint(lengthExtra[sym])
	length = int(lengthBase[sym]) + int(v&(1<<extra-1))
	v >>= extra
	e := dist.lookup(v)
	d := int(e >> 4)
	if e == 0 || d >= len(distanceBase) {
		return 0, 0, -1
	}
	v >>= e & 15
	more := uint(distanceExtra[d])
	distance = int(distanceBase[d]) + int(v&(1<<more-1))
	return length, distance, int(extra) + int(e&15) + int(more)
}

// barrierAfter is the first proven stored header behind a position.
func (f *inflater) barrierAfter(pos int) int {
	for _, b := range f.barriers {
		if b > pos {
			return b
		}
	}
	return int(^uint(0) >> 1)
}
