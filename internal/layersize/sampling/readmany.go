package sampling

import (
	"errors"

	"sync/atomic"
)

// rangesReader is a blob that reads many ranges in one request. The error is errors.ErrUnsupported where its host
// serves one range per request.
type rangesReader interface {
	ReadRanges(buffers [][]byte, offsets []int64) error
}

const (
	// rangeOverhead is what one of several ranges costs beside its bytes: its place in the request's header, and the
	// header of its part in the answer, 200 bytes together in most registries' answers.
	rangeOverhead = 256

	rangesPerRequest = 200     // what Apache serves by default
	bytesPerRequest  = 2 << 20 // so that windows are decoded while others are on their way
)

// manyReader reads many ranges of a stream, several per request where its host allows that.
type manyReader struct {
	source
	ranges rangesReader // nil where the stream's reader is none
	single atomic.Bool  // the host serves one range per request
}

// readsMany reports whether several ranges in one request are worth a try.
func (m *manyReader) readsMany() bool {
	return m.ranges != nil && !m.single.Load()
}

// cost is what n ranges of so many bytes take from the budget.
func (m *manyReader) cost(n, length int64) int64 { return n * (length + rangeOverhead) }

// readEach reads ranges of one length, shorter at the stream's end, and hands over each with slack behind it. Calls
// of use run side by side.
func (m *manyReader) readEach(offsets []int64, length int64, use func(i int, data []byte)) error {
	if !m.readsMany() {
		return m.readSingly(offsets, length, use)
	}
	batch := int(max(1, min(rangesPerRequest, bytesPerRequest/length)))
	var starts []int64
	for i := 0; i < len(offsets); i += batch {
		starts = append(starts, int64(i))
	}
	return each(starts, func(_ int, start int64) error {
		some := offsets[start:min(len(offsets), int(start)+batch)]
		err := m.readBatch(some, length, func(i int, data []byte) { use(int(start)+i, data) })
		if errors.Is(err, errors.ErrUnsupported) {
			m.single.Store(true)
			return m.readSingly(some, length, func(i int, data []byte) { use(int(start)+i, data) })
		}
		return err
	})
}

func (m *manyReader) readSingly(offsets []int64, length int64, use func(i int, data []byte)) error {
	return each(offsets, func(i int, offset int64) error {
		data, err := m.window(offset, length)
		if err == nil {
			use(i, data)
		}
		return err
	})
}

// readBatch reads several ranges with one request.
func (m *manyReader) readBatch(offsets []int64, length int64, use func(i int, data []byte)) error {
	if err := m.ctx.Err(); err != nil {
		return err
	}
	windows, buffers := make([][]byte, len(offsets)), make([][]byte, len(offsets))
	total := int64(0)
	for i, offset := range offsets {
		n := min(length, m.size-offset)
		windows[i] = make([]byte, n+inputSlack)
		buffers[i] = windows[i][:n]
		total += n + rangeOverhead
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
	for i, data := range windows {
		use(i, data)
	}
	return nil
}

func (m *manyReader) giveBack(n int64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.left += n
	m.read -= n
	m.nreads--
}

// withoutRanges remembers that the host serves one range per request, if that is what an error says.
func (m *manyReader) withoutRanges(err error) error {
	if errors.Is(err, errors.ErrUnsupported) {
		m.single.Store(true)
		return nil
	}
	return err
}
