package measure

import (
	"bytes"
	"errors"
	"io"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"
)

// recordedRange is one that was asked for: in a request for several, or by itself.
type recordedRange struct {
	Offset, Length int64
	Several        bool
}

// recordingBlob answers from data, and records what it is asked for.
type recordingBlob struct {
	data     []byte
	oneRange bool  // it serves one range per request
	err      error // of every read of one range

	mutex sync.Mutex
	asked []recordedRange
}

func (b *recordingBlob) Open() (io.ReadCloser, error) { return nil, errors.ErrUnsupported }

func (b *recordingBlob) ServesOneRange() bool { return b.oneRange }

func (b *recordingBlob) ReadAt(p []byte, offset int64) (int, error) {
	b.record(p, offset, false)
	if b.err != nil {
		return 0, b.err
	}
	return copy(p, b.data[offset:]), nil
}

func (b *recordingBlob) ReadRanges(buffers [][]byte, offsets []int64) error {
	if b.oneRange {
		return errors.ErrUnsupported
	}
	for i, p := range buffers {
		b.record(p, offsets[i], true)
		copy(p, b.data[offsets[i]:])
	}
	return nil
}

func (b *recordingBlob) record(p []byte, offset int64, several bool) {
	b.mutex.Lock()
	defer b.mutex.Unlock()
	b.asked = append(b.asked, recordedRange{offset, int64(len(p)), several})
}

// takeAsked returns what was asked for since the last time.
func (b *recordingBlob) takeAsked() []recordedRange {
	b.mutex.Lock()
	defer b.mutex.Unlock()
	asked := b.asked
	b.asked = nil
	return asked
}

func newRecordingBlob() *recordingBlob {
	data := make([]byte, 1000)
	for i := range data {
		data[i] = byte(i * 7)
	}
	return &recordingBlob{data: data}
}

// assertBytes reads one range of the blob before it is compared.
func assertBytes(t *testing.T, from io.ReaderAt, data []byte, offset, length int64) {
	t.Helper()
	p := make([]byte, length)
	n, err := from.ReadAt(p, offset)
	if int64(n) != length || err != nil || !bytes.Equal(p, data[offset:offset+length]) {
		t.Errorf("%d bytes at %d: %d came, %v, or they are wrong", length, offset, n, err)
	}
}

func assertAsked(t *testing.T, b *recordingBlob, want ...recordedRange) {
	t.Helper()
	if diff := cmp.Diff(want, b.takeAsked()); diff != "" {
		t.Errorf("asked for, - want, + got:\n%s", diff)
	}
}

// TestBothEndsAreReadAheadWithOneRequest, and what lies in them is not asked for again.
func TestBothEndsAreReadAheadWithOneRequest(t *testing.T) {
	t.Parallel()
	b := newRecordingBlob()
	a := prefetchEnds(b, 1000, 100)
	a.waitForEnds()
	assertAsked(t, b, recordedRange{0, 100, true}, recordedRange{900, 100, true})
	assertBytes(t, a, b.data, 0, 100)
	assertBytes(t, a, b.data, 992, 8)
	start, middle, end := make([]byte, 50), make([]byte, 10), make([]byte, 100)
	if err := a.ReadRanges([][]byte{start, end}, []int64{50, 900}); err != nil {
		t.Fatal(err)
	}
	assertAsked(t, b)
	if err := a.ReadRanges([][]byte{start, middle, end}, []int64{0, 400, 900}); err != nil {
		t.Fatal(err)
	}
	assertAsked(t, b, recordedRange{400, 10, true})
	if !bytes.Equal(middle, b.data[400:410]) || !bytes.Equal(end, b.data[900:]) {
		t.Error("a range has other bytes than the blob")
	}
	assertBytes(t, a, b.data, 500, 10)
	assertAsked(t, b, recordedRange{500, 10, false})
}

// TestTheStartAloneIsReadAheadOfAHostOfOneRange, and the end when it is wanted.
func TestTheStartAloneIsReadAheadOfAHostOfOneRange(t *testing.T) {
	t.Parallel()
	b := newRecordingBlob()
	b.oneRange = true
	a := prefetchEnds(b, 1000, 100)
	if !a.ServesOneRange() {
		t.Error("the host seems to serve several ranges")
	}
	if err := a.ReadRanges([][]byte{make([]byte, 10), make([]byte, 10)}, []int64{0, 900}); !errors.Is(
		err, errors.ErrUnsupported,
	) {
		t.Errorf("several ranges: %v", err)
	}
	assertBytes(t, a, b.data, 0, 100)
	assertAsked(t, b, recordedRange{0, 100, false})
	assertBytes(t, a, b.data, 900, 100)
	assertAsked(t, b, recordedRange{900, 100, false})
}

// TestAStartThatCannotBeReadIsNotAskedForAgain: its failure is that of the first who wants it.
func TestAStartThatCannotBeReadIsNotAskedForAgain(t *testing.T) {
	t.Parallel()
	b := newRecordingBlob()
	b.oneRange, b.err = true, errors.New("gone")
	a := prefetchEnds(b, 1000, 100)
	if _, err := a.ReadAt(make([]byte, 10), 20); !errors.Is(err, b.err) {
		t.Errorf("the start: %v", err)
	}
	assertAsked(t, b, recordedRange{0, 100, false})
	if _, err := a.ReadAt(make([]byte, 10), 95); !errors.Is(err, b.err) {
		t.Errorf("beyond the start: %v", err)
	}
	assertAsked(t, b, recordedRange{95, 10, false})
}

// waitingBlob answers once it may.
type waitingBlob struct {
	*recordingBlob
	may chan struct{}
}

func (b waitingBlob) ReadRanges(buffers [][]byte, offsets []int64) error {
	<-b.may
	return b.recordingBlob.ReadRanges(buffers, offsets)
}

// TestReadersWaitForTheEndsThatAreOnTheirWay in place of asking for them too.
func TestReadersWaitForTheEndsThatAreOnTheirWay(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := waitingBlob{newRecordingBlob(), make(chan struct{})}
		a := prefetchEnds(b, 1000, 100)
		var group sync.WaitGroup
		group.Go(func() { assertBytes(t, a, b.data, 950, 50) })
		synctest.Wait()
		assertAsked(t, b.recordingBlob)
		close(b.may)
		group.Wait()
		assertAsked(t, b.recordingBlob, recordedRange{0, 100, true}, recordedRange{900, 100, true})
	})
}
