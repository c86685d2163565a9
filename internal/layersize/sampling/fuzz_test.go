package sampling

import (
	"bytes"
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"testing"

	"github.com/klauspost/compress/zstd"
)

// checkEstimate holds what is true of every answer, whatever was read.
func checkEstimate(t *testing.T, e Estimate, size, budget int64) {
	t.Helper()
	if e.BytesRead > budget {
		t.Fatalf("read %d of a budget of %d", e.BytesRead, budget)
	}
	if u := e.Unpacked; u.Min < 0 || u.Min > u.Value || u.Value > u.Max {
		t.Fatalf("no interval: %+v", u)
	}
	if f := e.Files; f.Max >= 0 && (f.Min < 0 || f.Min > f.Value || f.Value > f.Max) {
		t.Fatalf("no interval of files: %+v", f)
	}
	if e.Settled && e.Unpacked.Min != e.Unpacked.Max {
		t.Fatalf("settled, but %+v", e.Unpacked)
	}
}

// spread is a stream of several parts with filler between, so that windows
// begin in the midst of what the fuzzer writes.
func spread(p []byte, copies uint8) []byte {
	if len(p) == 0 {
		return nil
	}
	return bytes.Repeat(p[:min(len(p), 64<<10)], 1+int(copies)*4096/len(p))
}

func seeds(f *testing.F, compress func([]byte) ([]byte, error)) {
	r := rand.New(rand.NewPCG(1, 1))
	for _, m := range materials() {
		data, _ := m.make(r, 20_000)
		p, err := compress(data[:min(len(data), 20_000)])
		if err != nil {
			f.Fatal(err)
		}
		f.Add(p, uint8(0), uint32(1<<20))
		f.Add(p, uint8(255), uint32(1<<18))
		f.Add(append([]byte{0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3}, p[len(p)/2:]...), uint8(9), uint32(20000))
	}
}

func FuzzGzip(f *testing.F) {
	seeds(f, goGzip(6).compress)
	f.Fuzz(func(t *testing.T, p []byte, copies uint8, budget uint32) {
		p = spread(p, copies)
		budget %= 1 << 19
		e, err := Gzip(context.Background(), bytes.NewReader(p), int64(len(p)), int64(budget))
		if err == nil {
			checkEstimate(t, e, int64(len(p)), int64(budget))
		}
	})
}

func FuzzZstd(f *testing.F) {
	seeds(f, goZstd(2).compress)
	f.Fuzz(func(t *testing.T, p []byte, copies uint8, budget uint32) {
		p = spread(p, copies)
		budget %= 1 << 19
		e, err := Zstd(context.Background(), bytes.NewReader(p), int64(len(p)), int64(budget))
		if err == nil {
			checkEstimate(t, e, int64(len(p)), int64(budget))
		}
	})
}

// FuzzZstdLength compares the count of a whole stream with a decoder's.
func FuzzZstdLength(f *testing.F) {
	r := rand.New(rand.NewPCG(1, 1))
	for _, m := range materials() {
		data, _ := m.make(r, 20_000)
		for _, level := range []int{1, 4} {
			p, err := goZstd(level).compress(data[:min(len(data), 20_000)])
			if err != nil {
				f.Fatal(err)
			}
			f.Add(p)
		}
	}
	d, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(1<<24), zstd.WithDecoderMaxWindow(1<<24))
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, p []byte) {
		if len(p) > wholeLimit || d.Reset(bytes.NewReader(p)) != nil {
			return
		}
		want, err := io.CopyN(io.Discard, d, 1<<24)
		if !errors.Is(err, io.EOF) { // damaged, or too long for a comparison
			return
		}
		e, err := Zstd(context.Background(), bytes.NewReader(p), int64(len(p)), 1<<30)
		if len(p) < 9 || err != nil && want == 0 {
			return
		}
		if err != nil {
			t.Fatalf("%v of a stream of %d bytes", err, want)
		}
		if e.Settled && e.Unpacked.Value != want {
			t.Fatalf("counted %d of %d bytes", e.Unpacked.Value, want)
		}
	})
}
