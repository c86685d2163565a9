package zstdblock

import "encoding/binary"

const (
	zstdMagic     = 0xfd2fb528 // RFC 8878 §3.1.1
	skippableMask = 0xfffffff0
	skippable     = 0x184d2a50 // RFC 8878 §3.1.2
)

// frameHeader is what a frame's header says: RFC 8878 §3.1.1.1.
type frameHeader struct {
	header  int
	content int64 // -1 when it does not say
}

func parseFrame(p []byte) (f frameHeader, ok bool) {
	if len(p) < 6 || binary.LittleEndian.Uint32(p) != zstdMagic {
		return f, false
	}
	d := p[4]
	if d&8 != 0 { // reserved
		return f, false
	}
	single := d&32 != 0
	f.header = 5 + toInt(!single) + [4]int{0, 1, 2, 4}[d&3]
	size := [4]int{toInt(single), 2, 4, 8}[d>>6]
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

// FrameState is what stands where a frame may begin.
type FrameState int

const (
	FrameWrong FrameState = iota
	FrameFound
	FrameCut  // there is too little to see
	streamEnd // or a skippable frame, behind which nothing was read
)

// FindFrame looks for the frame that follows another one, behind a checksum or without one. It
// returns how long the checksum and the frame's header are. left is what the stream has from there
// on.
func FindFrame(p []byte, left int64) (length int, state FrameState) {
	for _, skip := range [2]int{0, 4} {
		switch {
		case int64(skip) == left:
			return skip, streamEnd
		case skip+18 > len(p) && int64(len(p)) < left:
			return 0, FrameCut
		case skip+4 <= len(p) && isFrame(p[skip:]):
			if f, ok := parseFrame(p[skip:]); ok {
				return skip + f.header, FrameFound
			}
			return 0, streamEnd
		}
	}
	return 0, FrameWrong
}
