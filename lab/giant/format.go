package giant

import (
	"bufio"
	"compress/flate"
	"encoding/binary"
	"fmt"
	"io"

	"github.com/google/go-containerregistry/pkg/v1/types"
	"github.com/klauspost/compress/zstd"
)

// Format is how a layer is compressed: as one gzip member, or as one Zstandard frame.
type Format int

// The formats.
const (
	Gzip Format = iota
	Zstandard
)

func (f Format) mediaType() types.MediaType {
	if f == Zstandard {
		return types.OCILayerZStd
	}
	return types.OCILayer
}

var (
	// RFC 1952: magic, deflate, no flags, no time, unknown system.
	gzipHeader = []byte{0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255}
	// RFC 8878: magic, neither checksum nor content size, a window of 8 MiB.
	zstdHeader = []byte{0x28, 0xb5, 0x2f, 0xfd, 0, 13 << 3}
)

func (f Format) header() []byte {
	if f == Zstandard {
		return zstdHeader
	}
	return gzipHeader
}

// lastBlock is an empty block that says it is the last one.
func (f Format) lastBlock() []byte {
	if f == Zstandard {
		return []byte{1, 0, 0}
	}
	return []byte{1, 0, 0, 0xff, 0xff}
}

// trailer is what follows the last block: of gzip the checksum and the length of the content.
func (f Format) trailer(checksum uint32, length int64) []byte {
	if f == Zstandard {
		return nil
	}
	return binary.LittleEndian.AppendUint32(binary.LittleEndian.AppendUint32(nil, checksum), uint32(length))
}

// makeStoredBlock returns a block that holds up to 64 KiB of content as it is.
func (f Format) makeStoredBlock(content []byte) []byte {
	if f == Zstandard {
		return append(blockHeader(rawBlock, len(content)), content...)
	}
	block := binary.LittleEndian.AppendUint16([]byte{0}, uint16(len(content)))
	return append(binary.LittleEndian.AppendUint16(block, ^uint16(len(content))), content...)
}

// open returns the content of a stream without its trailer, whose checksum is not known yet.
func (f Format) open(stream io.Reader) (io.Reader, error) {
	if f == Zstandard {
		decoder, err := zstd.NewReader(stream, zstd.WithDecoderConcurrency(1))
		if err != nil {
			return nil, err
		}
		return decoder.IOReadCloser(), nil
	}
	buffered := bufio.NewReaderSize(stream, 1<<20)
	if _, err := buffered.Discard(len(gzipHeader)); err != nil {
		return nil, err
	}
	return flate.NewReader(buffered), nil
}

// Types of blocks (RFC 8878, section 3.1.1.2).
const (
	rawBlock        = 0
	runBlock        = 1
	compressedBlock = 2
)

func blockHeader(kind, size int) []byte {
	bits := uint32(kind)<<1 | uint32(size)<<3
	return []byte{byte(bits), byte(bits >> 8), byte(bits >> 16)}
}

// cutBlocks copies the blocks of a Zstandard frame, none of them the last one of what they become a
// part of.
func cutBlocks(w io.Writer, frame io.Reader) error {
	in := bufio.NewReaderSize(frame, 1<<20)
	if err := skipHeader(in); err != nil {
		return err
	}
	for last := false; !last; {
		var header [3]byte
		if _, err := io.ReadFull(in, header[:]); err != nil {
			return fmt.Errorf("a block's header: %w", err)
		}
		last = header[0]&1 != 0
		header[0] &^= 1
		size := int64(header[0])>>3 | int64(header[1])<<5 | int64(header[2])<<13
		if header[0]>>1&3 == runBlock {
			size = 1
		}
		if _, err := w.Write(header[:]); err != nil {
			return err
		}
		if _, err := io.CopyN(w, in, size); err != nil {
			return fmt.Errorf("a block of %d bytes: %w", size, err)
		}
	}
	_, err := io.Copy(io.Discard, in) // the checksum
	return err
}

// skipHeader reads a frame's header, whose first byte behind the magic says how long it is.
func skipHeader(in *bufio.Reader) error {
	start, err := in.Peek(5)
	if err != nil {
		return err
	}
	descriptor := start[4]
	length := 5 + []int{0, 1, 2, 4}[descriptor&3] + []int{0, 2, 4, 8}[descriptor>>6]
	switch isSingle := descriptor>>5&1 == 1; {
	case !isSingle:
		length++ // the window
	case descriptor>>6 == 0:
		length++ // a content size of one byte
	}
	_, err = in.Discard(length)
	return err
}
