package ztoc

import (
	"encoding/binary"
	"fmt"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/layersize"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/layersize/tarball"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/layersize/toc"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/mediatype"
)

// The checkpoints of a zTOC (soci-snapshotter, ztoc/compression/gzip_zinfo.h): their number, the
// size of a span, and of each its offset in the blob, its offset in the tar, how many bits of the
// byte before belong to it, and the 32 KiB of the tar that come before it. They lie at the starts
// of deflate blocks. Older zTOCs leave the first one out.
const (
	checkpointWindow = 32 << 10
	checkpointSize   = 8 + 8 + 1 + checkpointWindow
	checkpointHeader = 4 + 8

	leastGzipHeader = 10 // RFC 1952 §2.3
	leastBlock      = 2  // bytes from one checkpoint to the next
	algorithmGzip   = 1
)

// checkpoint is a place where the stream can be entered.
type checkpoint struct {
	in, out int64
	bits    int
	window  []byte // of the tar, before it
	digest  string // of the blob's bytes up to the next one
}

// windowBefore is what is known of the tar before a checkpoint.
func (c checkpoint) windowBefore() []byte {
	return c.window[len(c.window)-int(min(c.out, int64(len(c.window)))):]
}

// readCheckpoints reads them and the digests of the spans.
func readCheckpoints(f *flatBuffer, info int) ([]checkpoint, error) {
	if algorithm := f.readByte(info, ztocAlgorithm); algorithm != 0 && algorithm != algorithmGzip {
		return nil, fmt.Errorf("%w: it is of compression %d", layersize.ErrTable, algorithm)
	}
	packed := f.byteVector(info, ztocCheckpoints)
	var digests []string
	f.visitVector(info, ztocSpanDigests, func(text int) bool {
		digests = append(digests, f.readText(text))
		return !f.bad
	})
	if err := f.checkRead(); err != nil {
		return nil, err
	}
	var points []checkpoint
	if len(packed) >= checkpointHeader {
		count := int64(binary.LittleEndian.Uint32(packed))
		packed = packed[checkpointHeader:]
		if int64(len(packed)) == (count-1)*checkpointSize {
			points = append(points, checkpoint{in: leastGzipHeader, window: make([]byte, checkpointWindow)})
		}
		for ; len(packed) >= checkpointSize; packed = packed[checkpointSize:] {
			points = append(points, checkpoint{
				in: int64(binary.LittleEndian.Uint64(packed)), out: int64(binary.LittleEndian.Uint64(packed[8:])),
				bits: int(packed[16]), window: packed[17:checkpointSize],
			})
		}
		if len(packed) > 0 || int64(len(points)) != count {
			points = nil
		}
	}
	if len(points) == 0 || len(points) != len(digests) {
		return nil, fmt.Errorf("%w: it has %d checkpoints and %d digests of spans",
			layersize.ErrTable, len(points), len(digests))
	}
	for i := range points {
		points[i].digest = digests[i]
	}
	return points, nil
}

// header is where an entry's headers stand in the tar, and what they say.
type header struct {
	at, end int64
	hash    uint64 // 0 for the empty blocks that end the tar
}

// spanProof compares the spans between a zTOC's checkpoints with its list of files.
type spanProof struct {
	*toc.Segments
	points  []checkpoint
	headers []header
	size    int64 // of the blob
	total   int64 // of the tar, once the last span is unpacked
	prefix  int64 // what is read of a span that is not read whole
}

func newSpanProof(points []checkpoint, size int64) *spanProof {
	s := &spanProof{Segments: toc.NewSegments(size), points: points, size: size}
	s.List = make([]toc.Segment, len(points))
	for i := range points {
		s.List[i].At = s.Extent(i).At
	}
	return s
}

// Extent is a span's range of the blob: the first one's has the gzip header, the last one's the
// trailer.
func (s *spanProof) Extent(i int) toc.Range {
	at, end := int64(0), s.size
	if i > 0 {
		at = s.points[i].firstByte()
	}
	if i+1 < len(s.points) {
		end = s.points[i+1].in
	}
	return toc.Range{At: at, Length: end - at}
}

// firstByte is the byte that holds the checkpoint's first bit.
func (c checkpoint) firstByte() int64 {
	if c.bits > 0 {
		return c.in - 1
	}
	return c.in
}

// canPrecede reports whether another checkpoint can follow.
func (c checkpoint) canPrecede(next checkpoint) bool {
	return c.bits <= 7 && c.out >= 0 && next.out >= c.out && c.in > 0 && next.in-c.in >= leastBlock
}

// addHeader places an entry of the list.
func (s *spanProof) addHeader(at, end int64, e toc.Entry) {
	s.headers = append(s.headers, header{at, end, s.HashHeader(0, e)})
}

// checkCheckpoints looks at all checkpoints: they follow one another, and each span can hold, when
// packed by any sensible encoder, what lies between it and the next.
func (s *spanProof) checkCheckpoints(filesEnd, length int64) error {
	if filesEnd < length {
		s.headers = append(s.headers, header{at: filesEnd, end: length})
	}
	for i, p := range s.points {
		next := checkpoint{in: s.size - toc.GzipTrailer, out: max(length, min(p.out, length+tarball.MostTail))}
		if i+1 < len(s.points) {
			next = s.points[i+1]
		}
		if !p.canPrecede(next) || i == 0 && (p.out != 0 || p.bits != 0 || p.in < leastGzipHeader) {
			return fmt.Errorf("%w: its checkpoint at %d cannot be", layersize.ErrTable, p.in)
		}
		s.List[i].Min, s.List[i].Max = next.out-p.out, next.out-p.out
		if size := next.in - p.firstByte(); !toc.PlausibleSegment(s.List[i], size, mediatype.Gzip) {
			return toc.RefutedAt(p.in, "%d bytes cannot hold %d", size, next.out-p.out)
		}
	}
	s.allowPadding(filesEnd, length)
	return nil
}

// allowPadding lets the last span hold more than the tar, where that ends with two empty blocks.
func (s *spanProof) allowPadding(filesEnd, length int64) {
	last := len(s.List) - 1
	if length-filesEnd == 2*tarball.BlockSize {
		s.List[last].Max = max(s.List[last].Min, length+tarball.MostTail-s.points[last].out)
	}
}
