package unpack

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"github.com/klauspost/compress/zstd"
	"golang.org/x/sync/semaphore"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/layersize"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/layersize/compression"
)

// A decoder of Zstandard remembers as much as a frame's header asks for: its window. Encoders use 8
// MiB up to level 19, and decoders need not support more (RFC 8878 §3.1.1.1.2); klauspost's best
// level uses 32 MiB, "--ultra" and "--long" up to 128 MiB (2 GiB with "--long=31"). containerd's
// decoder, klauspost/compress, takes all of them.
const (
	// Up to here each stream takes what it needs.
	FreeWindow = 32 << 20
	// What all streams of this process together take for windows above FreeWindow: a stream waits
	// until there is room for its own.
	LargeWindows = 128 << 20
)

// WindowLimit bounds the window of a Zstandard stream.
type WindowLimit struct {
	Bytes int64
	// AnyFrame allows Bytes to every frame, and reserves the memory at once.
	AnyFrame bool
}

var largeWindowRoom = semaphore.NewWeighted(LargeWindows)

// openZstd decodes a blob whose first bytes are head. The first frame's window counts for all
// frames, so that memory is reserved before anything is decoded: a later frame may ask for
// FreeWindow or for as much as the first, unless limit.AnyFrame is set.
func openZstd(ctx context.Context, blob io.Reader, head []byte, limit WindowLimit) (io.ReadCloser, error) {
	most := uint64(limit.Bytes)
	first, known := firstWindow(head)
	if known && first > most {
		return nil, fmt.Errorf("%w: %d bytes, at most %d", layersize.ErrFirstWindow, first, most)
	}
	window := min(max(first, FreeWindow), most)
	if !known || limit.AnyFrame {
		window = most
	}
	release, err := reserveWindow(ctx, int64(window))
	if err != nil {
		return nil, err
	}
	decoded, err := NewZstd(blob, window)
	if err != nil {
		release()
		return nil, err
	}
	return &reservedReader{decoded, window, release}, nil
}

// reserveWindow waits until there is memory for a large window.
func reserveWindow(ctx context.Context, window int64) (release func(), err error) {
	if window <= FreeWindow {
		return func() {}, nil
	}
	window = min(window, LargeWindows)
	if err := largeWindowRoom.Acquire(ctx, window); err != nil {
		return nil, err
	}
	return func() { largeWindowRoom.Release(window) }, nil
}

// reservedReader returns its memory when it is closed.
type reservedReader struct {
	io.ReadCloser
	window  uint64
	release func()
}

// Read names the limit where a later frame asks for more.
func (r *reservedReader) Read(p []byte) (int, error) {
	n, err := r.ReadCloser.Read(p)
	if errors.Is(err, zstd.ErrWindowSizeExceeded) || errors.Is(err, zstd.ErrDecoderSizeExceeded) {
		err = fmt.Errorf("%w: a later frame asks for more than %d bytes", layersize.ErrWindow, r.window)
	}
	return n, err
}

// Close closes the decoder first, which holds the memory until then.
func (r *reservedReader) Close() error {
	defer r.release()
	return r.ReadCloser.Close()
}

// firstWindow returns the window of the first frame that holds data, and whether the bytes say. A
// frame of a single segment has its whole content for a window.
func firstWindow(head []byte) (uint64, bool) {
	for compression.IsSkippable(head) {
		length := int64(compression.SkippableHeader) + int64(binary.LittleEndian.Uint32(head[4:]))
		head = head[min(length, int64(len(head))):]
	}
	var h zstd.Header
	switch err := h.Decode(head); {
	case err != nil || h.Skippable:
		return 0, false
	case h.SingleSegment:
		return h.FrameContentSize, true
	default:
		return h.WindowSize, true
	}
}
