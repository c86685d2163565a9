package deflate

import (
	"encoding/binary"
	"errors"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/layersize/transcript"
)

var (
	// errWindowEnd says that the bytes ran out before the stream did: the ordinary end of a window.
	errWindowEnd = errors.New("deflate: the window ends here")
	// errCorrupt says that these bits are no deflate stream, so the start was a false one.
	errCorrupt = errors.New("deflate: not a deflate stream")
)

const spanBits = 4096 // a span ends after so many bits of input, or with its block

// inflater decodes deflate (RFC 1951) for the sake of its length: it knows the
// exact bit at which every block begins, needs no dictionary, and keeps the
// bytes only as far as the search for tar headers wants them.
type inflater struct {
	data    []byte // the window with transcript.Slack zero bytes behind it
	Limit   int    // bits of input
	Pos     int    // next bit
	history int64  // how far back before the first output byte a distance may reach
	Out     int64
	Text    *transcript.Text // nil when only the count matters

	barriers []int // bit positions of proven stored headers: no Huffman block may run across one

	anchor  int // the last boundary from which a search could have begun
	marked  int // where the open span began
	markOut int64
	Spans   []transcript.Span

	lit, dist, lens table
	lengths         [286 + 30]byte
}

// Reset places the inflater at a bit of its window.
func (f *inflater) Reset(pos int, history int64) {
	f.Pos, f.history, f.Out = pos, history, 0
	f.anchor, f.marked, f.markOut = pos, pos, 0
	f.Spans = f.Spans[:0]
	if f.Text != nil {
		f.Text.Reset()
	}
}

// peek returns at least 57 bits from a bit position; past the end they are zero.
func (f *inflater) peek(pos int) uint64 {
	i := pos >> 3
	if i+8 > len(f.data) {
		return f.peekTail(pos)
	}
	return binary.LittleEndian.Uint64(f.data[i:]) >> uint(pos&7)
}

func (f *inflater) peekTail(pos int) uint64 {
	var last [8]byte
	if i := pos >> 3; i < len(f.data) {
		copy(last[:], f.data[i:])
	}
	return binary.LittleEndian.Uint64(last[:]) >> uint(pos&7)
}

// mark closes the open span at the present position.
func (f *inflater) mark() {
	if f.Pos > f.marked {
		f.Spans = append(f.Spans, transcript.Span{
			End: int64(f.Pos), Depth: int64(f.marked - f.anchor), Bits: int64(f.Pos - f.marked), Out: f.Out - f.markOut,
		})
	}
	f.marked, f.markOut = f.Pos, f.Out
}

// member decodes blocks until the final one has ended. errWindowEnd is the
// usual outcome for a window in the middle of a stream.
func (f *inflater) member() error {
	for {
		final, err := f.Block()
		if err != nil {
			return err
		}
		if final {
			return nil
		}
	}
}

// Block decodes one block: RFC 1951 §3.2.3.
func (f *inflater) Block() (final bool, err error) {
	f.mark()
	if f.Pos+3 > f.Limit {
		return false, errWindowEnd
	}
	header := f.peek(f.Pos)
	start := f.Pos
	f.Pos += 3
	switch header >> 1 & 3 {
	case 0:
		f.anchor = start
		err = f.stored()
	case 1:
		// A block of fixed codes has no header that a search could verify, so the
		// anchor stays where it was.
		err = f.symbols(&fixedLit, &fixedDist)
	case 2:
		f.anchor = start
		if err = f.dynamicHeader(); err == nil {
			err = f.symbols(&f.lit, &f.dist)
		}
	default:
		err = errCorrupt
	}
	f.mark()
	return header&1 == 1, err
}

// stored passes over a stored block: RFC 1951 §3.2.4.
func (f *inflater) stored() error {
	f.Pos = (f.Pos + 7) &^ 7
	if f.Pos+32 > f.Limit {
		f.Pos = f.marked // a header that is not whole counts for nothing
		return errWindowEnd
	}
	v := uint32(f.peek(f.Pos))
	n := int(v & 0xffff)
	if v>>16 != uint32(n)^0xffff {
		return errCorrupt
	}
	f.Pos += 32
	end := f.Pos + n*8
	for f.Pos < end && f.Pos < f.Limit {
		step := min(spanBits, end-f.Pos, f.Limit-f.Pos)
		if f.Text != nil {
			f.Text.AppendBytes(f.data[f.Pos>>3 : (f.Pos+step)>>3])
		}
		f.Pos += step
		f.Out += int64(step / 8)
		f.mark()
	}
	if f.Pos < end {
		return errWindowEnd
	}
	return nil
}

// dynamicHeader reads the code lengths of a dynamic block and builds its two
// tables: RFC 1951 §3.2.7.
func (f *inflater) dynamicHeader() error {
	v := f.peek(f.Pos)
	nlit, ndist, nlen := int(v&31)+257, int(v>>5&31)+1, int(v>>10&15)+4
	if nlit > 286 || ndist > 30 {
		return errCorrupt
	}
	f.Pos += 14
	var order [19]byte
	for i := range nlen {
		order[lengthOrder[i]] = byte(f.peek(f.Pos) & 7)
		f.Pos += 3
	}
	if !f.lens.build(order[:]) {
		return f.shortOr(errCorrupt)
	}
	if err := f.codeLengths(nlit + ndist); err != nil {
		return f.shortOr(err)
	}
	if f.lengths[256] == 0 || !f.lit.build(f.lengths[:nlit]) || !f.dist.buildDistances(f.lengths[nlit:nlit+ndist]) {
		return f.shortOr(errCorrupt)
	}
	return f.shortOr(nil)
}

// shortOr turns any outcome into errWindowEnd when the header was cut off by
// the window's end, and takes the part that was read back.
func (f *inflater) shortOr(err error) error {
	if f.Pos > f.Limit {
		f.Pos = f.marked
		return errWindowEnd
	}
	return err
}

// codeLengths reads the run-length coded lengths of both codes: RFC 1951 §3.2.7.
func (f *inflater) codeLengths(n int) error {
	for i := 0; i < n; {
		if f.Pos > f.Limit {
			return errWindowEnd
		}
		v := f.peek(f.Pos)
		e := f.lens.lookup(v)
		if e == 0 {
			return errCorrupt
		}
		f.Pos += int(e & 15)
		v >>= e & 15
		sym, repeat, value := int(e>>4), 1, byte(e>>4)
		switch sym {
		case 16:
			if i == 0 {
				return errCorrupt
			}
			value, repeat = f.lengths[i-1], 3+int(v&3)
			f.Pos += 2
		case 17:
			value, repeat = 0, 3+int(v&7)
			f.Pos += 3
		case 18:
			value, repeat = 0, 11+int(v&127)
			f.Pos += 7
		}
		if i+repeat > n {
			return errCorrupt
		}
		for range repeat {
			f.lengths[i] = value
			i++
		}
	}
	return nil
}
