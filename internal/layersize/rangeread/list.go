package rangeread

// List is what is read together.
type List struct {
	Buffers [][]byte
	Offsets []int64
	Total   int64
}

// Add adds a range.
func (l *List) Add(at, length int64) {
	if length > 0 {
		l.Buffers, l.Offsets, l.Total = append(l.Buffers, make([]byte, length)), append(l.Offsets, at), l.Total+length
	}
}

// Bytes returns what was read of a range.
func (l *List) Bytes(at, length int64) []byte {
	for i, from := range l.Offsets {
		if at >= from && at+length <= from+int64(len(l.Buffers[i])) {
			return l.Buffers[i][at-from:][:length]
		}
	}
	return nil
}
