package rangeread

import (
	"bytes"
	"context"
	"errors"
	"io"
	"testing"
)

// memoryBlob is a blob in memory, which counts what is asked of it.
type memoryBlob struct {
	data     []byte
	read     int64
	requests int
}

func (m *memoryBlob) ReadAt(p []byte, at int64) (int, error) {
	m.requests++
	n, err := bytes.NewReader(m.data).ReadAt(p, at)
	m.read += int64(n)
	return n, err
}

// rangesBlob is a blob that reads many ranges at once, or says that its host does not.
type rangesBlob struct {
	*memoryBlob
	calls     int
	err       error
	wasted    int64 // bytes that a refused call reads all the same
	totalRead int64
}

func (r *rangesBlob) ReadRanges(buffers [][]byte, offsets []int64) error {
	r.calls++
	if r.err != nil {
		r.totalRead += r.wasted
		return r.err
	}
	for i, p := range buffers {
		copy(p, r.data[offsets[i]:])
		r.totalRead += int64(len(p))
	}
	return nil
}

func (r *rangesBlob) Stats() (bytes, requests int64) { return r.totalRead, int64(r.calls) }

func buffersOf(lengths ...int) [][]byte {
	var buffers [][]byte
	for _, n := range lengths {
		buffers = append(buffers, make([]byte, n))
	}
	return buffers
}

func TestManyRangesSpendTheirSumAndOneRequest(t *testing.T) {
	t.Parallel()
	blob := &rangesBlob{memoryBlob: &memoryBlob{data: []byte("0123456789")}}
	b := &Reader{ctx: t.Context(), blob: blob, size: 10, left: 6}
	b.Remember(8, []byte("89"))
	buffers := buffersOf(2, 1, 2)
	if err := b.ReadRanges(buffers, []int64{4, 1, 8}); err != nil {
		t.Fatal(err)
	}
	if string(buffers[0]) != "45" || string(buffers[1]) != "1" || string(buffers[2]) != "89" {
		t.Errorf("%q", buffers)
	}
	if b.left != 3 || b.requests != 1 || blob.calls != 1 || blob.totalRead != 3 {
		t.Errorf("%d left, %d requests, %d calls, %d bytes", b.left, b.requests, blob.calls, blob.totalRead)
	}
	err := b.ReadRanges(buffersOf(2, 2), []int64{0, 4})
	if !errors.Is(err, ErrBudget) || blob.calls != 1 || b.left != 3 {
		t.Errorf("beyond the budget: %v, %d calls, %d left", err, blob.calls, b.left)
	}
	if err := b.ReadRanges(buffersOf(2), []int64{8}); err != nil || blob.calls != 1 {
		t.Errorf("what is remembered: %v, %d calls", err, blob.calls)
	}
	if err := b.ReadRanges(buffersOf(2), []int64{9}); err == nil || blob.calls != 1 || b.left != 3 {
		t.Errorf("beyond the end: %v, %d calls, %d left", err, blob.calls, b.left)
	}
}

func TestOneRangeAtATimeLeavesTheBudgetAsItWas(t *testing.T) {
	t.Parallel()
	for name, blob := range map[string]io.ReaderAt{
		"a blob without the method": &memoryBlob{data: make([]byte, 10)},
		"a host that refuses": &rangesBlob{
			memoryBlob: &memoryBlob{data: make([]byte, 10)}, err: errors.ErrUnsupported,
		},
	} {
		b := &Reader{ctx: t.Context(), blob: blob, size: 10, left: 6}
		if err := b.ReadRanges(buffersOf(2, 2), []int64{0, 4}); !errors.Is(err, errors.ErrUnsupported) || b.left != 6 {
			t.Errorf("%s: %v, %d left", name, err, b.left)
		}
		if _, err := b.ReadAt(make([]byte, 2), 4); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestWhatARefusedAttemptReadIsNotSpentAgain(t *testing.T) {
	t.Parallel()
	blob := &rangesBlob{memoryBlob: &memoryBlob{data: make([]byte, 10)}, err: errors.ErrUnsupported, wasted: 3}
	b := &Reader{ctx: t.Context(), blob: blob, size: 10, left: 6}
	if err := b.ReadRanges(buffersOf(2, 2), []int64{0, 4}); !errors.Is(err, errors.ErrUnsupported) || b.left != 3 {
		t.Errorf("%v, %d left", err, b.left)
	}
}

// TestManyRangesThatFailAreReadOneByOne: some servers break the connection when they are asked for
// several ranges.
func TestManyRangesThatFailAreReadOneByOne(t *testing.T) {
	t.Parallel()
	broken := errors.New("broken")
	blob := &rangesBlob{memoryBlob: &memoryBlob{data: make([]byte, 10)}, err: broken}
	b := &Reader{ctx: t.Context(), blob: blob, size: 10, left: 10}
	err := b.ReadRanges(buffersOf(2, 2), []int64{0, 4})
	if !errors.Is(err, broken) || !errors.Is(err, errors.ErrUnsupported) || b.left != 10 {
		t.Errorf("%v, %d left", err, b.left)
	}
	if _, err := b.ReadAt(make([]byte, 2), 0); err != nil {
		t.Errorf("one range: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	b = &Reader{ctx: ctx, blob: blob, size: 10, left: 10}
	if err := b.ReadRanges(buffersOf(2, 2), []int64{0, 4}); !errors.Is(err, context.Canceled) || blob.calls != 1 {
		t.Errorf("%v, %d calls", err, blob.calls)
	}
}

func TestBudgetReaderKeepsTheContractOfReaderAt(t *testing.T) {
	t.Parallel()
	blob := &memoryBlob{data: []byte("0123456789")}
	b := New(t.Context(), blob, 10, 15)
	if head, err := b.ReadAndKeep(0, 4); err != nil || string(head) != "0123" {
		t.Fatalf("%q, %v", head, err)
	}
	if tail, err := b.ReadAndKeep(-3, 3); err != nil || string(tail) != "012" {
		t.Fatalf("%q, %v", tail, err)
	}
	p := make([]byte, 4)
	for _, test := range []struct {
		at, length int64
		want       string
		err        error
		left       int64
	}{
		{1, 3, "123", nil, 11},   // remembered
		{6, 4, "6789", nil, 7},   // the end itself is no error
		{8, 4, "89", io.EOF, 5},  // beyond it is
		{10, 1, "", io.EOF, 5},   // nothing is asked
		{0, 0, "", nil, 5},       // nor here
		{4, 4, "4567", nil, 1},   // the budget
		{4, 4, "", ErrBudget, 1}, // and its end
		{0, 4, "0123", nil, 1},   // what is remembered is free
	} {
		n, err := b.ReadAt(p[:test.length], test.at)
		if string(p[:n]) != test.want || !errors.Is(err, test.err) || b.left != test.left {
			t.Errorf(
				"%d bytes at %d: %q, %v, %d left, want %q, %v, %d",
				test.length,
				test.at,
				p[:n],
				err,
				b.left,
				test.want,
				test.err,
				test.left,
			)
		}
	}
	if _, err := b.ReadAt(p, -1); err == nil {
		t.Error("a negative offset is no error")
	}
	if blob.read != 14 || b.requests != blob.requests {
		t.Errorf("%d bytes in %d requests, counted %d", blob.read, blob.requests, b.requests)
	}
}
