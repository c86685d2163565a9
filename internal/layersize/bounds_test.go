package layersize

import (
	"archive/tar"
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"
)

// trees are layers of many kinds, the hardest for the bounds among them.
func trees(t *testing.T) map[string][]file {
	t.Helper()
	random := rand.New(rand.NewPCG(3, 9))
	many := func(n int, each func(i int) file) []file {
		list := make([]file, n)
		for i := range list {
			list[i] = each(i)
		}
		return list
	}
	trees := map[string][]file{
		"nothing":          nil,
		"directories only": many(500, func(i int) file { return directory(fmt.Sprintf("d%d", i)) }),
		"nested":           many(60, func(i int) file { return directory(strings.Repeat("d/", i+1)) }),
		"tiny files":       many(800, func(i int) file { return regular(fmt.Sprintf("f%d", i), 1) }),
		"empty files":      many(800, func(i int) file { return regular(fmt.Sprintf("f%d", i), 0) }),
		"full blocks":      many(200, func(i int) file { return regular(fmt.Sprintf("f%d", i), 4096) }),
		"a byte too many":  many(200, func(i int) file { return regular(fmt.Sprintf("f%d", i), 4097) }),
		"hard links":       many(500, func(i int) file { return hardlink(fmt.Sprintf("f%d", i), "f0") }),
		"symbolic links":   many(500, func(i int) file { return symlink(fmt.Sprintf("f%d", i), "target") }),
		"slow links":       many(300, func(i int) file { return symlink(fmt.Sprintf("f%d", i), strings.Repeat("t", 80)) }),
		"PAX headers": many(300, func(i int) file {
			f := regular(strings.Repeat("n", 120)+fmt.Sprint(i), 512)
			f.Format = tar.FormatPAX
			return f
		}),
		"one large file": {regular("weights", 20<<20)},
		"a mixture":      mixture(500, 12000),
		"whiteouts":      many(300, func(i int) file { return regular(fmt.Sprintf(".wh.f%d", i), 0) }),
	}
	trees["hard links"][0] = regular("f0", 3000)
	for i := range 40 {
		mean := int64(1) << random.IntN(18)
		trees[fmt.Sprintf("mixture %d of %d", i, mean)] = mixture(50+random.IntN(150), mean)
	}
	return trees
}

func TestBoundsHoldWhereTheEntriesAreKnown(t *testing.T) {
	t.Parallel()
	for name, files := range trees(t) {
		m := stream(t, makeTar(t, files...))
		got := diskBytes(m.UnpackedBytes, exactly(int64(len(files))))
		if m.DiskBytes.Value < got.Min || m.DiskBytes.Value > got.Max {
			t.Errorf("%s: %d bytes on the disk are not within %+v", name, m.DiskBytes.Value, got)
		}
		if got.Min > got.Value || got.Value > got.Max || got.Value%4096 != 0 {
			t.Errorf("%s: %+v", name, got)
		}
	}
}

func TestBoundsHoldForOrdinaryTreesWhereNothingIsKnown(t *testing.T) {
	t.Parallel()
	for _, mean := range []int64{8 << 10, 16 << 10, 64 << 10, 1 << 20} {
		files := mixture(int(8<<20/mean), mean)
		m := stream(t, makeTar(t, files...))
		got := known(MethodAnnotation, m.UnpackedBytes).DiskBytes
		if m.DiskBytes.Value < got.Min || m.DiskBytes.Value > got.Max {
			t.Errorf("files of %d bytes: %d bytes on the disk are not within %+v", mean, m.DiskBytes.Value, got)
		}
		if off := float64(got.Value)/float64(m.DiskBytes.Value) - 1; math.Abs(off) > 0.15 {
			t.Errorf("files of %d bytes: the guess is off by %.0f %%", mean, off*100)
		}
	}
}

func TestBoundsBearAnyNumbers(t *testing.T) {
	t.Parallel()
	extremes := []int64{math.MinInt64, -1, 0, 1, 4096, 1 << 40, math.MaxInt64 - 1, math.MaxInt64}
	for _, a := range extremes {
		for _, b := range extremes {
			for _, c := range extremes {
				got := diskBytes(Interval{a, b, c}, Interval{c, a, b})
				if got.Min < 0 || got.Min > got.Value || got.Value > got.Max {
					t.Fatalf("of %d, %d, %d: %+v", a, b, c, got)
				}
			}
		}
	}
}
