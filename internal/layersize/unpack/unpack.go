// Package unpack decompresses layers, within bounds of memory.
package unpack

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/klauspost/compress/zstd"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/layersize"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/layersize/compression"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/mediatype"
)

// What is read at once, and what is looked at before anything is unpacked.
const (
	ReadBuffer = 256 << 10
	sniffBytes = 512
)

// Open returns the tar within a blob, and what containerd would refuse of its compression, which is
// complete once the tar was read. The caller closes it.
func Open(
	ctx context.Context, blob io.Reader, mediaType string, limit WindowLimit,
) (io.ReadCloser, func() []layersize.Reason, error) {
	buffered := bufio.NewReaderSize(blob, ReadBuffer)
	head, err := buffered.Peek(sniffBytes)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, nil, err
	}
	packed := compression.Detect(head)
	refused := func() (reasons []layersize.Reason) {
		if compression.IsReadAsIs(mediaType, packed) {
			reasons = append(reasons, layersize.RefusedCompressed)
		}
		return reasons
	}
	switch packed {
	case mediatype.Gzip:
		stream, err := newGunzip(buffered)
		if err != nil {
			return nil, nil, err
		}
		return stream, func() []layersize.Reason {
			if stream.trailing {
				return append(refused(), layersize.RefusedTrailing)
			}
			return refused()
		}, nil
	case mediatype.Zstandard:
		stream, err := openZstd(ctx, buffered, head, limit)
		return stream, refused, err
	default:
		return io.NopCloser(buffered), refused, nil
	}
}

// NewZstd bounds the window, which is what a decoder has to remember. The decoder works in the
// calling goroutine: layers are read side by side, which uses the processors better than splitting
// each.
func NewZstd(r io.Reader, window uint64) (io.ReadCloser, error) {
	decoder, err := zstd.NewReader(r,
		zstd.WithDecoderMaxWindow(window),
		zstd.WithDecoderLowmem(true),
		zstd.WithDecoderConcurrency(1))
	if err != nil {
		return nil, err
	}
	return decoder.IOReadCloser(), nil
}

// ClassifyError turns a decompressor's error into one of this package's.
func ClassifyError(err error) error {
	switch {
	case errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, io.EOF):
		return fmt.Errorf("%w: the stream ends early", layersize.ErrCompression)
	case errors.Is(err, layersize.ErrCompression), errors.Is(err, layersize.ErrWindow):
		return err
	default:
		return fmt.Errorf("%w: %w", layersize.ErrCompression, err)
	}
}
