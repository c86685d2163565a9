package giant

import (
	"archive/tar"
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/klauspost/compress/flate"
	"github.com/klauspost/compress/zstd"
)

// A Segment is a part of a stream, compressed in such a way that it can follow any other one of the
// same format.
type Segment struct {
	Packed   io.ReaderAt `json:"-"`
	Size     int64       // of Packed
	Unpacked int64
}

// Pack compresses content to a segment, with the encoders that buildah and its like have, at their
// usual levels.
func (f Format) Pack(w io.Writer, content io.Reader) (Segment, error) {
	out, pack := &countingWriter{w: w}, packGzip
	if f == Zstandard {
		pack = packZstd
	}
	unpacked, err := pack(out, content)
	return Segment{Size: out.n, Unpacked: unpacked + f.SeamBytes()}, err
}

func packGzip(w io.Writer, content io.Reader) (unpacked int64, err error) {
	encoder, err := flate.NewWriter(w, flate.DefaultCompression)
	if err != nil {
		return 0, err
	}
	unpacked, err = io.Copy(encoder, content)
	return unpacked, errors.Join(err, encoder.Flush())
}

func packZstd(w io.Writer, content io.Reader) (int64, error) {
	if _, err := w.Write(makeSeam()); err != nil {
		return 0, err
	}
	frame, to := io.Pipe()
	length := make(chan int64, 1)
	go func() {
		unpacked, err := encodeZstd(to, content)
		_ = to.CloseWithError(err)
		length <- unpacked
	}()
	err := cutBlocks(w, frame)
	_ = frame.CloseWithError(err)
	return <-length, err
}

func encodeZstd(w io.Writer, content io.Reader) (unpacked int64, err error) {
	encoder, err := zstd.NewWriter(w)
	if err != nil {
		return 0, err
	}
	unpacked, err = io.Copy(encoder, content)
	return unpacked, errors.Join(err, encoder.Close())
}

// SeamBytes is the length of the content with which a segment begins that is not its own.
func (f Format) SeamBytes() int64 {
	if f == Zstandard {
		return tarBlock
	}
	return 0
}

const (
	tarBlock = 512
	endOfTar = 2 * tarBlock
)

// makeSeam returns what a Zstandard segment begins with. An encoder believes that the last three
// offsets are 1, 4 and 8 when it begins (RFC 8878, section 3.1.2.5), and within a frame they are
// those of the sequences before. So three sequences with these offsets come first, each of a few
// literals and a match of three bytes: one block with the offset 8, whose code has three extra
// bits, and one with 4 and 1, whose code has two. What they decode to is filled up to a block of
// the tar.
func makeSeam() []byte {
	const (
		rawLiterals  = 3    // shift of their count
		allTablesRLE = 0x54 // each table is the one code that follows
		oneLiteral   = 1    // code
		threeMatched = 0    // code
	)
	eight := []byte{1 << rawLiterals, 's', 1, allTablesRLE, oneLiteral, 3, threeMatched, 0b1_011}
	fourAndOne := []byte{2 << rawLiterals, 'e', 'a', 2, allTablesRLE, oneLiteral, 2, threeMatched, 0b1_11_00}
	const decoded = 3 * (1 + 3)
	return slices.Concat(
		blockHeader(compressedBlock, len(eight)), eight, blockHeader(compressedBlock, len(fourAndOne)), fourAndOne,
		Zstandard.makeStoredBlock(bytes.Repeat([]byte{'m'}, tarBlock-decoded)),
	)
}

// Splicer makes a layer of segments.
type Splicer struct {
	layer *Layer
	seams int
}

// NewSplicer begins a layer. Names that differ make layers that differ.
func NewSplicer(format Format, name string) *Splicer { return &Splicer{layer: newLayer(format, name)} }

// AddTree adds a segment of whole entries of a tar, without its end. A file of SeamBytes comes
// before them.
func (s *Splicer) AddTree(tree Segment) {
	s.seams++
	s.addHeader(fmt.Sprintf(".seam-%d", s.seams), s.layer.Format.SeamBytes())
	s.addSegment(tree)
}

// AddFile adds a file that consists of the segments.
func (s *Splicer) AddFile(name string, segments ...Segment) (size int64) {
	for _, segment := range segments {
		size += segment.Unpacked
	}
	s.addHeader(name, size)
	for _, segment := range segments {
		s.addSegment(segment)
	}
	s.addStored(make([]byte, -size&(tarBlock-1)))
	return size
}

// Finish ends the layer and returns it.
func (s *Splicer) Finish() *Layer {
	s.addStored(make([]byte, endOfTar))
	s.layer.finish()
	return s.layer
}

func (s *Splicer) addSegment(segment Segment) {
	s.layer.addPart(segment.Packed, segment.Size, segment.Unpacked)
}

func (s *Splicer) addHeader(name string, size int64) {
	var out bytes.Buffer
	writeHeader(tar.NewWriter(&out), tar.Header{Typeflag: tar.TypeReg, Name: name, Size: size, Mode: 0o644})
	s.addStored(out.Bytes())
}

// addStored appends content in blocks that are not compressed.
func (s *Splicer) addStored(content []byte) {
	s.layer.addBytes(s.layer.Format.makeStoredBlock(content), int64(len(content)))
}

// countingWriter counts what goes through it.
type countingWriter struct {
	w io.Writer
	n int64
}

func (c *countingWriter) Write(p []byte) (int, error) {
	n, err := c.w.Write(p)
	c.n += int64(n)
	return n, err
}
