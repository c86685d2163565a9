package layersize

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/klauspost/compress/zstd"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/mediatype"
)

// compression is how a blob is packed.
type compression int

const (
	packedUnknown compression = iota
	packedPlain
	packedGzip
	packedZstd
)

var (
	magicGzip = []byte{0x1f, 0x8b, 8}          // RFC 1952 §2.3: ID1, ID2, and deflate
	magicZstd = []byte{0x28, 0xb5, 0x2f, 0xfd} // RFC 8878 §3.1.1
	magicSkip = []byte{0x2a, 0x4d, 0x18}       // RFC 8878 §3.1.2, behind a byte 0x50 to 0x5f
)

// declaredCompression is what the media type says, packedUnknown where it is of no layer that containerd unpacks.
func declaredCompression(mediaType string) compression {
	declared, err := mediatype.ParseLayer(mediaType)
	switch {
	case err != nil:
		return packedUnknown
	case declared.Compression == mediatype.Gzip:
		return packedGzip
	case declared.Compression == mediatype.Zstandard:
		return packedZstd
	}
	return packedPlain
}

// detect looks at a blob's first bytes. What is neither gzip nor Zstandard is a tar, to containerd too (its
// pkg/archive/compression): a tar older than POSIX has no magic. An empty blob is an empty tar.
func detect(head []byte) compression {
	switch {
	case bytes.HasPrefix(head, magicGzip):
		return packedGzip
	case bytes.HasPrefix(head, magicZstd),
		len(head) >= 8 && head[0]&0xf0 == 0x50 && bytes.Equal(head[1:4], magicSkip):
		return packedZstd
	}
	return packedPlain
}

// readsAsIs reports whether containerd would read a compressed blob as a tar, and fail, because of its media type.
func readsAsIs(mediaType string, packed compression) bool {
	declared, err := mediatype.ParseLayer(mediaType)
	return err == nil && !declared.Detects && packed != packedPlain
}

const (
	readBuffer = 256 << 10
	sniffBytes = 512
)

// unpack returns the tar within a blob, and what containerd would refuse of its compression, which is complete once
// the tar was read. The caller closes it.
func unpack(ctx context.Context, blob io.Reader, mediaType string, limits Limits) (io.ReadCloser, func() []Reason, error) {
	buffered := bufio.NewReaderSize(blob, readBuffer)
	head, err := buffered.Peek(sniffBytes)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, nil, err
	}
	packed := detect(head)
	refused := func() (reasons []Reason) {
		if readsAsIs(mediaType, packed) {
			reasons = append(reasons, RefusedCompressed)
		}
		return reasons
	}
	switch packed {
	case packedGzip:
		stream, err := newGunzip(buffered)
		if err != nil {
			return nil, nil, err
		}
		return stream, func() []Reason {
			if stream.trailing {
				return append(refused(), RefusedTrailing)
			}
			return refused()
		}, nil
	case packedZstd:
		stream, err := openZstd(ctx, buffered, head, limits)
		return stream, refused, err
	default:
		return io.NopCloser(buffered), refused, nil
	}
}

// newZstd bounds the window, which is what a decoder has to remember. The decoder
// works in the calling goroutine: layers are read side by side, which uses the
// processors better than splitting each.
func newZstd(r io.Reader, window uint64) (io.ReadCloser, error) {
	decoder, err := zstd.NewReader(r,
		zstd.WithDecoderMaxWindow(window),
		zstd.WithDecoderLowmem(true),
		zstd.WithDecoderConcurrency(1))
	if err != nil {
		return nil, err
	}
	return decoder.IOReadCloser(), nil
}

// classify turns a decompressor's error into one of this package's.
func classify(err error) error {
	switch {
	case errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, io.EOF):
		return fmt.Errorf("%w: the stream ends early", ErrCompression)
	case errors.Is(err, ErrCompression), errors.Is(err, ErrWindow):
		return err
	default:
		return fmt.Errorf("%w: %w", ErrCompression, err)
	}
}
