package sampling

import (
	"context"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/layersize/deflate"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/layersize/packtest"
)

// ratioOfAll is output by input over windows at every place of a stream, as far apart as a stride:
// what samples come to in the long run.
func ratioOfAll(t *testing.T, v *virtual, stride int64) float64 {
	t.Helper()
	if v.zstd {
		return ratioOfHeaders(t, v, stride)
	}
	g := &gzipSampler{memory: new(Memory)}
	s, decode := &g.sampler, g.inside
	s.windowSize = deflate.WindowSize
	s.ctx, s.r, s.size, s.left = context.Background(), v, v.size, math.MaxInt64>>16
	for at := int64(0); at+2*s.windowSize <= v.size; at += stride {
		data, err := s.window(at, s.windowSize)
		if err != nil {
			t.Fatal(err)
		}
		o := decode(data, at)
		if !o.Decoded {
			s.waiting = []waitingWindow{{o, data}}
			if err := s.readOn(decode); err != nil {
				t.Fatal(err)
			}
		}
		s.middle = append(s.middle, o)
	}
	return g.sampled().Population().Mean() / float64(v.size)
}

func ratioOfHeaders(t *testing.T, v *virtual, stride int64) float64 {
	t.Helper()
	z := newZstdSampler(context.Background(), v, v.size, math.MaxInt64)
	z.windowSize = testWindow
	for at := int64(0); at+z.windowSize <= v.size; at += stride {
		data, err := z.window(at, z.windowSize)
		if err != nil {
			t.Fatal(err)
		}
		v, _ := z.inside(data, at)
		z.Middle = append(z.Middle, v)
	}
	return z.Ratio()
}

// TestWindowsAreAFairSample: in the long run windows tell the ratio of the whole, whatever the data
// are that stand side by side. In one of eight over random bytes something looks like a stored
// block, and the window is read on, and over zeros hardly any; a block of Zstandard that repeats
// tables is met only behind one that brings its own. Neither may count for more.
func TestWindowsAreAFairSample(t *testing.T) {
	t.Parallel()
	for _, p := range []packtest.Producer{
		packtest.Klauspost(1), packtest.Klauspost(5), packtest.Command("gzip", "-c", "-6"), packtest.GoZstd(2),
	} {
		t.Run(p.Name, func(t *testing.T) {
			t.Parallel()
			pl := mustPool(t, p, "random", "source", "json", "weights", "tiny files")
			r := rand.New(rand.NewPCG(6, 6))
			for _, rc := range []recipe{
				{name: "source and zeros", target: 4 << 30, kinds: []string{"source"}, mean: 1e5, zeros: 0.99, run: 64 << 20},
				{name: "random and zeros", target: 1 << 30, kinds: []string{"random"}, mean: 2e5, zeros: 0.97, run: 16 << 20},
				{name: "two kinds", target: 100 << 20, kinds: []string{"random", "json"}, mean: 2e5},
				{name: "small files and weights", target: 100 << 20, kinds: []string{"tiny files", "weights"}, mean: 5e5},
			} {
				v := pl.build(rc, r)
				want, got := float64(v.out)/float64(v.size), ratioOfAll(t, v, max(20011, v.size/1000))
				if bias := got/want - 1; math.Abs(bias) > 0.07 {
					t.Errorf("%s: %d bytes, ratio %.3f, by windows %+.1f %%", rc.name, v.size, want, 100*bias)
				}
			}
		})
	}
}
