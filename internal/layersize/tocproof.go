package layersize

import (
	"archive/tar"
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
)

const (
	tinySegment   = 256     // read whole in place of its ends
	provenData    = 1 << 30 // of a segment, unpacked
	provenHeaders = 4 << 20
	gzipTrailer   = 8  // RFC 1952 §2.3.1: CRC32 and ISIZE
	zstdHead      = 32 // a frame's header and its first block's
)

// tableProof compares segments with a table of contents within the blob.
type tableProof struct {
	*segments
	packed compression
	ended  bool // the tar ends before the table
}

func (c *tableProof) extent(i int) place { return place{c.list[i].at, c.end(i) - c.list[i].at} }

// proveWhole unpacks a segment and compares it with the table.
func (c *tableProof) proveWhole(i int, content []byte) error {
	seg := c.list[i]
	if len(content) == 0 { // and plausibleSegment knows that it needs not be more
		return nil
	}
	if seg.data > provenData {
		return c.proveBlocks(i, content)
	}
	unpacked, err := c.open(bytes.NewReader(content))
	if err != nil {
		return refuted(seg.at, "no part begins there: %w", err)
	}
	defer func() { _ = unpacked.Close() }()
	if err := c.compareData(seg, unpacked); err != nil {
		return err
	}
	rest, err := io.ReadAll(io.LimitReader(unpacked, min(seg.max-seg.data, provenHeaders)+1))
	if err != nil {
		return refuted(seg.at, "it does not unpack: %w", err)
	}
	length := seg.data + int64(len(rest))
	if length < seg.min || length > seg.max {
		return refuted(seg.at, "%d bytes and not %d", length, seg.min)
	}
	return c.compareHeaders(i, rest)
}

func (c *tableProof) open(r io.Reader) (io.ReadCloser, error) {
	if c.packed == packedZstd {
		return newZstd(r, freeWindow)
	}
	return gzip.NewReader(r)
}

// compareData reads the bytes of a file that a segment begins with.
func (c *tableProof) compareData(seg segment, unpacked io.Reader) error {
	sum := sha256.New()
	n, err := io.CopyN(sum, unpacked, seg.data)
	if err != nil {
		return refuted(seg.at, "%d bytes and not %d: %w", n, seg.data, err)
	}
	if seg.digest != 0 && seg.digest != c.hash(fmt.Sprintf("sha256:%x", sum.Sum(nil))) {
		return refuted(seg.at, "the content has another digest")
	}
	return nil
}

// compareHeaders reads the entries whose headers follow a segment's data.
func (c *tableProof) compareHeaders(i int, rest []byte) error {
	seg := c.list[i]
	if int64(len(rest)) < seg.padding {
		return refuted(seg.at, "the file's padding is cut")
	}
	source := bytes.NewReader(rest[seg.padding:])
	tape := tar.NewReader(source)
	headers, count := uint64(0), int64(0)
	for {
		header, err := tape.Next()
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			break // the next segment begins with the last file's content
		}
		if err != nil {
			return refuted(seg.at, "the tar cannot be read: %w", err)
		}
		if count++; count > seg.entries {
			return refuted(seg.at, "there is an entry %.100q that it does not list", header.Name)
		}
		headers = c.hashHeader(headers, entryOf(header))
	}
	if count != seg.entries || headers != seg.headers {
		return refuted(seg.at, "the tar has other entries")
	}
	return c.compareEnd(i, rest[seg.padding:], source.Len())
}

// compareEnd looks for the two empty blocks that end a tar (POSIX.1-2001, ustar Interchange
// Format): what comes behind them is not unpacked.
func (c *tableProof) compareEnd(i int, tarred []byte, left int) error {
	end := len(tarred) - left
	ended := end >= 2*tarBlock && end%tarBlock == 0 && isZero(tarred[end-2*tarBlock:end])
	switch last := i == len(c.list)-1; {
	case last:
		c.ended = ended
	case ended || left > 0:
		return refuted(c.list[i].at, "the tar ends")
	}
	return nil
}

func isZero(data []byte) bool { return len(bytes.Trim(data, "\x00")) == 0 }

// entryOf is a header as a table lists it.
func entryOf(h *tar.Header) tocEntry {
	kinds := map[byte]string{
		tar.TypeReg: "reg", tar.TypeDir: "dir", tar.TypeSymlink: "symlink", tar.TypeLink: "hardlink",
		tar.TypeChar: "char", tar.TypeBlock: "block", tar.TypeFifo: "fifo",
	}
	e := tocEntry{Name: h.Name, Type: kinds[h.Typeflag], Link: h.Linkname}
	if e.Type == "reg" {
		e.Size = h.Size
	}
	for record, value := range h.PAXRecords {
		if name, ok := strings.CutPrefix(record, "SCHILY.xattr."); ok {
			if e.Xattrs == nil {
				e.Xattrs = map[string]string{}
			}
			e.Xattrs[name] = base64.StdEncoding.EncodeToString([]byte(value))
		}
	}
	return e
}

// ends are the ranges that proveByEnds needs.
func (c *tableProof) ends(i int) []place {
	at, end := c.list[i].at, c.end(i)
	if c.packed == packedZstd || end-at <= tinySegment {
		return []place{{at, min(zstdHead, end-at)}}
	}
	return []place{{at, int64(len(magicGzip))}, {end - gzipTrailer, gzipTrailer + int64(len(magicGzip))}}
}

// proveByEnds judges a segment that was not read whole.
func (c *tableProof) proveByEnds(i int, reads *rangeList) error {
	ranges := c.ends(i)
	head := reads.bytes(ranges[0].at, ranges[0].length)
	if c.packed == packedZstd {
		return c.proveFrame(i, head)
	}
	return c.proveMember(i, head, reads.bytes(ranges[len(ranges)-1].at, ranges[len(ranges)-1].length))
}

// proveMember goes by a gzip member's trailer, which has its length modulo 2^32. A segment of
// several members, as stargz's parallel builder makes some, has the last one's, which is less.
func (c *tableProof) proveMember(i int, head, tail []byte) error {
	seg, end := c.list[i], c.end(i)
	if !bytes.HasPrefix(head, magicGzip) {
		return refuted(seg.at, "no gzip member begins there")
	}
	if !bytes.HasSuffix(tail, magicGzip) {
		return refuted(end, "no gzip member begins there")
	}
	length := seg.min + int64(binary.LittleEndian.Uint32(tail[4:])-uint32(seg.min))
	if end-seg.at <= 4<<20 { // 1032:1 leaves one candidate
		length = int64(binary.LittleEndian.Uint32(tail[4:]))
	}
	switch {
	case length > seg.max:
		return refuted(seg.at, "%d bytes by the trailer, and not %d", length, seg.max)
	case length < seg.min, i == len(c.list)-1 && seg.entries > 0:
		return fmt.Errorf("%w: the part at %d has several members, or headers that were not read", errUnconfirmed, seg.at)
	}
	if i == len(c.list)-1 {
		c.ended = length >= seg.min+2*tarBlock
	}
	return nil
}

// proveFrame goes by a Zstandard frame's header and its first block's, if that is the only one
// and fills the segment. A decoder refuses a frame that is not as long as its header says.
func (c *tableProof) proveFrame(i int, head []byte) error {
	seg, size := c.list[i], c.end(i)-c.list[i].at
	var h zstd.Header
	if err := h.Decode(head); err != nil || h.Skippable {
		return refuted(seg.at, "no Zstandard frame begins there")
	}
	open := fmt.Errorf("%w: nothing tells how long the %d bytes at %d become", errUnconfirmed, size, seg.at)
	if !h.FirstBlock.OK || !h.FirstBlock.Last {
		return open
	}
	const blockHeader, checksum = 3, 4
	frame := int64(h.HeaderSize + blockHeader + h.FirstBlock.CompressedSize)
	if h.HasCheckSum {
		frame += checksum
	}
	if frame != size {
		return refuted(seg.at, "a frame of %d bytes and not %d", frame, size)
	}
	length := int64(h.FirstBlock.DecompressedSize)
	switch {
	case h.HasFCS:
		length = int64(h.FrameContentSize)
	case length == 0: // of a compressed block
		return open
	}
	if length < seg.min || length > seg.max {
		return refuted(seg.at, "%d bytes and not %d", length, seg.min)
	}
	return nil
}

// proveBlocks goes by the headers of a Zstandard frame's blocks where none is compressed, as
// in a hole of many gigabytes: those tell how long they are (RFC 8878 §3.1.1.2).
func (c *tableProof) proveBlocks(i int, frame []byte) error {
	const (
		blockHeader = 3
		rawBlock    = 0
		rleBlock    = 1
	)
	seg := c.list[i]
	open := fmt.Errorf("%w: the %d bytes at %d were not unpacked", errUnconfirmed, seg.data, seg.at)
	var h zstd.Header
	if c.packed != packedZstd || h.Decode(frame) != nil || h.Skippable {
		return open
	}
	length, rest := int64(0), frame[h.HeaderSize:]
	for last := false; !last; {
		if len(rest) < blockHeader {
			return refuted(seg.at, "its last block is cut")
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
			return refuted(seg.at, "its last block is cut")
		}
		last, length, rest = header&1 != 0, length+size, rest[blockHeader+taken:]
	}
	if h.HasCheckSum && len(rest) == 4 {
		rest = nil
	}
	if len(rest) > 0 {
		return open
	}
	if length < seg.min || length > seg.max {
		return refuted(seg.at, "%d bytes and not %d", length, seg.min)
	}
	return nil
}
