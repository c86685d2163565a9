package measure

import (
	"errors"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/layersize"
)

// prefetchedBlob is a blob whose start is read before it is asked for.
type prefetchedBlob struct {
	layersize.Blob
	done  chan struct{}
	start []byte
	err   error
}

// prefetchStart begins to read the first bytes of a blob that has more. The caller waits for the
// end of it.
func prefetchStart(blob layersize.Blob, bytes int64) *prefetchedBlob {
	a := &prefetchedBlob{Blob: blob, done: make(chan struct{}), start: make([]byte, bytes)}
	go func() {
		defer close(a.done)
		_, a.err = blob.ReadAt(a.start, 0)
	}()
	return a
}

// waitForStart ends when the start was read, or the blob's context is done.
func (a *prefetchedBlob) waitForStart() { <-a.done }

// ReadAt keeps the contract of io.ReaderAt.
func (a *prefetchedBlob) ReadAt(p []byte, off int64) (int, error) {
	if off < 0 || off+int64(len(p)) > int64(len(a.start)) {
		return a.Blob.ReadAt(p, off)
	}
	a.waitForStart()
	if a.err != nil {
		return 0, a.err
	}
	return copy(p, a.start[off:]), nil
}

// ReadRanges reads many ranges at once where the blob can.
func (a *prefetchedBlob) ReadRanges(buffers [][]byte, offsets []int64) error {
	many, able := a.Blob.(interface {
		ReadRanges(buffers [][]byte, offsets []int64) error
	})
	if able {
		return many.ReadRanges(buffers, offsets)
	}
	return errors.ErrUnsupported
}
