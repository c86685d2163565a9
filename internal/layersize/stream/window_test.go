package stream

import (
	"bytes"
	"errors"
	"io"
	"math/rand/v2"
	"sync/atomic"
	"testing"

	"github.com/klauspost/compress/zstd"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/layersize"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/layersize/layertest"
)

// TestALargeWindowIsRefusedByTheFirstHeader, before much of the blob is read, and one of a later
// frame when that comes.
func TestALargeWindowIsRefusedByTheFirstHeader(t *testing.T) {
	t.Parallel()
	noise := make([]byte, 8<<20)
	_, _ = rand.NewChaCha8([32]byte{9}).Read(noise)
	frame := func(data []byte, window int) []byte {
		var out bytes.Buffer
		w, err := zstd.NewWriter(
			&out,
			zstd.WithWindowSize(window),
			zstd.WithEncoderConcurrency(1),
			zstd.WithEncoderLevel(zstd.SpeedFastest),
		)
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
	tarball := layertest.MakeTar(t, layertest.File{Header: layertest.Regular("noise", 0).Header, Content: noise})
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
		"behind a skip": {
			append([]byte{0x50, 0x2a, 0x4d, 0x18, 2, 0, 0, 0, 'h', 'i'}, frame(tarball, 16<<20)...), true, 1 << 20,
		},
	} {
		var read atomic.Int64
		body := bodyOf(func() (io.ReadCloser, error) {
			return io.NopCloser(io.TeeReader(bytes.NewReader(test.packed), counting(&read))), nil
		})
		_, err := Measure(
			t.Context(),
			layersize.Layer{MediaType: layertest.TypeOCIZstd, Size: int64(len(test.packed)), Blob: body},
			Limits{WindowBytes: 4 << 20},
		)
		if !errors.Is(err, layersize.ErrWindow) || errors.Is(err, layersize.ErrFirstWindow) != test.first {
			t.Errorf("%s: %v", name, err)
		}
		if n := read.Load(); n > test.read {
			t.Errorf("%s: %d bytes of %d were read", name, n, len(test.packed))
		}
	}
}

// TestALaterFrameMayAskForAsMuchAsTheFirst, or for 32 MiB; more is refused until the caller allows
// any frame the limit.
func TestALaterFrameMayAskForAsMuchAsTheFirst(t *testing.T) {
	t.Parallel()
	data := layertest.MakeTar(t, layertest.Regular("a", 5000))
	frame := func(data []byte, window int) []byte {
		var out bytes.Buffer
		w, err := zstd.NewWriter(&out, zstd.WithWindowSize(window), zstd.WithEncoderLevel(zstd.SpeedFastest))
		if err != nil {
			t.Fatal(err)
		}
		// in two blocks, so that the header has the window
		for _, part := range [][]byte{data[:len(data)/2], data[len(data)/2:]} {
			if _, err := w.Write(part); err != nil {
				t.Fatal(err)
			}
			if err := w.Flush(); err != nil {
				t.Fatal(err)
			}
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		return out.Bytes()
	}
	skipped := []byte{0x50, 0x2a, 0x4d, 0x18, 2, 0, 0, 0, 'h', 'i'}
	far := append([]byte{0x50, 0x2a, 0x4d, 0x18, 0, 8, 0, 0}, make([]byte, 2048)...)
	for name, test := range map[string]struct {
		packed [][]byte
		limits Limits
		want   error
	}{
		"more than 32 MiB": {
			[][]byte{frame(data[:512], 8<<20), frame(data[512:], 64<<20)}, Limits{}, layersize.ErrWindow,
		},
		"more, which is allowed": {
			[][]byte{frame(data[:512], 8<<20), frame(data[512:], 64<<20)}, Limits{AnyFrame: true}, nil,
		},
		"32 MiB":               {[][]byte{frame(data[:512], 8<<20), frame(data[512:], 32<<20)}, Limits{}, nil},
		"as much as the first": {[][]byte{frame(data[:512], 64<<20), frame(data[512:], 64<<20)}, Limits{}, nil},
		"as the first behind a skip": {
			[][]byte{skipped, frame(data[:512], 64<<20), frame(data[512:], 64<<20)}, Limits{}, nil,
		},
		"behind a skip that is long": {[][]byte{far, frame(data, 64<<20)}, Limits{}, nil},
		"more than the first has": {
			[][]byte{frame(data[:512], 64<<20), frame(data[512:], 128<<20)}, Limits{}, layersize.ErrWindow,
		},
		"more than any may": {[][]byte{frame(data, 256<<20)}, Limits{AnyFrame: true}, layersize.ErrFirstWindow},
		"more than any may, but later": {
			[][]byte{frame(data[:512], 8<<20), frame(data[512:], 256<<20)}, Limits{AnyFrame: true},
			layersize.ErrWindow,
		},
	} {
		packed := bytes.Join(test.packed, nil)
		m, err := Measure(t.Context(), layertest.NewLayer(layertest.TypeOCIZstd, packed), test.limits)
		if !errors.Is(err, test.want) || err == nil && m.UnpackedBytes != layersize.Exactly(int64(len(data))) {
			t.Errorf("%s: %+v, error %v, want %v", name, m, err, test.want)
		}
	}
}

type byteCounter struct{ n *atomic.Int64 }

func counting(n *atomic.Int64) byteCounter { return byteCounter{n} }

func (c byteCounter) Write(p []byte) (int, error) {
	c.n.Add(int64(len(p)))
	return len(p), nil
}
