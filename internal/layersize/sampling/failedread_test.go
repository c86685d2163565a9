package sampling

import (
	"bytes"
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"sync/atomic"
	"testing"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/layersize/estimate"
)

// failingReader serves some reads, and then none.
type failingReader struct {
	io.ReaderAt
	left atomic.Int64
}

var errRead = errors.New("no more reads")

func (r *failingReader) ReadAt(p []byte, at int64) (int, error) {
	if r.left.Add(-1) < 0 {
		return 0, errRead
	}
	return r.ReaderAt.ReadAt(p, at)
}

// TestTheRoundsBeforeAFailedReadCount: a failure is an error only where no round was completed, and
// the bounds of what was read hold the length.
func TestTheRoundsBeforeAFailedReadCount(t *testing.T) {
	t.Parallel()
	data := make([]byte, 12<<20) // a quarter of the bytes are zeros, at random places
	random := rand.New(rand.NewPCG(1, 2))
	for i := range data {
		if random.IntN(4) > 0 {
			data[i] = byte(random.Uint32())
		}
	}
	for name, test := range map[string]struct {
		pack   func(io.Writer) io.WriteCloser
		sample func(ctx context.Context, r io.ReaderAt, size, budget int64) (estimate.Estimate, error)
	}{
		"gzip": {func(w io.Writer) io.WriteCloser { return gzip.NewWriter(w) }, Gzip},
		"zstd": {func(w io.Writer) io.WriteCloser {
			encoder, err := zstd.NewWriter(w)
			if err != nil {
				t.Fatal(err)
			}
			return encoder
		}, Zstd},
	} {
		var packed bytes.Buffer
		w := test.pack(&packed)
		if _, err := w.Write(data); err != nil {
			t.Fatal(err)
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		counted := 0
		for reads := int64(0); reads < 300; reads += 50 {
			blob := &failingReader{ReaderAt: bytes.NewReader(packed.Bytes())}
			blob.left.Store(reads)
			e, err := test.sample(t.Context(), blob, int64(packed.Len()), 6<<20)
			failed := blob.left.Load() < 0
			switch {
			case err != nil && !errors.Is(err, errRead):
				t.Fatalf("%s, %d reads: %v", name, reads, err)
			case err == nil && failed:
				counted++
				fallthrough
			case err == nil:
				if n := int64(len(data)); e.Unpacked.Min > n || e.Unpacked.Max < n {
					t.Errorf("%s, %d reads: %+v does not hold %d", name, reads, e.Unpacked, n)
				}
			}
		}
		if counted == 0 {
			t.Errorf("%s: no failure had a completed round before it", name)
		}
	}
}
