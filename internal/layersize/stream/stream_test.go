package stream

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"io"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/klauspost/compress/zstd"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/layersize"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/layersize/layertest"
)

func TestStreamReadsWhateverTheLayerIsPackedIn(t *testing.T) {
	t.Parallel()
	data := layertest.MakeTar(t, layertest.Mixture(60, 5000)...)
	half := len(data) / 2
	want := countFiles(t, data)
	for name, test := range map[string]struct {
		mediaType string
		blob      []byte
	}{
		"gzip":          {layertest.TypeOCIGzip, layertest.Gzip(t, data)},
		"Docker's gzip": {layertest.TypeDocker, layertest.Gzip(t, data)},
		"gzip of two members": {
			layertest.TypeOCIGzip, append(layertest.Gzip(t, data[:half]), layertest.Gzip(t, data[half:])...),
		},
		"zstd": {layertest.TypeOCIZstd, layertest.Zstd(t, data)},
		"zstd of two frames": {
			layertest.TypeOCIZstd, append(layertest.Zstd(t, data[:half]), layertest.Zstd(t, data[half:])...),
		},
		"zstd, skippable first": {
			layertest.TypeOCIZstd, append([]byte("\x5e\x2a\x4d\x18\x03\x00\x00\x00abc"), layertest.Zstd(t, data)...),
		},
		"gzip, said to be zstd": {layertest.TypeOCIZstd, layertest.Gzip(t, data)},
		"no compression":        {layertest.TypeOCIPlain, data},
		"said to be gzip":       {layertest.TypeOCIGzip, data},
		"no media type":         {"", layertest.Gzip(t, data)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := layertest.NewLayer(test.mediaType, test.blob)
			got, err := Measure(t.Context(), l, Limits{})
			if err != nil {
				t.Fatal(err)
			}
			if got.UnpackedBytes != want.UnpackedBytes || got.DiskBytes != want.DiskBytes ||
				*got.Inodes != *want.Inodes {
				t.Errorf("got %+v, want %+v", got, want)
			}
			if got.Method != layersize.MethodStreamed || !got.Exact {
				t.Errorf("method %s, exact %v", got.Method, got.Exact)
			}
			if blob := l.Blob.(*layertest.Memory); blob.Opened != 1 || blob.Closed != 1 || blob.Requests != 0 {
				t.Errorf("opened %d times, closed %d times, %d range reads", blob.Opened, blob.Closed, blob.Requests)
			}
		})
	}
}

func TestStreamCountsWhatStandsBehindTheTar(t *testing.T) {
	t.Parallel()
	data := layertest.MakeTar(t, layertest.Regular("a", 100))
	for _, behind := range []int{1, 10240, 3 << 20} {
		m := countFiles(t, append(bytes.Clone(data), make([]byte, behind)...))
		if want := int64(len(data) + behind); m.UnpackedBytes != layersize.Exactly(want) || !m.Exact {
			t.Errorf("%d bytes behind the tar: %+v, want %d", behind, m, want)
		}
	}
}

func TestAnEmptyBlobIsAnEmptyTar(t *testing.T) {
	t.Parallel()
	m := countFiles(t, nil)
	if m.UnpackedBytes != layersize.Exactly(0) || m.DiskBytes != layersize.Exactly(4096) || *m.Inodes != 1 || !m.Exact {
		t.Errorf("%+v", m)
	}
}

func TestStreamRefuses(t *testing.T) {
	t.Parallel()
	data := layertest.MakeTar(t, layertest.Mixture(60, 5000)...)
	packed := layertest.Gzip(t, data)
	damaged := bytes.Clone(packed)
	damaged[len(damaged)-6] ^= 1 // the checksum
	zeros := make([]byte, 8<<20)
	entries := make([]layertest.File, 50)
	for i := range entries {
		entries[i] = layertest.Regular(strconv.Itoa(i), 0)
	}
	sized := func(blob []byte, size int) layersize.Layer {
		l := layertest.NewLayer(layertest.TypeOCIGzip, blob)
		l.Size = int64(size)
		return l
	}
	for name, test := range map[string]struct {
		layer  layersize.Layer
		limits Limits
		want   error
	}{
		"a layer without a blob": {layersize.Layer{Size: 5}, Limits{}, errNoBlob},
		"a negative size":        {sized(packed, -1), Limits{}, layersize.ErrSize},
		"a blob that is longer":  {sized(packed, len(packed)-1), Limits{}, errTooLong},
		"a blob that is shorter": {sized(packed, len(packed)+1), Limits{}, errTruncated},
		"a blob that is cut":     {sized(packed[:5000], len(packed)), Limits{}, errTruncated},
		"a stream that is cut": {
			layertest.NewLayer(layertest.TypeOCIGzip, packed[:5000]), Limits{}, layersize.ErrCompression,
		},
		"a zstd stream that is cut": {
			layertest.NewLayer(layertest.TypeOCIZstd, layertest.Zstd(t, data)[:5000]), Limits{},
			layersize.ErrCompression,
		},
		"a damaged stream": {layertest.NewLayer(layertest.TypeOCIGzip, damaged), Limits{}, layersize.ErrCompression},
		"something behind zstd": {
			layertest.NewLayer(layertest.TypeOCIZstd, append(layertest.Zstd(t, data), "garbage"...)), Limits{},
			layersize.ErrCompression,
		},
		"a bomb": {
			layertest.NewLayer(layertest.TypeOCIGzip, layertest.Gzip(t, zeros)), Limits{UnpackedBytes: 1 << 20},
			layersize.ErrBomb,
		},
		"a zstd bomb": {
			layertest.NewLayer(layertest.TypeOCIZstd, layertest.Zstd(t, zeros)), Limits{UnpackedBytes: 1 << 20},
			layersize.ErrBomb,
		},
		"a bomb behind the tar": {
			layertest.NewLayer(layertest.TypeOCIGzip, layertest.Gzip(t, append(layertest.MakeTar(t), zeros...))),
			Limits{UnpackedBytes: 1 << 20}, layersize.ErrBomb,
		},
		"too many entries": {
			layertest.NewLayer(layertest.TypeOCIPlain, layertest.MakeTar(t, entries...)), Limits{Entries: 49},
			layersize.ErrTooManyEntries,
		},
		"a tar that is cut": {
			layertest.NewLayer(layertest.TypeOCIPlain, data[:len(data)/2]), Limits{}, layersize.ErrNotTar,
		},
		"text": {
			layertest.NewLayer(layertest.TypeOCIGzip, layertest.Gzip(t, []byte(strings.Repeat("no tar ", 500)))),
			Limits{}, layersize.ErrNotTar,
		},
		"another compression": {
			layertest.NewLayer("", append([]byte("\xfd7zXZ\x00"), data...)), Limits{}, layersize.ErrNotTar,
		},
		"a large window": {
			layertest.NewLayer(layertest.TypeOCIZstd, windowOf(t, 28)), Limits{}, layersize.ErrFirstWindow,
		},
		"a window beyond its limit": {
			layertest.NewLayer(layertest.TypeOCIZstd, windowOf(t, 24)), Limits{WindowBytes: 8 << 20},
			layersize.ErrWindow,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m, err := Measure(t.Context(), test.layer, test.limits)
			if !errors.Is(err, test.want) {
				t.Errorf("got %+v, error %v, want %v", m, err, test.want)
			}
		})
	}
}

// windowOf is a Zstandard frame with a window of 2^log bytes and an empty last block.
func windowOf(t *testing.T, log int) []byte {
	t.Helper()
	frame, err := hex.DecodeString("28b52ffd00" + hex.EncodeToString([]byte{byte((log - 10) << 3)}) + "010000")
	if err != nil {
		t.Fatal(err)
	}
	return frame
}

func TestStreamTakesEntriesUpToTheLimit(t *testing.T) {
	t.Parallel()
	data := layertest.MakeTar(t, layertest.Regular("a", 0), layertest.Regular("b", 0))
	_, err := Measure(
		t.Context(),
		layertest.NewLayer(layertest.TypeOCIPlain, data),
		Limits{Entries: 2, UnpackedBytes: int64(len(data))},
	)
	if err != nil {
		t.Error(err)
	}
}

func TestStreamPassesOnWhyTheBlobFailed(t *testing.T) {
	t.Parallel()
	broken := errors.New("connection reset")
	packed := layertest.Gzip(t, layertest.MakeTar(t, layertest.Mixture(60, 5000)...))
	for name, blob := range map[string]layersize.Blob{
		"to open": bodyOf(func() (io.ReadCloser, error) { return nil, broken }),
		"at once": bodyOf(func() (io.ReadCloser, error) { return io.NopCloser(failing{broken}), nil }),
		"later": bodyOf(func() (io.ReadCloser, error) {
			return io.NopCloser(io.MultiReader(bytes.NewReader(packed[:9000]), failing{broken})), nil
		}),
	} {
		_, err := Measure(t.Context(), layersize.Layer{Size: int64(len(packed)), Blob: blob}, Limits{})
		if !errors.Is(err, broken) || errors.Is(err, layersize.ErrCompression) || errors.Is(err, layersize.ErrNotTar) {
			t.Errorf("%s: got %v, want the blob's own error", name, err)
		}
	}
}

// bodyOf is a blob that can be opened and nothing else.
type bodyOf func() (io.ReadCloser, error)

func (b bodyOf) Open() (io.ReadCloser, error) { return b() }

func (b bodyOf) ReadAt([]byte, int64) (int, error) { return 0, errors.New("no ranges") }

type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }

func TestStreamEndsWithItsContext(t *testing.T) {
	t.Parallel()
	t.Run("while the network is silent", func(t *testing.T) {
		t.Parallel()
		r, _ := io.Pipe()
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(20*time.Millisecond, cancel)
		_, err := Measure(
			ctx,
			layersize.Layer{Size: 1 << 40, Blob: bodyOf(func() (io.ReadCloser, error) { return r, nil })},
			Limits{},
		)
		if !errors.Is(err, context.Canceled) {
			t.Errorf("got %v", err)
		}
	})
	t.Run("while the stream has no end", func(t *testing.T) {
		t.Parallel()
		ctx, cancel := context.WithTimeout(t.Context(), 30*time.Millisecond)
		defer cancel()
		endless := bodyOf(func() (io.ReadCloser, error) {
			return io.NopCloser(io.MultiReader(bytes.NewReader(make([]byte, 1024)), zeroes{})), nil
		})
		_, err := Measure(
			ctx,
			layersize.Layer{MediaType: layertest.TypeOCIPlain, Size: 1 << 62, Blob: endless},
			Limits{UnpackedBytes: 1 << 62},
		)
		if !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v", err)
		}
	})
	t.Run("before it began", func(t *testing.T) {
		t.Parallel()
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		l := layertest.NewLayer(layertest.TypeOCIPlain, layertest.MakeTar(t))
		_, err := Measure(ctx, l, Limits{})
		if !errors.Is(err, context.Canceled) || l.Blob.(*layertest.Memory).Opened != 0 {
			t.Errorf("got %v", err)
		}
	})
}

// A layer that turns out to be none is not read any further, however long the network would take
// for the rest.
func TestStreamDoesNotWaitForTheRestOfWhatItRefuses(t *testing.T) {
	t.Parallel()
	rest, network := io.Pipe()
	defer network.Close()
	silent := bodyOf(func() (io.ReadCloser, error) {
		return struct {
			io.Reader
			io.Closer
		}{io.MultiReader(bytes.NewReader(bytes.Repeat([]byte("no tar "), 500)), rest), rest}, nil
	})
	_, err := Measure(
		t.Context(),
		layersize.Layer{MediaType: layertest.TypeOCIPlain, Size: 1 << 40, Blob: silent},
		Limits{},
	)
	if !errors.Is(err, layersize.ErrNotTar) {
		t.Errorf("got %v", err)
	}
}

type zeroes struct{}

func (zeroes) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}

func TestAnEndlessStreamEndsAtTheLimit(t *testing.T) {
	t.Parallel()
	endless := bodyOf(func() (io.ReadCloser, error) { return io.NopCloser(zeroes{}), nil })
	_, err := Measure(
		t.Context(),
		layersize.Layer{MediaType: layertest.TypeOCIPlain, Size: 1 << 62, Blob: endless},
		Limits{UnpackedBytes: 64 << 20},
	)
	if !errors.Is(err, layersize.ErrBomb) {
		t.Errorf("got %v", err)
	}
	_, err = Measure(
		t.Context(),
		layersize.Layer{MediaType: layertest.TypeOCIPlain, Size: 64 << 20, Blob: endless},
		Limits{},
	)
	if !errors.Is(err, errTooLong) {
		t.Errorf("got %v", err)
	}
}

func TestStreamReportsProgress(t *testing.T) {
	t.Parallel()
	packed := layertest.MakeTar(
		t,
		layertest.File{Header: layertest.Regular("zeros", 0).Header, Content: make([]byte, 100<<20)},
	)
	var calls int
	var compressed, unpacked int64
	_, err := Measure(
		t.Context(),
		layertest.NewLayer(layertest.TypeOCIPlain, packed),
		Limits{Progress: func(c, u int64) {
			if c < compressed || u <= unpacked {
				t.Errorf("went from %d, %d to %d, %d", compressed, unpacked, c, u)
			}
			calls, compressed, unpacked = calls+1, c, u
		}},
	)
	if err != nil {
		t.Fatal(err)
	}
	if calls < 4 || calls > 7 || compressed > int64(len(packed)) || unpacked < 90<<20 {
		t.Errorf("%d calls, the last with %d of %d and %d bytes", calls, compressed, len(packed), unpacked)
	}
}

func TestStreamMemoryStaysFlat(t *testing.T) {
	if testing.Short() {
		t.Skip("streams 300 MB")
	}
	// 150,000 files in 30 directories, of 1,536 bytes each in the tar.
	const entries = 150_000
	template := layertest.MakeTar(t, layertest.Regular("directory-00/file-00000000", 1000))[:1536]
	i := 0
	body := &layertest.Generator{Next: func() []byte {
		if i == entries {
			i++
			return make([]byte, 1024)
		} else if i > entries {
			return nil
		}
		rename(template, i)
		i++
		return template
	}}
	before := layertest.HeapBytes()
	var peak int64
	m, err := Measure(t.Context(), layersize.Layer{
		MediaType: layertest.TypeOCIPlain,
		Size:      entries*1536 + 1024,
		Blob:      bodyOf(func() (io.ReadCloser, error) { return io.NopCloser(body), nil }),
	}, Limits{Progress: func(_, _ int64) { peak = max(peak, layertest.HeapBytes()-before) }})
	if err != nil {
		t.Fatal(err)
	}
	if *m.Inodes != entries+31 || len(m.Refusals) > 0 || m.Note != "" {
		t.Errorf("%+v with %d inodes", m, *m.Inodes)
	}
	if peak > 16<<20 {
		t.Errorf("memory grew by %d MiB", peak>>20)
	}
}

// rename gives the header at the start of a tar another name, and its checksum.
func rename(header []byte, i int) {
	copy(header[10:], []byte{byte('0' + i/10%3), byte('0' + i%10)})
	copy(header[18:], strconv.Itoa(10_000_000+i))
	copy(header[148:156], "        ")
	sum := 0
	for _, c := range header[:512] {
		sum += int(c)
	}
	octal := strconv.FormatInt(int64(sum), 8)
	copy(header[148:156], strings.Repeat("0", 6-len(octal))+octal+"\x00 ")
}

// TestLargeWindowsTakeTheirMemoryInTurn: a window of 128 MiB, as zstd --long=27 makes, is counted,
// and several streams with such windows take no more memory together than one.
//
//nolint:paralleltest // it looks at the memory of the whole process
func TestLargeWindowsTakeTheirMemoryInTurn(t *testing.T) {
	if testing.Short() {
		t.Skip("streams 3 x 256 MB")
	}
	var packed bytes.Buffer
	w, err := zstd.NewWriter(&packed, zstd.WithWindowSize(DefaultWindowBytes), zstd.WithEncoderLevel(zstd.SpeedFastest))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.CopyN(w, zeroes{}, 2*DefaultWindowBytes); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	before := layertest.HeapBytes()
	var peak atomic.Int64
	var running sync.WaitGroup
	for range 3 {
		running.Go(func() {
			m, err := Measure(
				t.Context(),
				layertest.NewLayer(layertest.TypeOCIZstd, packed.Bytes()),
				Limits{Progress: func(_, unpacked int64) {
					if unpacked > DefaultWindowBytes {
						peak.Store(max(peak.Load(), layertest.HeapBytes()-before))
					}
				}},
			)
			if err != nil || m.UnpackedBytes != layersize.Exactly(2*DefaultWindowBytes) {
				t.Errorf("%+v, error %v", m, err)
			}
		})
	}
	running.Wait()
	if p := peak.Load() >> 20; p < 128 || p > 160 {
		t.Errorf("memory grew by %d MiB, want one window and little more", p)
	}
}
