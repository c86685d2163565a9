// Package rangeread reads ranges of a blob within a budget.
package rangeread

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
)

// ErrBudget is returned once the bytes that may be read are spent.
var ErrBudget = errors.New("the read budget is spent")

// Reader reads a blob's ranges within a budget. It ends when the budget is spent or the context is
// done, never asks beyond the blob's end, and remembers the few ranges that several sources look
// at. Ranges may be read side by side.
type Reader struct {
	ctx  context.Context
	blob io.ReaderAt
	size int64

	mutex    sync.Mutex
	left     int64 // bytes that may still be read
	requests int
	memory   []remembered
	err      error // the first failure of the blob itself
}

type remembered struct {
	at   int64
	data []byte
}

// New returns a reader of a blob of so many bytes.
func New(ctx context.Context, blob io.ReaderAt, size, budget int64) *Reader {
	return &Reader{ctx: ctx, blob: blob, size: size, left: max(budget, 0)}
}

// Reserve sets n bytes of the budget aside, for a reader of its own.
func (b *Reader) Reserve(n int64) *Reader {
	b.mutex.Lock()
	defer b.mutex.Unlock()
	b.left -= n
	return &Reader{ctx: b.ctx, blob: b.blob, size: b.size, left: n, memory: b.memory}
}

// Err returns the first failure of the blob itself, after which it is left alone.
func (b *Reader) Err() error {
	b.mutex.Lock()
	defer b.mutex.Unlock()
	return b.err
}

// Left returns how many bytes may still be read.
func (b *Reader) Left() int64 {
	b.mutex.Lock()
	defer b.mutex.Unlock()
	return b.left
}

// ReadAt keeps the contract of io.ReaderAt.
func (b *Reader) ReadAt(p []byte, at int64) (int, error) {
	if at < 0 {
		return 0, fmt.Errorf("layersize: offset %d", at)
	}
	if at >= b.size {
		return 0, io.EOF
	}
	var end error
	if rest := b.size - at; int64(len(p)) > rest {
		p, end = p[:rest], io.EOF
	}
	if len(p) == 0 {
		return 0, end
	}
	if b.copyRemembered(p, at) {
		return len(p), end
	}
	if err := b.readBlob(p, at); err != nil {
		return 0, err
	}
	return len(p), end
}

func (b *Reader) copyRemembered(p []byte, at int64) bool {
	b.mutex.Lock()
	kept := b.memory
	b.mutex.Unlock()
	for _, k := range kept {
		if at >= k.at && at+int64(len(p)) <= k.at+int64(len(k.data)) {
			copy(p, k.data[at-k.at:])
			return true
		}
	}
	return false
}

// readBlob is one request. After the blob has failed once it is left alone: a registry that ignores
// ranges would send the whole blob each time.
func (b *Reader) readBlob(p []byte, at int64) error {
	if err := b.spendBytes(int64(len(p))); err != nil {
		return err
	}
	n, err := b.blob.ReadAt(p, at)
	if n == len(p) {
		return nil
	}
	if err == nil || errors.Is(err, io.EOF) {
		err = fmt.Errorf("%w: %d of %d bytes at %d", io.ErrUnexpectedEOF, max(n, 0), len(p), at)
	}
	return b.recordFailure(err)
}

// ServesOneRange reports whether the blob's host is known to serve one range per request.
func (b *Reader) ServesOneRange() bool { return ServesOneRange(b.blob) }

// ReadRanges fills each buffer with the bytes at its offset, in as few requests as the blob allows,
// and spends the budget for all of them. Every range must lie within the blob. The error is
// errors.ErrUnsupported where the blob reads one range at a time, or fails at several: the budget
// then has all but what the attempt cost, and the blob is not left alone.
func (b *Reader) ReadRanges(buffers [][]byte, offsets []int64) error {
	reader, able := b.blob.(RangesReader)
	if !able {
		return errors.ErrUnsupported
	}
	missing, at, sum, err := b.notRemembered(buffers, offsets)
	if err != nil {
		return err
	}
	if sum == 0 {
		return nil
	}
	if err := b.spendBytes(sum); err != nil {
		return err
	}
	before := b.bytesRead()
	err = reader.ReadRanges(missing, at)
	switch {
	case err == nil:
		return nil
	case b.ctx.Err() != nil:
		return b.ctx.Err()
	}
	// A host that fails at several ranges may well serve one.
	b.returnBytes(sum - min(b.bytesRead()-before, sum))
	if errors.Is(err, errors.ErrUnsupported) {
		return err
	}
	return fmt.Errorf("%w: %w", errors.ErrUnsupported, err)
}

// notRemembered returns the ranges that must be read, and the sum of their bytes. It copies the
// others.
func (b *Reader) notRemembered(
	buffers [][]byte, offsets []int64,
) (missing [][]byte, at []int64, sum int64, err error) {
	if len(buffers) != len(offsets) {
		return nil, nil, 0, fmt.Errorf("layersize: %d buffers for %d ranges", len(buffers), len(offsets))
	}
	for i, offset := range offsets {
		p := buffers[i]
		if offset < 0 || offset > b.size-int64(len(p)) {
			return nil, nil, 0, fmt.Errorf("layersize: %d bytes at offset %d of %d", len(p), offset, b.size)
		}
		if !b.copyRemembered(p, offset) {
			missing, at, sum = append(missing, p), append(at, offset), sum+int64(len(p))
		}
	}
	return missing, at, sum, nil
}

// bytesRead is what reading the blob has cost so far, where it says so. Other reads may go on
// meanwhile, so that a difference is at least what one read cost.
func (b *Reader) bytesRead() int64 {
	meter, able := b.blob.(interface {
		Stats() (bytes, requests int64)
	})
	if able {
		bytes, _ := meter.Stats()
		return bytes
	}
	return 0
}

func (b *Reader) returnBytes(n int64) {
	b.mutex.Lock()
	defer b.mutex.Unlock()
	b.left += n
}

// recordFailure remembers the first failure of the blob.
func (b *Reader) recordFailure(err error) error {
	b.mutex.Lock()
	defer b.mutex.Unlock()
	if b.err == nil {
		b.err = err
	}
	return err
}

// spendBytes takes n bytes from the budget, if there are as many.
func (b *Reader) spendBytes(n int64) error {
	b.mutex.Lock()
	defer b.mutex.Unlock()
	if err := b.ctx.Err(); err != nil {
		return err
	}
	if b.err != nil {
		return b.err
	}
	if n > b.left {
		return ErrBudget
	}
	b.left -= n
	b.requests++
	return nil
}

// ReadAndKeep reads a range and remembers it. It is cut to what the blob has.
func (b *Reader) ReadAndKeep(at, length int64) ([]byte, error) {
	at = max(at, 0)
	data := make([]byte, max(0, min(length, b.size-at)))
	if _, err := b.ReadAt(data, at); err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	b.Remember(at, data)
	return data, nil
}

// Remember keeps what was read, so that it is not read again.
func (b *Reader) Remember(at int64, data []byte) {
	b.mutex.Lock()
	defer b.mutex.Unlock()
	b.memory = append(b.memory, remembered{at: at, data: data})
}

// Room is how many bytes may be read: of a blob that is remembered whole, as many as it has.
func (b *Reader) Room() int64 {
	b.mutex.Lock()
	defer b.mutex.Unlock()
	for _, k := range b.memory {
		if k.at == 0 && int64(len(k.data)) == b.size {
			return max(b.left, b.size)
		}
	}
	return b.left
}

// Section is a range as a reader that asks for steps at once.
func (b *Reader) Section(at, length, step int64) io.Reader {
	return &stepReader{r: b, at: at, end: at + length, step: step}
}

// stepReader reads a range in steps: each is one request.
type stepReader struct {
	r       io.ReaderAt
	at, end int64
	step    int64
	buffer  bytes.Reader
	page    []byte
}

func (s *stepReader) Read(p []byte) (int, error) {
	if s.buffer.Len() == 0 {
		length := min(s.step, s.end-s.at)
		if length <= 0 {
			return 0, io.EOF
		}
		if s.page == nil {
			s.page = make([]byte, length)
		}
		page := s.page[:length]
		if _, err := s.r.ReadAt(page, s.at); err != nil && !errors.Is(err, io.EOF) {
			return 0, err
		}
		s.at += length
		s.buffer.Reset(page)
	}
	return s.buffer.Read(p)
}
