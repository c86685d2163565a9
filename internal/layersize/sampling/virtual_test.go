package sampling

import (
	"encoding/binary"
	"io"
	"slices"
	"sort"
	"sync"
	"sync/atomic"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/layersize/deflate"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/layersize/transcript"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/layersize/zstdblock"
)

// chunk is some data as one producer compressed them: whole deflate blocks that
// end on a byte, so that chunks can be joined to a stream of any length.
type chunk struct {
	deflate []byte
	out     int64
	files   int64
}

// virtual is a gzip stream of many gigabytes that is nowhere stored: a list of
// chunks, read through ReadAt.
type virtual struct {
	parts     [][]byte
	starts    []int64
	size      int64
	out       int64 // unpacked
	files     int64
	zeroBytes int64
	zstd      bool
	member    int64 // unpacked, of the member being written
	reading   sync.Mutex
	dense     []denseStretch
	requests  atomic.Int64
}

func (v *virtual) add(p []byte) {
	if len(p) > 0 {
		v.parts, v.starts = append(v.parts, p), append(v.starts, v.size)
		v.size += int64(len(p))
	}
}

// denseStretch is a part of the stream of which a window has nearly nothing, since it is packed so
// well.
type denseStretch struct {
	from, to, out int64
	isShown       bool // to a window, or zeros to a probe
}

// addDense keeps a part that is packed more than 32 times.
func (v *virtual) addDense(c chunk) {
	const dense = 32
	n := int64(len(c.deflate))
	if c.out < dense*n {
		return
	}
	if last := len(v.dense) - 1; last >= 0 && v.dense[last].to == v.size {
		v.dense[last].to, v.dense[last].out = v.size+n, v.dense[last].out+c.out
		return
	}
	v.dense = append(v.dense, denseStretch{from: v.size, to: v.size + n, out: c.out})
}

// showDense notes which dense stretches a read shows something of. A probe shows zeros, but no other
// data.
func (v *virtual) showDense(from, to int64) {
	v.reading.Lock()
	defer v.reading.Unlock()
	i := sort.Search(len(v.dense), func(i int) bool { return v.dense[i].to > from })
	for ; i < len(v.dense) && v.dense[i].from < to; i++ {
		d := &v.dense[i]
		isZeros := d.out > zstdblock.MaxBlock/zstdblock.ShortBlock*(d.to-d.from)
		d.isShown = d.isShown || isZeros || to-from > zstdblock.ProbeLength
	}
}

// forget lets another reader begin.
func (v *virtual) forget() {
	v.requests.Store(0)
	for i := range v.dense {
		v.dense[i].isShown = false
	}
}

func (v *virtual) chunk(c chunk) {
	v.addDense(c)
	v.add(c.deflate)
	v.out += c.out
	v.member += c.out
	v.files += c.files
}

// open begins a member, close ends it: its checksum is left out, since no test reads that far.
func (v *virtual) open() {
	v.member = 0
	if v.zstd {
		v.add([]byte{0x28, 0xb5, 0x2f, 0xfd, 0, 13 << 3})
		return
	}
	v.add([]byte{0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255})
}

func (v *virtual) close() {
	if v.zstd {
		v.add([]byte{1, 0, 0})
		return
	}
	end := []byte{3, 0, 0, 0, 0, 0}
	v.add(binary.LittleEndian.AppendUint32(end, uint32(v.member)))
}

func (v *virtual) ReadAt(p []byte, off int64) (int, error) {
	v.requests.Add(1)
	v.showDense(off, off+int64(len(p)))
	n := 0
	for i := sort.Search(len(v.starts), func(i int) bool { return v.starts[i] > off }) - 1; n < len(p); i++ {
		if i < 0 || i >= len(v.parts) {
			return n, io.EOF
		}
		n += copy(p[n:], v.parts[i][off+int64(n)-v.starts[i]:])
	}
	return n, nil
}

// joinable turns a gzip stream into a chunk: the final block's mark is taken
// off, and an empty stored block behind it fills the last byte.
func joinable(stream []byte, files int64) (chunk, error) {
	const header = 10 // without optional fields
	body := append([]byte(nil), stream[header:len(stream)-8]...)
	w := deflate.NewWindow()
	w.Load(transcript.Pad(body))
	w.Reset(0, 0)
	for {
		start := w.Pos
		final, err := w.Block()
		if err != nil {
			return chunk{}, err
		}
		if !final {
			continue
		}
		body[start>>3] &^= 1 << (start & 7)
		break
	}
	if used := w.Pos + 3; used > len(body)*8 { // three bits of a stored block's header
		body = append(body, 0)
	}
	body = append(body, 0, 0, 0xff, 0xff)
	return chunk{deflate: body, out: w.Out, files: files}, nil
}

// joinableZstd turns a frame into a chunk: its blocks, none of them the last.
func joinableZstd(stream []byte, files int64) (chunk, error) {
	w := zstdblock.NewWindow()
	w.Load(transcript.Pad(stream))
	if _, ok := w.Start(); !ok || !w.Ended || len(w.Blocks) == 0 {
		return chunk{}, io.ErrUnexpectedEOF
	}
	begin, out := w.Blocks[0].At, int64(0)
	for _, r := range w.Runs {
		begin, out = min(begin, int(r.From)), out+r.Counted.Output
	}
	for _, b := range w.Blocks {
		out += int64(b.Out)
	}
	last := w.Blocks[len(w.Blocks)-1]
	if last.Out == 0 { // klauspost's, which no stream has but at its end
		return chunk{deflate: slices.Clone(stream[begin:last.At]), out: out, files: files}, nil
	}
	body := slices.Clone(stream[begin : last.At+last.Length])
	body[last.At-begin] &^= 1
	return chunk{deflate: body, out: out, files: files}, nil
}

// testWindow is long enough for several blocks.
const testWindow = 256 << 10
