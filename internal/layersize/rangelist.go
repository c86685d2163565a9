package layersize

// rangeList is what is read together.
type rangeList struct {
	buffers [][]byte
	offsets []int64
	total   int64
}

func (l *rangeList) add(at, length int64) {
	if length > 0 {
		l.buffers, l.offsets, l.total = append(l.buffers, make([]byte, length)), append(l.offsets, at), l.total+length
	}
}

// bytes returns what was read of a range.
func (l *rangeList) bytes(at, length int64) []byte {
	for i, from := range l.offsets {
		if at >= from && at+length <= from+int64(len(l.buffers[i])) {
			return l.buffers[i][at-from:][:length]
		}
	}
	return nil
}
