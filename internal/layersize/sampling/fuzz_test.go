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
func checkEstimate(t *testing.T, e Estimate, budget int64) {
	t.Helper()
	if e.BytesRead > budget {
		t.Fatalf("read %d of a budget of %d", e.BytesRead, budget)
	}
	if u := e.Unpacked; u.Min < 0 || u.Min > u.Value || u.Value > u.Max {
		t.Fatalf("no interval: %+v", u)
	}
	if f := e.Files.Count(); f.Min > f.Value || f.Value > f.Max || f.Value < 0 {
		t.Fatalf("no interval of files: %+v", f)
	}
	if e.Settled && e.Unpacked.Min != e.Unpacked.Max {
		t.Fatalf("settled, but %+v", e.Unpacked)
	}
}

// The windows that are fuzzed are small, so that a short input has many of them:
// what is tried then is the sampler and not the machine's memory.
const (
	fuzzedWindow = 1 << 10
	fuzzedWhole  = 4 << 10
	fuzzedStream = 32 << 10
	fuzzedBudget = 16 << 10
	seedLength   = 8 << 10
)

// spread repeats what the fuzzer writes, so that windows begin in the midst of it.
func spread(p []byte, copies uint8) []byte {
	p = p[:min(len(p), fuzzedStream)]
	return bytes.Repeat(p, 1+min(int(copies), fuzzedStream/(len(p)+1)))
}

func inMemory(p []byte, budget int64) source {
	return source{ctx: context.Background(), r: bytes.NewReader(p), size: int64(len(p)), left: budget}
}

func seeds(f *testing.F, compress func([]byte) ([]byte, error)) {
	r := rand.New(rand.NewPCG(1, 1))
	for _, m := range materials() {
		data, _ := m.make(r, seedLength)
		p, err := compress(data[:min(len(data), seedLength)])
		if err != nil {
			f.Fatal(err)
		}
		f.Add(p, uint8(0), uint16(fuzzedBudget-1))
		f.Add(p, uint8(255), uint16(fuzzedBudget-1))
		f.Add(append([]byte{0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3}, p[len(p)/2:]...), uint8(9), uint16(9<<10))
	}
}

func FuzzGzip(f *testing.F) {
	seeds(f, goGzip(6).compress)
	f.Fuzz(func(t *testing.T, p []byte, copies uint8, budget uint16) {
		p, budget = spread(p, copies), budget%fuzzedBudget
		g := &gzipSampler{sampler: sampler{source: inMemory(p, int64(budget))}}
		if e, err := g.learn(fuzzedWindow, fuzzedWhole); err == nil {
			checkEstimate(t, e, int64(budget))
		}
	})
}

func FuzzZstd(f *testing.F) {
	seeds(f, goZstd(2).compress)
	f.Fuzz(func(t *testing.T, p []byte, copies uint8, budget uint16) {
		p, budget = spread(p, copies), budget%fuzzedBudget
		z := newZstdSampler(context.Background(), bytes.NewReader(p), int64(len(p)), int64(budget))
		if e, err := z.learn(fuzzedWindow, fuzzedWhole); err == nil {
			checkEstimate(t, e, int64(budget))
		}
	})
}

// FuzzZstdLength compares the count of a whole stream with a decoder's.
func FuzzZstdLength(f *testing.F) {
	r := rand.New(rand.NewPCG(1, 1))
	for _, m := range materials() {
		data, _ := m.make(r, seedLength)
		for _, level := range []int{1, 4} {
			p, err := goZstd(level).compress(data[:min(len(data), seedLength)])
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
		want, err := io.CopyN(io.Discard, d, 1<<20)
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
