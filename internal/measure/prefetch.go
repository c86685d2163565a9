package measure

import (
	"errors"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/layersize"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/layersize/rangeread"
)

// prefetchedBlob is a blob whose ends are read before they are asked for: both where its host
// serves two ranges in one request, else its start.
type prefetchedBlob struct {
	layersize.Blob
	done     chan struct{}
	ranges   ranges
	size     int64 // of the start
	err      error // of the start
	unranged error // of several ranges
}

// prefetchEnds begins to read the first and the last bytes of a blob that has more than both. The
// caller waits for the end of it.
func prefetchEnds(blob layersize.Blob, size, bytes int64) *prefetchedBlob {
	a := &prefetchedBlob{Blob: blob, done: make(chan struct{}), size: bytes}
	go func() {
		defer close(a.done)
		ends, offsets := [][]byte{make([]byte, bytes), make([]byte, bytes)}, []int64{0, size - bytes}
		if a.unranged = a.readRanges(ends, offsets); a.unranged != nil {
			_, a.err = blob.ReadAt(ends[0], 0)
			ends = ends[:1]
		}
		for i, data := range ends {
			if a.err == nil {
				a.ranges.remember(data, offsets[i])
			}
		}
	}()
	return a
}

// waitForEnds ends when the ends were read, or the blob's context is done.
func (a *prefetchedBlob) waitForEnds() { <-a.done }

// ReadAt keeps the contract of io.ReaderAt.
func (a *prefetchedBlob) ReadAt(p []byte, off int64) (int, error) {
	a.waitForEnds()
	if missing, _ := a.ranges.recallEnds(p, off); len(missing) == 0 {
		return len(p), nil
	}
	if a.err != nil && off+int64(len(p)) <= a.size {
		return 0, a.err
	}
	return a.Blob.ReadAt(p, off)
}

// ServesOneRange returns what is known of the blob after its ends were read.
func (a *prefetchedBlob) ServesOneRange() bool {
	a.waitForEnds()
	return rangeread.ServesOneRange(a.Blob)
}

// ReadRanges reads many ranges at once where the blob can.
func (a *prefetchedBlob) ReadRanges(buffers [][]byte, offsets []int64) error {
	a.waitForEnds()
	if a.unranged != nil {
		return a.unranged
	}
	var missing [][]byte
	var at []int64
	for i, p := range buffers {
		if part, from := a.ranges.recallEnds(p, offsets[i]); len(part) > 0 {
			missing, at = append(missing, part), append(at, from)
		}
	}
	if len(missing) == 0 {
		return nil
	}
	return a.readRanges(missing, at)
}

func (a *prefetchedBlob) readRanges(buffers [][]byte, offsets []int64) error {
	if many, able := a.Blob.(rangeread.RangesReader); able {
		return many.ReadRanges(buffers, offsets)
	}
	return errors.ErrUnsupported
}
