package sampling

import (
	"bytes"
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"testing"

	"github.com/klauspost/compress/zstd"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/layersize"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/layersize/estimate"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/layersize/packtest"
)

// checkEstimate holds what is true of every answer, whatever was read.
func checkEstimate(t *testing.T, e estimate.Estimate, budget int64) {
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
	fuzzedBudget = 16 << 10
)

func inMemory(p []byte, budget int64) *gzipSampler {
	return newGzipSampler(context.Background(), bytes.NewReader(p), int64(len(p)), budget)
}

func FuzzGzip(f *testing.F) {
	packtest.AddSeeds(f, packtest.GoGzip(6).Compress)
	f.Fuzz(func(t *testing.T, p []byte, copies uint8, budget uint16) {
		p, budget = packtest.RepeatInput(p, copies), budget%fuzzedBudget
		g := inMemory(p, int64(budget))
		if e, err := g.learn(fuzzedWindow, fuzzedWhole); err == nil {
			checkEstimate(t, e, int64(budget))
		}
	})
}

func FuzzZstd(f *testing.F) {
	packtest.AddSeeds(f, packtest.GoZstd(2).Compress)
	f.Fuzz(func(t *testing.T, p []byte, copies uint8, budget uint16) {
		p, budget = packtest.RepeatInput(p, copies), budget%fuzzedBudget
		z := newZstdSampler(context.Background(), bytes.NewReader(p), int64(len(p)), int64(budget))
		if e, err := z.learn(fuzzedWindow, fuzzedWhole); err == nil {
			checkEstimate(t, e, int64(budget))
		}
	})
}

// FuzzZstdLength compares the count of a whole stream with a decoder's.
func FuzzZstdLength(f *testing.F) {
	r := rand.New(rand.NewPCG(1, 1))
	for _, m := range packtest.Materials() {
		data, _ := m.Make(r, 8<<10)
		for _, level := range []int{1, 4} {
			p, err := packtest.GoZstd(level).Compress(data[:min(len(data), 8<<10)])
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
		if len(p) > layersize.WholeBlobBytes || d.Reset(bytes.NewReader(p)) != nil {
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
