package sampling

import (
	"context"
	"errors"
	"io"
	"sync"
	"sync/atomic"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/layersize/rangeread"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/layersize/transcript"
)

const (
	// rangeOverhead is what one of several ranges costs beside its bytes: its place in the
	// request's header, and the header of its part in the answer, 200 bytes together in most
	// registries' answers.
	rangeOverhead = 256

	rangesPerRequest = 200     // what Apache serves by default
	bytesPerRequest  = 2 << 20 // so that windows are decoded while others are on their way
)

// manyReader reads many ranges of a stream, several per request where its host allows that.
type manyReader struct {
	source
	ranges rangeread.RangesReader // nil where the stream's reader is none
	single atomic.Bool            // the host serves one range per request
}

func newManyReader(ctx context.Context, r io.ReaderAt, size, budget int64) manyReader {
	ranges, _ := r.(rangeread.RangesReader)
	return manyReader{source: source{ctx: ctx, r: r, size: size, left: budget}, ranges: ranges}
}

// readsMany reports whether several ranges in one request are worth a try.
func (m *manyReader) readsMany() bool {
	return m.ranges != nil && !m.single.Load()
}

// servesOneRange reports whether the host is known to serve one range per request.
func (m *manyReader) servesOneRange() bool { return rangeread.ServesOneRange(m.r) }

// cost is what n ranges of so many bytes take from the budget.
func (m *manyReader) cost(n, length int64) int64 { return n * (length + rangeOverhead) }

// piece is a range of the stream.
type piece struct{ offset, length int64 }

// readEach reads ranges of one length, shorter at the stream's end, and hands over each with slack
// behind it. Calls of use run side by side.
func (m *manyReader) readEach(offsets []int64, length int64, use func(i int, data []byte)) error {
	pieces := make([]piece, len(offsets))
	for i, offset := range offsets {
		pieces[i] = piece{offset, min(length, m.size-offset)}
	}
	return m.readPieces(pieces, use)
}

// readPieces reads ranges as readEach does.
func (m *manyReader) readPieces(pieces []piece, use func(i int, data []byte)) error {
	if !m.readsMany() {
		return m.readSingly(pieces, use)
	}
	return each(batches(pieces), func(_ int, start int64) error {
		some := pieces[start:]
		some = some[:batchLength(some)]
		useSome := func(i int, data []byte) { use(int(start)+i, data) }
		err := m.readBatch(some, useSome)
		if errors.Is(err, errors.ErrUnsupported) {
			m.single.Store(true)
			return m.readSingly(some, useSome)
		}
		return err
	})
}

// batches are the indices of the ranges with which requests begin.
func batches(pieces []piece) (starts []int64) {
	for at := 0; at < len(pieces); at += batchLength(pieces[at:]) {
		starts = append(starts, int64(at))
	}
	return starts
}

// batchLength is how many of some ranges one request reads.
func batchLength(pieces []piece) int {
	n, total := 0, int64(0)
	for n < min(len(pieces), rangesPerRequest) {
		if total += pieces[n].length; n > 0 && total > bytesPerRequest {
			break
		}
		n++
	}
	return n
}

func (m *manyReader) readSingly(pieces []piece, use func(i int, data []byte)) error {
	offsets := make([]int64, len(pieces))
	for i, p := range pieces {
		offsets[i] = p.offset
	}
	return each(offsets, func(i int, offset int64) error {
		data, err := m.window(offset, pieces[i].length)
		if err == nil {
			use(i, data)
		}
		return err
	})
}

// readBatch reads several ranges with one request.
func (m *manyReader) readBatch(pieces []piece, use func(i int, data []byte)) error {
	if err := m.ctx.Err(); err != nil {
		return err
	}
	windows, buffers := make([][]byte, len(pieces)), make([][]byte, len(pieces))
	offsets := make([]int64, len(pieces))
	total := int64(0)
	for i, p := range pieces {
		windows[i] = make([]byte, p.length+transcript.Slack)
		buffers[i], offsets[i] = windows[i][:p.length], p.offset
		total += p.length + rangeOverhead
	}
	if !m.take(total) {
		return errBudget
	}
	err := m.ranges.ReadRanges(buffers, offsets)
	if err != nil {
		if errors.Is(err, errors.ErrUnsupported) {
			m.giveBack(total)
		}
		return err
	}
	var group sync.WaitGroup
	for i, data := range windows {
		group.Go(func() { use(i, data) })
	}
	group.Wait()
	return nil
}

func (m *manyReader) giveBack(n int64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.left += n
	m.read -= n
	m.nreads--
}

// withoutRanges remembers that the host serves one range per request, if that is what an error
// says.
func (m *manyReader) withoutRanges(err error) error {
	if errors.Is(err, errors.ErrUnsupported) {
		m.single.Store(true)
		return nil
	}
	return err
}
