// Package deflate decodes deflate and gzip (RFC 1951, RFC 1952) from any place of a stream, for the
// length of what comes of it.
//
// Decoding begins at the first block header that can be recognised at any bit: that of a dynamic
// block, whose codes must be complete, or of a stored block, whose length stands twice, or that of
// a member. A stored block may hold another gzip stream, so where one may reach beyond the window,
// nothing is believed before the window was read on. From there on, blocks are decoded for their
// length; what is copied from before the window is unknown, but its length is not.
package deflate

import (
	"bytes"
	"encoding/binary"
	"errors"
	"math"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/layersize/transcript"
)

const (
	// trialWindows bounds the work on one window: what trial decodings may read,
	// in windows, a trial itself counting as trialBits.
	trialWindows = 8
	trialBits    = 4096
	// leastBits is the least that a start must decode to be believed.
	leastBits = 256 * 8
)

// WindowSize is small, since what scatters is not the data within a window
// but those of one place and another: the same bytes show more in more windows.
// It holds two of the blocks that encoders write for most data; a window
// without a block's begin is read on.
const WindowSize = 64 << 10

// Window finds a place in the middle of a gzip stream where decoding can
// begin, and decodes from there to the window's end (or the stream's).
type Window struct {
	inflater

	Members int  // headers of further members seen
	Ended   bool // the final block and its trailer were seen, and no member behind it
	endBit  int  // where the last member's trailer ended
	ISIZE   uint32
}

// NewWindow returns a window that keeps the text.
func NewWindow() *Window {
	return &Window{inflater: inflater{Text: transcript.NewText()}}
}

// Load begins with other data, which end with slack.
func (w *Window) Load(data []byte) {
	w.data, w.Limit, w.barriers = data, (len(data)-transcript.Slack)*8, nil
	w.Members, w.Ended = 0, false
}

// Start decodes from the start of a stream, where nothing has to be searched. ok is false where no
// member begins, isWhole is true where nothing contradicts that this is gzip up to the window's
// end.
func (w *Window) Start() (isWhole, ok bool) {
	n, ok := headerLength(w.data[:w.Limit>>3])
	if !ok {
		return false, false
	}
	w.Reset(n*8, 0)
	return w.finish(), true
}

// HasExtra reports whether the header of the member that the window begins with has an extra field:
// RFC 1952 §2.3.1.1.
func (w *Window) HasExtra() bool { return w.data[3]&4 != 0 }

// nowhere is behind every position.
const nowhere = math.MaxInt

// Search looks for the first start in [from, limit) that decodes to the end.
// It reports whether there is one.
//
// Three things can be recognised: a dynamic block by its header (two complete
// codes within a complete code), a stored block by its length and the length's
// complement, and a member by its magic. What is stored may be another deflate
// stream (a jar or a wheel in the layer), so stored headers that are proven by
// what follows them are found first, and a chain of Huffman blocks that runs
// across one of them is the inner stream's. Where one may stand that is proven
// only by what follows the window, nothing is said: the window is read on then.
func (w *Window) Search(from int) bool {
	var open bool
	if w.barriers, open = w.storedHeaders(from); open {
		return false
	}
	last := w.Limit - leastBits // behind it there is room for no more than a last member
	magic, dynamic, stored := w.nextMagic(from>>3), w.nextDynamic(from, last), w.barriers
	for work := 0; ; {
		pos := min(magic, dynamic)
		if len(stored) > 0 && stored[0] < min(pos, last) {
			pos = stored[0]
		}
		if pos == nowhere {
			return false
		}
		start := pos
		switch pos {
		case magic:
			magic = w.nextMagic(pos>>3 + 1)
			n, ok := headerLength(w.data[pos>>3 : w.Limit>>3])
			if !ok {
				continue
			}
			start += n * 8
		case dynamic:
			dynamic = w.nextDynamic(pos+1, last)
		default:
			stored = stored[1:]
		}
		if w.chain(start) {
			if start != pos {
				w.Members++
			}
			return true
		}
		if work += w.Pos - start + trialBits; work > trialWindows*w.Limit {
			return false
		}
	}
}

// chain decodes from a start to the window's end, through the ends of members.
func (w *Window) chain(start int) bool {
	w.Reset(start, transcript.HistorySize)
	w.Members, w.Ended = 0, false
	return w.finish()
}

// finish decodes from the present position on and reports whether what was
// read is a gzip stream up to the window's end.
func (w *Window) finish() bool {
	start := w.Pos
	for {
		err := w.member()
		if errors.Is(err, errWindowEnd) {
			return w.Pos-start >= leastBits
		}
		if err != nil {
			return false
		}
		more, ok := w.trailer()
		if !more {
			return ok
		}
	}
}

// trailer passes over a member's trailer and the header of the next member:
// RFC 1952 §2.3. more is true when there is another one.
func (w *Window) trailer() (more, ok bool) {
	w.Pos = (w.Pos + 7) &^ 7
	if w.Pos+64 > w.Limit {
		return false, true // the window ends within the trailer
	}
	isize := binary.LittleEndian.Uint32(w.data[w.Pos>>3+4:])
	end := w.Pos + 64
	rest := w.data[end>>3 : w.Limit>>3]
	if len(bytes.TrimLeft(rest[:min(len(rest), 4096)], "\x00")) == 0 {
		w.Pos, w.Ended, w.endBit, w.ISIZE = end, true, end, isize
		return false, true
	}
	n, ok := headerLength(rest)
	if !ok {
		return false, len(rest) < 18 && bytes.HasPrefix(gzipMagic, rest[:min(len(rest), 3)])
	}
	w.Members++
	w.history = 0 - w.Out // a new member knows nothing of what came before it
	w.Pos = end + n*8
	w.mark()
	w.anchor = w.Pos
	return true, true
}

var gzipMagic = []byte{0x1f, 0x8b, 8}

// nextMagic is where the next member header's magic begins, from a byte on, in bits.
func (w *Window) nextMagic(from int) int {
	end := w.Limit >> 3
	if from >= end {
		return nowhere
	}
	i := bytes.Index(w.data[from:end], gzipMagic)
	if i < 0 {
		return nowhere
	}
	return (from + i) * 8
}

// headerLength is the length of the member header that p begins with: RFC 1952 §2.3.
func headerLength(p []byte) (n int, ok bool) {
	if len(p) < 10 || !bytes.HasPrefix(p, gzipMagic) || p[3] > 0x1f {
		return 0, false
	}
	n = 10
	if p[3]&4 != 0 { // FEXTRA
		if len(p) < n+2 {
			return 0, false
		}
		n += 2 + int(binary.LittleEndian.Uint16(p[n:]))
	}
	for _, flag := range [...]byte{8, 16} { // FNAME, FCOMMENT
		if p[3]&flag == 0 {
			continue
		}
		if n > len(p) {
			return 0, false
		}
		i := bytes.IndexByte(p[n:], 0)
		if i < 0 {
			return 0, false
		}
		n += i + 1
	}
	if p[3]&2 != 0 { // FHCRC
		n += 2
	}
	return n, n <= len(p)
}
