package layersize

import (
	"bytes"
	"errors"
	"io"
	"math/rand/v2"
	"sync/atomic"
	"testing"

	"github.com/klauspost/compress/zstd"
)

// TestALargeWindowIsRefusedByTheFirstHeader, before much of the blob is read, and one of a later frame when that comes.
func TestALargeWindowIsRefusedByTheFirstHeader(t *testing.T) {
	t.Parallel()
	noise := make([]byte, 8<<20)
	_, _ = rand.NewChaCha8([32]byte{9}).Read(noise)
	frame := func(data []byte, window int) []byte {
		var out bytes.Buffer
		w, err := zstd.NewWriter(&out, zstd.WithWindowSize(window), zstd.WithEncoderConcurrency(1), zstd.WithEncoderLevel(zstd.SpeedFastest))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.Copy(w, bytes.NewReader(data)); err != nil {
			t.Fatal(err)
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		return out.Bytes()
	}
	tarball := makeTar(t, file{Header: regular("noise", 0).Header, content: noise})
	single, err := zstd.NewWriter(nil, zstd.WithSingleSegment(true))
	if err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct {
		packed []byte
		first  bool
		read   int64 // at most
	}{
		"the first frame":  {frame(tarball, 16<<20), true, 512 << 10},
		"a single segment": {single.EncodeAll(tarball, nil), true, 512 << 10},
		"the second frame": {append(frame(tarball[:4<<20], 1<<20), frame(tarball[4<<20:], 16<<20)...), false, 8 << 20},
		"behind a skip":    {append([]byte{0x50, 0x2a, 0x4d, 0x18, 2, 0, 0, 0, 'h', 'i'}, frame(tarball, 16<<20)...), false, 1 << 20},
	} {
		var read atomic.Int64
		body := bodyOf(func() (io.ReadCloser, error) {
			return io.NopCloser(io.TeeReader(bytes.NewReader(test.packed), counting(&read))), nil
		})
		_, err := Stream(t.Context(), Layer{MediaType: typeOCIZstd, Size: int64(len(test.packed)), Blob: body}, Limits{WindowBytes: 4 << 20})
		if !errors.Is(err, ErrWindow) || errors.Is(err, ErrFirstWindow) != test.first {
			t.Errorf("%s: %v", name, err)
		}
		if n := read.Load(); n > test.read {
			t.Errorf("%s: %d bytes of %d were read", name, n, len(test.packed))
		}
	}
}

type byteCounter struct{ n *atomic.Int64 }

func counting(n *atomic.Int64) byteCounter { return byteCounter{n} }

func (c byteCounter) Write(p []byte) (int, error) {
	c.n.Add(int64(len(p)))
	return len(p), nil
}
