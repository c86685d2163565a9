package measure

import (
	"sync"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/registry"
)

// ranges are what was read of a blob in one run, by their offsets. A probe with a larger allowance
// reads first what the smaller one has read: it is answered from here, and counts against the
// allowance all the same, so that the same bytes are seen whether there was a smaller one or not.
type ranges struct {
	mutex sync.Mutex
	read  map[int64][]byte
}

// rangeMemory is a blob whose ranges are remembered. They take as much memory as is read of the
// layers that are still uncertain: the read budget at most.
type rangeMemory struct {
	*registry.Blob
	ranges *ranges
}

func (r *ranges) recall(p []byte, offset int64) bool {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	data := r.read[offset]
	return len(data) >= len(p) && copy(p, data) == len(p)
}

func (r *ranges) remember(p []byte, offset int64) {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	if r.read == nil {
		r.read = map[int64][]byte{}
	}
	if len(r.read[offset]) < len(p) {
		r.read[offset] = append([]byte(nil), p...)
	}
}

// ReadAt keeps the contract of io.ReaderAt.
func (m *rangeMemory) ReadAt(p []byte, offset int64) (int, error) {
	if m.ranges.recall(p, offset) {
		return len(p), nil
	}
	n, err := m.Blob.ReadAt(p, offset)
	if n == len(p) {
		m.ranges.remember(p, offset)
	}
	return n, err
}

// ReadRanges asks for what is not remembered.
func (m *rangeMemory) ReadRanges(buffers [][]byte, offsets []int64) error {
	var missing [][]byte
	var at []int64
	for i, p := range buffers {
		if !m.ranges.recall(p, offsets[i]) {
			missing, at = append(missing, p), append(at, offsets[i])
		}
	}
	if len(missing) == 0 {
		return nil
	}
	if err := m.Blob.ReadRanges(missing, at); err != nil {
		return err
	}
	for i, p := range missing {
		m.ranges.remember(p, at[i])
	}
	return nil
}
