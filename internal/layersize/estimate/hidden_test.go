package estimate

import (
	"testing"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/layersize/zstdblock"
)

// TestRunsThatWereMetByChanceTellOfOthers, but not those that the windows at the ends were sure to show, nor several
// that one window shows together.
func TestRunsThatWereMetByChanceTellOfOthers(t *testing.T) {
	t.Parallel()
	const size, window = 1 << 30, 256 << 10
	place := func(offset int64) *Place {
		return &Place{
			Observation: Observation{Offset: offset, Decoded: true}, First: offset, Next: offset + window, length: window,
		}
	}
	runAt := func(from int64) zstdblock.Run {
		return zstdblock.Run{From: from, To: from + 4096, Counted: zstdblock.Tally{Length: 4096, Output: 128 << 20}}
	}
	for name, test := range map[string]struct {
		at   []int64
		more bool
	}{
		"one":                      {[]int64{100 << 20}, false},
		"two in one window":        {[]int64{100 << 20, 100<<20 + 100<<10}, false},
		"two apart":                {[]int64{100 << 20, 200 << 20}, true},
		"two at the start":         {[]int64{1 << 10, 100 << 10}, false},
		"many at the end":          {[]int64{size - 200<<10, size - 100<<10, size - 8<<10}, false},
		"one, and many at the end": {[]int64{100 << 20, size - 100<<10, size - 8<<10}, false},
	} {
		z := &Zstd{Length: size, Head: place(0), Tail: place(size - window)}
		for at := int64(1); at < 60; at++ {
			z.Middle = append(z.Middle, place(at*size/60))
		}
		for _, at := range test.at {
			z.Runs = append(z.Runs, runAt(at))
		}
		if got := z.unmetRuns(); (got.likely > 1<<20) != test.more {
			t.Errorf("%s: %+v", name, got)
		}
	}
}
