package ztoc

import (
	"archive/tar"
	"bytes"
	"cmp"
	"compress/flate"
	"compress/gzip"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/layersize"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/layersize/rangeread"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/layersize/toc"
)

// prefixPart is the part of the check's budget that is read of a span which is not read whole:
// enough to refute a checkpoint or a header, and too little to confirm what follows. All that are
// drawn take less than what whole spans leave of the budget.
const prefixPart = 512

func (s *spanProof) Ends(i int) []toc.Range {
	whole := s.Extent(i)
	return []toc.Range{{At: whole.At, Length: min(whole.Length, s.prefix)}}
}

// ProveByEnds compares the start of a span with the list. It confirms nothing.
func (s *spanProof) ProveByEnds(i int, reads *rangeread.List) error {
	start := s.Ends(i)[0]
	content := reads.Bytes(start.At, start.Length)
	if len(content) > 0 {
		if err := s.compareSpan(i, content, false); err != nil {
			return err
		}
	}
	return fmt.Errorf(
		"%w: the %d bytes at %d were not unpacked",
		layersize.ErrUnconfirmed, s.Extent(i).Length, start.At,
	)
}

// ProveWhole unpacks a span from its checkpoint, and compares with the zTOC: the digest of its
// bytes, each header that ends within it, its length, and the 32 KiB before the next checkpoint.
func (s *spanProof) ProveWhole(i int, content []byte) error {
	p := s.points[i]
	from := p.firstByte() - s.Extent(i).At
	if from > int64(len(content)) || p.digest != fmt.Sprintf("sha256:%x", sha256.Sum256(content[from:])) {
		return toc.RefutedAt(p.in, "the span has another digest")
	}
	return s.compareSpan(i, content, true)
}

// compareSpan unpacks what was read of a span, from its start on.
func (s *spanProof) compareSpan(i int, content []byte, whole bool) error {
	p, seg := s.points[i], s.List[i]
	unpacked, err := enterStream(p, content, i == 0)
	if err != nil {
		return toc.RefutedAt(p.in, "the stream cannot be entered there: %w", err)
	}
	last := i+1 == len(s.points)
	if !last || !whole {
		unpacked = &cutReader{unpacked}
	}
	history := p.windowBefore()
	tape := &spanReader{
		r:  io.MultiReader(bytes.NewReader(history), io.LimitReader(unpacked, seg.Max+1)),
		at: p.out - int64(len(history)),
	}
	if err := s.compareHeaders(i, tape, whole); err != nil {
		return err
	}
	if err := tape.skipBytes(-1); err != nil {
		return toc.RefutedAt(p.in, "it does not unpack: %w", err)
	}
	switch length := tape.at - p.out; {
	case length > seg.Max, whole && length < seg.Min:
		return toc.RefutedAt(p.in, "%d bytes and not %d", length, seg.Min)
	case whole && last:
		s.total = tape.at
	case whole && !bytes.Equal(tape.lastBytes(s.points[i+1]), s.points[i+1].windowBefore()):
		return toc.RefutedAt(s.points[i+1].in, "other bytes come before it")
	}
	return nil
}

// compareHeaders compares the headers that end within a span, of which some may begin in the 32 KiB
// before it.
func (s *spanProof) compareHeaders(i int, tape *spanReader, whole bool) error {
	next, _ := slices.BinarySearchFunc(s.headers, s.points[i].out+1, func(h header, at int64) int {
		return cmp.Compare(h.end, at)
	})
	for _, h := range s.headers[next:] {
		if i+1 < len(s.points) && h.end > s.points[i+1].out {
			return nil
		}
		if h.at < tape.at {
			return fmt.Errorf("%w: the header at %d begins too far before its span", layersize.ErrUnconfirmed, h.at)
		}
		if err := s.compareHeader(h, tape); err != nil {
			if !whole && errors.Is(err, io.ErrUnexpectedEOF) {
				return nil
			}
			return toc.RefutedAt(s.points[i].in, "the tar at %d is not as listed: %w", h.at, err)
		}
	}
	return nil
}

var (
	errOtherEntry = errors.New("it has another entry")
	errNoEnd      = errors.New("it does not end")
)

func (s *spanProof) compareHeader(h header, tape *spanReader) error {
	if err := tape.skipBytes(h.at - tape.at); err != nil {
		return err
	}
	data := make([]byte, h.end-h.at)
	if _, err := io.ReadFull(tape, data); err != nil {
		return io.ErrUnexpectedEOF
	}
	if h.hash == 0 {
		if !toc.IsZero(data) {
			return errNoEnd
		}
		return nil
	}
	rest := bytes.NewReader(data)
	found, err := tar.NewReader(rest).Next()
	if err != nil {
		return errors.New("no entry: " + err.Error()) // not wrapped: it is no end of what was read
	}
	if rest.Len() > 0 || s.HashHeader(0, toc.EntryOf(found)) != h.hash {
		return errOtherEntry
	}
	return nil
}

// spanReader follows the tar, and keeps the end of what was read.
type spanReader struct {
	r    io.Reader
	at   int64
	kept []byte
}

func (s *spanReader) Read(p []byte) (int, error) {
	n, err := s.r.Read(p)
	s.at += int64(n)
	s.kept = append(s.kept, p[:n]...)
	if drop := len(s.kept) - 4*checkpointWindow; drop > 0 {
		s.kept = append(s.kept[:0], s.kept[len(s.kept)-checkpointWindow:]...)
	}
	return n, err
}

// skipBytes reads n bytes, or all for a negative number.
func (s *spanReader) skipBytes(n int64) error {
	if n < 0 {
		_, err := io.Copy(io.Discard, struct{ io.Reader }{s})
		return err
	}
	_, err := io.CopyN(io.Discard, struct{ io.Reader }{s}, n)
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}

// lastBytes is what was read before a checkpoint, which is here.
func (s *spanReader) lastBytes(c checkpoint) []byte {
	return s.kept[max(0, len(s.kept)-len(c.windowBefore())):]
}

// cutReader ends where the compressed bytes do, which are a part of the stream.
type cutReader struct{ io.Reader }

func (c *cutReader) Read(p []byte) (int, error) {
	n, err := c.Reader.Read(p)
	if errors.Is(err, io.ErrUnexpectedEOF) {
		err = io.EOF
	}
	return n, err
}

// enterStream unpacks a gzip stream from a checkpoint on, across the members that follow.
func enterStream(p checkpoint, content []byte, first bool) (io.Reader, error) {
	if first {
		return gzip.NewReader(bytes.NewReader(content))
	}
	in := bytes.NewReader(primeStream(content, p.bits))
	return &memberReader{in: in, raw: flate.NewReaderDict(in, p.windowBefore())}, nil
}

// memberReader reads the rest of a member, and the members behind it.
type memberReader struct {
	in  *bytes.Reader
	raw io.Reader
}

func (m *memberReader) Read(p []byte) (int, error) {
	n, err := m.raw.Read(p)
	if n > 0 || !errors.Is(err, io.EOF) || m.in.Len() <= toc.GzipTrailer {
		return n, err
	}
	_, _ = m.in.Seek(toc.GzipTrailer, io.SeekCurrent) // of the member that has ended
	next, err := gzip.NewReader(m.in)
	if err != nil {
		return 0, err
	}
	m.in, m.raw = bytes.NewReader(nil), next
	return m.raw.Read(p)
}

// primeStream makes a stream that begins with so many bits of the first byte, the upper ones, begin
// at a whole byte: blocks that hold nothing come before them (RFC 1951 §3.2.3). Where the bits
// stand in their byte stays, since stored blocks begin at the next one.
func primeStream(content []byte, bits int) []byte {
	if bits == 0 || len(content) == 0 {
		return content
	}
	var w bitWriter
	skipped := 8 - bits
	if skipped%2 == 1 {
		w.emptyDynamicBlock()
	}
	for w.length%8 != skipped {
		w.writeBits(0b010, 10) // fixed codes: the end of the block alone
	}
	w.data[len(w.data)-1] |= content[0] >> skipped << skipped
	return append(w.data, content[1:]...)
}

// bitWriter packs bits as deflate does, the lowest first.
type bitWriter struct {
	data   []byte
	length int
}

func (w *bitWriter) writeBits(value uint64, bits int) {
	for i := range bits {
		if w.length%8 == 0 {
			w.data = append(w.data, 0)
		}
		w.data[w.length/8] |= byte(value>>i&1) << (w.length % 8)
		w.length++
	}
}

// emptyDynamicBlock writes a block of dynamic codes with nothing but its end, which has an odd
// number of bits (RFC 1951 §3.2.7).
func (w *bitWriter) emptyDynamicBlock() {
	w.writeBits(0b100, 3)       // not the last one
	w.writeBits(0b1111<<10, 14) // 257 literals, a distance, and lengths for all 19 code lengths
	for i := range 19 {
		length := uint64(0)
		if i == 2 || i == 17 { // 18 and 1, by their places: of one bit each
			length = 1
		}
		w.writeBits(length, 3)
	}
	w.writeBits(1|127<<1, 8) // 138 literals are not there
	w.writeBits(1|107<<1, 8) // nor are 118
	w.writeBits(0, 3)        // the end has one bit, and so has the distance; the end
}
