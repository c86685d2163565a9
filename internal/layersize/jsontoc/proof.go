package jsontoc

import (
	"archive/tar"
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/layersize"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/layersize/compression"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/layersize/rangeread"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/layersize/tarball"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/layersize/toc"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/layersize/unpack"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/mediatype"
)

const (
	provenData    = 1 << 30 // of a segment, unpacked
	provenHeaders = 4 << 20
	zstdHead      = 32 // a frame's header and its first block's
)

// tableProof compares segments with a table of contents within the blob.
type tableProof struct {
	*toc.Segments
	packed mediatype.Compression
	ended  bool // the tar ends before the table
}

func (c *tableProof) Extent(i int) toc.Range {
	return toc.Range{At: c.List[i].At, Length: c.EndOf(i) - c.List[i].At}
}

// ProveWhole unpacks a segment and compares it with the table.
func (c *tableProof) ProveWhole(i int, content []byte) error {
	seg := c.List[i]
	if len(content) == 0 { // and PlausibleSegment knows that it needs not be more
		return nil
	}
	if seg.Data > provenData {
		return c.proveBlocks(i, content)
	}
	unpacked, err := c.openSegment(bytes.NewReader(content))
	if err != nil {
		return toc.RefutedAt(seg.At, "no part begins there: %w", err)
	}
	defer func() { _ = unpacked.Close() }()
	if err := c.compareData(seg, unpacked); err != nil {
		return err
	}
	rest, err := io.ReadAll(io.LimitReader(unpacked, min(seg.Max-seg.Data, provenHeaders)+1))
	if err != nil {
		return toc.RefutedAt(seg.At, "it does not unpack: %w", err)
	}
	length := seg.Data + int64(len(rest))
	if length < seg.Min || length > seg.Max {
		return toc.RefutedAt(seg.At, "%d bytes and not %d", length, seg.Min)
	}
	return c.compareHeaders(i, rest)
}

func (c *tableProof) openSegment(r io.Reader) (io.ReadCloser, error) {
	if c.packed == mediatype.Zstandard {
		return unpack.NewZstd(r, unpack.FreeWindow)
	}
	return gzip.NewReader(r)
}

// compareData reads the bytes of a file that a segment begins with.
func (c *tableProof) compareData(seg toc.Segment, unpacked io.Reader) error {
	sum := sha256.New()
	n, err := io.CopyN(sum, unpacked, seg.Data)
	if err != nil {
		return toc.RefutedAt(seg.At, "%d bytes and not %d: %w", n, seg.Data, err)
	}
	if seg.Digest != 0 && seg.Digest != c.HashText(fmt.Sprintf("sha256:%x", sum.Sum(nil))) {
		return toc.RefutedAt(seg.At, "the content has another digest")
	}
	return nil
}

// compareHeaders reads the entries whose headers follow a segment's data.
func (c *tableProof) compareHeaders(i int, rest []byte) error {
	seg := c.List[i]
	if int64(len(rest)) < seg.Padding {
		return toc.RefutedAt(seg.At, "the file's padding is cut")
	}
	source := bytes.NewReader(rest[seg.Padding:])
	tape := tar.NewReader(source)
	headers, count := uint64(0), int64(0)
	for {
		header, err := tape.Next()
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			break // the next segment begins with the last file's content
		}
		if err != nil {
			return toc.RefutedAt(seg.At, "the tar cannot be read: %w", err)
		}
		if count++; count > seg.Entries {
			return toc.RefutedAt(seg.At, "there is an entry %.100q that it does not list", header.Name)
		}
		headers = c.HashHeader(headers, toc.EntryOf(header))
	}
	if count != seg.Entries || headers != seg.Headers {
		return toc.RefutedAt(seg.At, "the tar has other entries")
	}
	return c.compareEnd(i, rest[seg.Padding:], source.Len())
}

// compareEnd looks for the two empty blocks that end a tar (POSIX.1-2001, ustar Interchange
// Format): what comes behind them is not unpacked.
func (c *tableProof) compareEnd(i int, tarred []byte, left int) error {
	end := len(tarred) - left
	ended := end >= 2*tarball.BlockSize && end%tarball.BlockSize == 0 && toc.IsZero(tarred[end-2*tarball.BlockSize:end])
	switch last := i == len(c.List)-1; {
	case last:
		c.ended = ended
	case ended || left > 0:
		return toc.RefutedAt(c.List[i].At, "the tar ends")
	}
	return nil
}

// Ends are the ranges that ProveByEnds needs.
func (c *tableProof) Ends(i int) []toc.Range {
	at, end := c.List[i].At, c.EndOf(i)
	if c.packed == mediatype.Zstandard || end-at <= toc.TinySegment {
		return []toc.Range{{At: at, Length: min(zstdHead, end-at)}}
	}
	return []toc.Range{
		{At: at, Length: int64(len(compression.MagicGzip))},
		{At: end - toc.GzipTrailer, Length: toc.GzipTrailer + int64(len(compression.MagicGzip))},
	}
}

// ProveByEnds judges a segment that was not read whole.
func (c *tableProof) ProveByEnds(i int, reads *rangeread.List) error {
	ranges := c.Ends(i)
	head := reads.Bytes(ranges[0].At, ranges[0].Length)
	if c.packed == mediatype.Zstandard {
		return c.proveFrame(i, head)
	}
	return c.proveMember(i, head, reads.Bytes(ranges[len(ranges)-1].At, ranges[len(ranges)-1].Length))
}

// proveMember goes by a gzip member's trailer, which has its length modulo 2^32. A segment of
// several members, as stargz's parallel builder makes some, has the last one's, which is less.
func (c *tableProof) proveMember(i int, head, tail []byte) error {
	seg, end := c.List[i], c.EndOf(i)
	if !bytes.HasPrefix(head, compression.MagicGzip) {
		return toc.RefutedAt(seg.At, "no gzip member begins there")
	}
	if !bytes.HasSuffix(tail, compression.MagicGzip) {
		return toc.RefutedAt(end, "no gzip member begins there")
	}
	length := seg.Min + int64(binary.LittleEndian.Uint32(tail[4:])-uint32(seg.Min))
	if end-seg.At <= 4<<20 { // 1032:1 leaves one candidate
		length = int64(binary.LittleEndian.Uint32(tail[4:]))
	}
	switch {
	case length > seg.Max:
		return toc.RefutedAt(seg.At, "%d bytes by the trailer, and not %d", length, seg.Max)
	case length < seg.Min, i == len(c.List)-1 && seg.Entries > 0:
		return fmt.Errorf("%w: the part at %d has several members, or headers that were not read",
			layersize.ErrUnconfirmed, seg.At)
	}
	if i == len(c.List)-1 {
		c.ended = length >= seg.Min+2*tarball.BlockSize
	}
	return nil
}

// proveFrame goes by a Zstandard frame's header and its first block's, if that is the only one and
// fills the segment. A decoder refuses a frame that is not as long as its header says.
func (c *tableProof) proveFrame(i int, head []byte) error {
	seg, size := c.List[i], c.EndOf(i)-c.List[i].At
	var h zstd.Header
	if err := h.Decode(head); err != nil || h.Skippable {
		return toc.RefutedAt(seg.At, "no Zstandard frame begins there")
	}
	open := fmt.Errorf("%w: nothing tells how long the %d bytes at %d become", layersize.ErrUnconfirmed, size, seg.At)
	if !h.FirstBlock.OK || !h.FirstBlock.Last {
		return open
	}
	const blockHeader, checksum = 3, 4
	frame := int64(h.HeaderSize + blockHeader + h.FirstBlock.CompressedSize)
	if h.HasCheckSum {
		frame += checksum
	}
	if frame != size {
		return toc.RefutedAt(seg.At, "a frame of %d bytes and not %d", frame, size)
	}
	length := int64(h.FirstBlock.DecompressedSize)
	switch {
	case h.HasFCS:
		length = int64(h.FrameContentSize)
	case length == 0: // of a compressed block
		return open
	}
	if length < seg.Min || length > seg.Max {
		return toc.RefutedAt(seg.At, "%d bytes and not %d", length, seg.Min)
	}
	return nil
}

// proveBlocks goes by the headers of a Zstandard frame's blocks where none is compressed, as in a
// hole of many gigabytes: those state how long they are (RFC 8878 §3.1.1.2).
func (c *tableProof) proveBlocks(i int, frame []byte) error {
	const (
		blockHeader = 3
		rawBlock    = 0
		rleBlock    = 1
	)
	seg := c.List[i]
	open := fmt.Errorf("%w: the %d bytes at %d were not unpacked", layersize.ErrUnconfirmed, seg.Data, seg.At)
	var h zstd.Header
	if c.packed != mediatype.Zstandard || h.Decode(frame) != nil || h.Skippable {
		return open
	}
	length, rest := int64(0), frame[h.HeaderSize:]
	for last := false; !last; {
		if len(rest) < blockHeader {
			return toc.RefutedAt(seg.At, "its last block is cut")
		}
		header := uint32(rest[0]) | uint32(rest[1])<<8 | uint32(rest[2])<<16
		size, taken := int64(header>>3), int64(header>>3)
		switch header >> 1 & 3 {
		case rawBlock:
		case rleBlock:
			taken = 1
		default:
			return open
		}
		if int64(len(rest)) < blockHeader+taken {
			return toc.RefutedAt(seg.At, "its last block is cut")
		}
		last, length, rest = header&1 != 0, length+size, rest[blockHeader+taken:]
	}
	if h.HasCheckSum && len(rest) == 4 {
		rest = nil
	}
	if len(rest) > 0 {
		return open
	}
	if length < seg.Min || length > seg.Max {
		return toc.RefutedAt(seg.At, "%d bytes and not %d", length, seg.Min)
	}
	return nil
}
