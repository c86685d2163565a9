package measure

import (
	"cmp"
	"errors"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/registry"
)

// ranges are what was read of a blob in one run. A probe with a larger allowance reads first much
// of what the smaller one has read: it is answered from here, and counts against the allowance all
// the same, so that the same bytes are seen whether there was a smaller one or not.
type ranges struct {
	mutex sync.Mutex
	read  []rangeRead // in ascending order, none overlaps another

	oneRange atomic.Bool // the host serves one range per request
}

type rangeRead struct {
	from int64
	data []byte
}

func (r rangeRead) end() int64 { return r.from + int64(len(r.data)) }

// rangeMemory is a blob whose ranges are remembered. They take as much memory as is read of the
// layers that are still uncertain: the read budget at most.
type rangeMemory struct {
	*registry.Blob
	ranges *ranges
}

// recallEnds fills what is known of p from both its ends. It returns the part between, which is to
// be read: nothing where all is known.
func (r *ranges) recallEnds(p []byte, offset int64) (missing []byte, at int64) {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	return r.trimKnown(p, offset)
}

// trimKnown is recallEnds for a caller that holds the mutex.
func (r *ranges) trimKnown(p []byte, offset int64) (missing []byte, at int64) {
	for len(p) > 0 {
		known := r.findRange(offset)
		if known == nil {
			break
		}
		n := copy(p, known.data[offset-known.from:])
		p, offset = p[n:], offset+int64(n)
	}
	for len(p) > 0 {
		known := r.findRange(offset + int64(len(p)) - 1)
		if known == nil {
			break
		}
		keep := known.from - offset // positive, as the first byte is not known
		copy(p[keep:], known.data)
		p = p[:keep]
	}
	return p, offset
}

// findRange returns the range that holds a byte, nil for none.
func (r *ranges) findRange(offset int64) *rangeRead {
	i := r.firstBehind(offset)
	if i == 0 || r.read[i-1].end() <= offset {
		return nil
	}
	return &r.read[i-1]
}

// firstBehind returns the index of the first range that begins behind an offset.
func (r *ranges) firstBehind(offset int64) int {
	i, _ := slices.BinarySearchFunc(r.read, offset+1, func(known rangeRead, offset int64) int {
		return cmp.Compare(known.from, offset)
	})
	return i
}

// remember adds a range. It replaces those within it.
func (r *ranges) remember(p []byte, offset int64) {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	p, offset = r.trimKnown(p, offset) // another reader may have added a part meanwhile
	if len(p) > 0 {
		added := rangeRead{offset, slices.Clone(p)}
		r.read = slices.Replace(r.read, r.firstBehind(offset), r.firstBehind(added.end()-1), added)
	}
}

// ReadAt keeps the contract of io.ReaderAt.
func (m *rangeMemory) ReadAt(p []byte, offset int64) (int, error) {
	missing, at := m.ranges.recallEnds(p, offset)
	if len(missing) == 0 {
		return len(p), nil
	}
	n, err := m.Blob.ReadAt(missing, at)
	if n < len(missing) {
		return int(at-offset) + n, err
	}
	m.ranges.remember(missing, at)
	return len(p), err
}

// ServesOneRange returns whether ReadRanges does, or is known to.
func (m *rangeMemory) ServesOneRange() bool {
	return m.ranges.oneRange.Load() || m.Blob.ServesOneRange()
}

// ReadRanges asks for what is not remembered. Of a host that serves one range per request it says
// so even where all is remembered, so that the reader goes on as it would without the memory.
func (m *rangeMemory) ReadRanges(buffers [][]byte, offsets []int64) error {
	if len(buffers) > 1 && m.ranges.oneRange.Load() {
		return errors.ErrUnsupported
	}
	var missing [][]byte
	var at []int64
	for i, p := range buffers {
		if part, from := m.ranges.recallEnds(p, offsets[i]); len(part) > 0 {
			missing, at = append(missing, part), append(at, from)
		}
	}
	if len(missing) == 0 {
		return nil
	}
	if err := m.Blob.ReadRanges(missing, at); err != nil {
		if errors.Is(err, errors.ErrUnsupported) {
			m.ranges.oneRange.Store(true)
		}
		return err
	}
	for i, p := range missing {
		m.ranges.remember(p, at[i])
	}
	return nil
}
