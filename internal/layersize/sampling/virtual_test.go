package sampling

import (
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"sort"
	"sync/atomic"

	kgzip "github.com/klauspost/compress/gzip"
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
	requests  atomic.Int64
}

func (v *virtual) add(p []byte) {
	if len(p) > 0 {
		v.parts, v.starts = append(v.parts, p), append(v.starts, v.size)
		v.size += int64(len(p))
	}
}

func (v *virtual) chunk(c chunk) {
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
	n := 0
	for i := sort.Search(len(v.starts), func(i int) bool { return v.starts[i] > off }) - 1; n < len(p); i++ {
		if i < 0 || i >= len(v.parts) {
			return n, io.EOF
		}
		n += copy(p[n:], v.parts[i][off+int64(n)-v.starts[i]:])
	}
	return n, nil
}

// producer compresses as one of the tools does that write layers.
type producer struct {
	name     string
	program  string // which has to be installed; empty for a library
	zstd     bool
	compress func([]byte) ([]byte, error)
}

func command(name string, args ...string) producer {
	label := name
	for _, a := range args {
		if a != "-c" {
			label += " " + a
		}
	}
	return producer{label, name, name == "zstd", func(p []byte) ([]byte, error) {
		cmd := exec.Command(name, args...)
		cmd.Stdin = bytes.NewReader(p)
		return cmd.Output()
	}}
}

func goGzip(level int) producer {
	return producer{fmt.Sprintf("Go %d", level), "", false, func(p []byte) ([]byte, error) {
		var b bytes.Buffer
		w, err := gzip.NewWriterLevel(&b, level)
		if err != nil {
			return nil, err
		}
		_, err = w.Write(p)
		err = errors.Join(err, w.Close())
		return b.Bytes(), err
	}}
}

func klauspost(level int) producer {
	return producer{fmt.Sprintf("klauspost %d", level), "", false, func(p []byte) ([]byte, error) {
		var b bytes.Buffer
		w, err := kgzip.NewWriterLevel(&b, level)
		if err != nil {
			return nil, err
		}
		_, err = w.Write(p)
		err = errors.Join(err, w.Close())
		return b.Bytes(), err
	}}
}

// joinable turns a gzip stream into a chunk: the final block's mark is taken
// off, and an empty stored block behind it fills the last byte.
func joinable(stream []byte, files int64) (chunk, error) {
	n, ok := gzipHeader(stream)
	if !ok {
		return chunk{}, errors.New("no gzip header")
	}
	body := append([]byte(nil), stream[n:len(stream)-8]...)
	f := inflater{data: padded(body), limit: len(body) * 8}
	f.reset(0, 0)
	for {
		start := f.pos
		final, err := f.block()
		if err != nil {
			return chunk{}, err
		}
		if !final {
			continue
		}
		body[start>>3] &^= 1 << (start & 7)
		break
	}
	if used := f.pos + 3; used > len(body)*8 { // three bits of a stored block's header
		body = append(body, 0)
	}
	body = append(body, 0, 0, 0xff, 0xff)
	return chunk{deflate: body, out: f.out, files: files}, nil
}

// joinableZstd turns a frame into a chunk: its blocks, none of them the last.
func joinableZstd(stream []byte, files int64) (chunk, error) {
	f, ok := zstdFrame(stream)
	if !ok {
		return chunk{}, errors.New("no frame")
	}
	w := &zstdWindow{data: padded(stream), end: len(stream)}
	w.text = newTranscript()
	w.begin()
	w.pos = f.header
	out := int64(0)
	for w.pos < len(stream) {
		at := w.pos
		h, ok := parseBlockHeader(stream[at:])
		if !ok || !w.block(h) {
			return chunk{}, errors.New("no block")
		}
		out += int64(w.blocks[len(w.blocks)-1].out)
		if h.last {
			body := append([]byte(nil), stream[f.header:w.pos]...)
			body[at-f.header] &^= 1
			return chunk{deflate: body, out: out, files: files}, nil
		}
	}
	return chunk{}, io.ErrUnexpectedEOF
}
