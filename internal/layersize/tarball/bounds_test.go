package tarball

import (
	"archive/tar"
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/layersize"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/layersize/layertest"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/layersize/streamtest"
)

// trees are layers of many kinds, the hardest for the bounds among them.
func trees(t *testing.T) map[string][]layertest.File {
	t.Helper()
	random := rand.New(rand.NewPCG(3, 9))
	many := func(n int, each func(i int) layertest.File) []layertest.File {
		list := make([]layertest.File, n)
		for i := range list {
			list[i] = each(i)
		}
		return list
	}
	trees := map[string][]layertest.File{
		"nothing":          nil,
		"directories only": many(500, func(i int) layertest.File { return layertest.Directory(fmt.Sprintf("d%d", i)) }),
		"nested": many(
			60,
			func(i int) layertest.File { return layertest.Directory(strings.Repeat("d/", i+1)) },
		),
		"tiny files": many(
			800,
			func(i int) layertest.File { return layertest.Regular(fmt.Sprintf("f%d", i), 1) },
		),
		"empty files": many(
			800,
			func(i int) layertest.File { return layertest.Regular(fmt.Sprintf("f%d", i), 0) },
		),
		"full blocks": many(
			200,
			func(i int) layertest.File { return layertest.Regular(fmt.Sprintf("f%d", i), 4096) },
		),
		"a byte too many": many(
			200,
			func(i int) layertest.File { return layertest.Regular(fmt.Sprintf("f%d", i), 4097) },
		),
		"hard links": many(
			500,
			func(i int) layertest.File { return layertest.Hardlink(fmt.Sprintf("f%d", i), "f0") },
		),
		"symbolic links": many(
			500,
			func(i int) layertest.File { return layertest.Symlink(fmt.Sprintf("f%d", i), "target") },
		),
		"slow links": many(
			300,
			func(i int) layertest.File { return layertest.Symlink(fmt.Sprintf("f%d", i), strings.Repeat("t", 80)) },
		),
		"PAX headers": many(300, func(i int) layertest.File {
			f := layertest.Regular(strings.Repeat("n", 120)+fmt.Sprint(i), 512)
			f.Format = tar.FormatPAX
			return f
		}),
		"one large file": {layertest.Regular("weights", 20<<20)},
		"a mixture":      layertest.Mixture(500, 12000),
		"whiteouts": many(
			300,
			func(i int) layertest.File { return layertest.Regular(fmt.Sprintf(".wh.f%d", i), 0) },
		),
	}
	trees["hard links"][0] = layertest.Regular("f0", 3000)
	for i := range 40 {
		mean := int64(1) << random.IntN(18)
		trees[fmt.Sprintf("mixture %d of %d", i, mean)] = layertest.Mixture(50+random.IntN(150), mean)
	}
	return trees
}

func TestBoundsHoldWhereTheEntriesAreKnown(t *testing.T) {
	t.Parallel()
	for name, files := range trees(t) {
		m := streamtest.CountFiles(t, layertest.MakeTar(t, files...))
		got := BoundDisk(m.UnpackedBytes, layersize.Exactly(int64(len(files))))
		if m.DiskBytes.Value < got.Min || m.DiskBytes.Value > got.Max {
			t.Errorf("%s: %d bytes on the disk are not within %+v", name, m.DiskBytes.Value, got)
		}
		if got.Min > got.Value || got.Value > got.Max || got.Value%4096 != 0 {
			t.Errorf("%s: %+v", name, got)
		}
	}
}

func TestBoundsBearAnyNumbers(t *testing.T) {
	t.Parallel()
	extremes := []int64{math.MinInt64, -1, 0, 1, 4096, 1 << 40, math.MaxInt64 - 1, math.MaxInt64}
	for _, a := range extremes {
		for _, b := range extremes {
			for _, c := range extremes {
				got := BoundDisk(
					layersize.Interval{Value: a, Min: b, Max: c},
					layersize.Interval{Value: c, Min: a, Max: b},
				)
				if got.Min < 0 || got.Min > got.Value || got.Value > got.Max {
					t.Fatalf("of %d, %d, %d: %+v", a, b, c, got)
				}
				got = BoundSampledDisk(
					layersize.Interval{Value: a, Min: b, Max: c},
					layersize.Interval{Value: c, Min: a, Max: b}, layersize.Interval{Value: b, Min: a, Max: c},
				)
				if got.Min < 0 || got.Min > got.Value || got.Value > got.Max {
					t.Fatalf("sampled, of %d, %d, %d: %+v", a, b, c, got)
				}
			}
		}
	}
}

// TestErrorsOfLengthAndGainAreIndependent: the bounds of their sum are nearer than the sum of their
// bounds, and no nearer than the farther of them.
func TestErrorsOfLengthAndGainAreIndependent(t *testing.T) {
	t.Parallel()
	const unit = 1 << 30
	around := func(value, off int64) layersize.Interval {
		return layersize.Interval{Value: value, Min: value - off, Max: value + off}
	}
	got := BoundSampledDisk(around(20*unit, 3*unit), layersize.Exactly(0), around(5*unit, 4*unit))
	if got.Value != 25*unit || got.Min < 20*unit-unit/1024 || got.Min > 20*unit ||
		got.Max < 30*unit || got.Max > 30*unit+unit/1024 {
		t.Errorf("%+v, want 25 GiB, 5 GiB to either side", got)
	}
}
