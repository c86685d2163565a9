package layersize

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"github.com/klauspost/compress/zstd"
	"golang.org/x/sync/semaphore"
)

// A decoder of Zstandard remembers as much as a frame's header asks for: its window.
// Encoders use 8 MiB up to level 19, and decoders need not support more (RFC 8878
// §3.1.1.1.2); klauspost's best level uses 32 MiB, "--ultra" and "--long" up to 128 MiB
// (2 GiB with "--long=31"). containerd's decoder, klauspost/compress, takes all of them.
const (
	// Up to here each stream takes what it needs.
	freeWindow = 32 << 20
	// What all streams of this process together take for windows above freeWindow: a
	// stream waits until there is room for its own.
	largeWindows = DefaultWindowBytes
)

var largeWindowRoom = semaphore.NewWeighted(largeWindows)

// openZstd decodes a blob whose first bytes are head. The first frame's window counts for
// all frames, so that memory is reserved before anything is decoded: a later frame may
// ask for freeWindow or for as much as the first, unless limits.AnyFrame is set.
func openZstd(ctx context.Context, blob io.Reader, head []byte, limits Limits) (io.ReadCloser, error) {
	limit := uint64(limits.WindowBytes)
	first, known := firstWindow(head)
	if known && first > limit {
		return nil, fmt.Errorf("%w: %d bytes, at most %d", ErrFirstWindow, first, limit)
	}
	window := min(max(first, freeWindow), limit)
	if !known || limits.AnyFrame {
		window = limit
	}
	release, err := reserveWindow(ctx, int64(window))
	if err != nil {
		return nil, err
	}
	decoded, err := newZstd(blob, window)
	if err != nil {
		release()
		return nil, err
	}
	return &reservedReader{decoded, window, release}, nil
}

// reserveWindow waits until there is memory for a large window.
func reserveWindow(ctx context.Context, window int64) (release func(), err error) {
	if window <= freeWindow {
		return func() {}, nil
	}
	window = min(window, largeWindows)
	if err := largeWindowRoom.Acquire(ctx, window); err != nil {
		return nil, err
	}
	return func() { largeWindowRoom.Release(window) }, nil
}

// reservedReader gives its memory back when it is closed.
type reservedReader struct {
	io.ReadCloser
	window  uint64
	release func()
}

// Read names the limit where a later frame asks for more.
func (r *reservedReader) Read(p []byte) (int, error) {
	n, err := r.ReadCloser.Read(p)
	if errors.Is(err, zstd.ErrWindowSizeExceeded) || errors.Is(err, zstd.ErrDecoderSizeExceeded) {
		err = fmt.Errorf("%w: a later frame asks for more than %d bytes", ErrWindow, r.window)
	}
	return n, err
}

// Close closes the decoder first, which holds the memory until then.
func (r *reservedReader) Close() error {
	defer r.release()
	return r.ReadCloser.Close()
}

// firstWindow returns the window of the first frame that holds data, and whether the
// bytes tell it. A frame of a single segment has its whole content for a window.
func firstWindow(head []byte) (uint64, bool) {
	for len(head) >= skippableHeader && head[0]&0xf0 == 0x50 && bytes.Equal(head[1:4], magicSkip) {
		length := int64(skippableHeader) + int64(binary.LittleEndian.Uint32(head[4:]))
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

// skippableHeader is the length of a skippable frame's header: magic and size (RFC 8878
// §3.1.2).
const skippableHeader = 8
