package layersize

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
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
	magicTar  = []byte("ustar")                // POSIX.1-1988, at offset 257
)

// declaredCompression is what the media type says. Docker's types end in
// ".tar.gzip", OCI's in ".tar+gzip" or ".tar+zstd", both in ".tar" when the layer is
// not compressed.
func declaredCompression(mediaType string) compression {
	mediaType, _, _ = strings.Cut(strings.ToLower(strings.TrimSpace(mediaType)), ";")
	i := strings.LastIndexAny(mediaType, "+.")
	switch mediaType[i+1:] {
	case "tar":
		return packedPlain
	case "gzip":
		return packedGzip
	case "zstd":
		return packedZstd
	default:
		return packedUnknown
	}
}

// detect looks at a blob's first bytes. containerd does the same, whatever the
// media type says (its pkg/archive/compression). An empty blob is an empty tar.
func detect(head []byte) compression {
	switch {
	case bytes.HasPrefix(head, magicGzip):
		return packedGzip
	case bytes.HasPrefix(head, magicZstd),
		len(head) >= 4 && head[0]&0xf0 == 0x50 && bytes.Equal(head[1:4], magicSkip):
		return packedZstd
	case len(head) == 0, len(head) >= 262 && bytes.Equal(head[257:262], magicTar):
		return packedPlain
	case len(head) >= 512 && len(bytes.Trim(head[:512], "\x00")) == 0: // the end of an empty tar
		return packedPlain
	default:
		return packedUnknown
	}
}

const (
	readBuffer = 256 << 10
	sniffBytes = 512
)

// unpack returns the tar within a blob. The media type decides only where the bytes do
// not: a tar older than POSIX has no magic. The caller closes what it returns.
func unpack(ctx context.Context, blob io.Reader, mediaType string, limits Limits) (io.ReadCloser, error) {
	buffered := bufio.NewReaderSize(blob, readBuffer)
	head, err := buffered.Peek(sniffBytes)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	packed := detect(head)
	if packed == packedUnknown && declaredCompression(mediaType) == packedPlain {
		packed = packedPlain
	}
	switch packed {
	case packedPlain:
		return io.NopCloser(buffered), nil
	case packedGzip:
		return gzip.NewReader(buffered)
	case packedZstd:
		return openZstd(ctx, buffered, head, limits)
	default:
		return nil, fmt.Errorf("%w: it begins with %x", ErrCompression, head[:min(len(head), 4)])
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
