package disksize

import (
	"errors"
	"math"
	"testing"
)

func TestBlocksRoundsUpAndNeverTurnsNegative(t *testing.T) {
	t.Parallel()
	for n, want := range map[int64]int64{
		math.MinInt64:        0,
		-1:                   0,
		0:                    0,
		1:                    4096,
		4095:                 4096,
		4096:                 4096,
		4097:                 8192,
		math.MaxInt64 - 4095: math.MaxInt64 - 4095,
		math.MaxInt64 - 4094: math.MaxInt64 - 4095,
		math.MaxInt64:        math.MaxInt64 - 4095,
	} {
		if got := Blocks(n); got != want {
			t.Errorf("Blocks(%d) = %d, want %d", n, got, want)
		}
	}
}

func TestRequiredBytesCountsBlobsAndLayersInWholeBlocks(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		blobs, layers []int64
		want          int64
	}{
		"nothing":       {nil, nil, 0},
		"a layer":       {[]int64{100, 5000}, []int64{1}, 4096 + 8192 + 4096},
		"whole already": {[]int64{4096}, []int64{8192, 0}, 12288},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got, err := RequiredBytes(test.blobs, test.layers); err != nil || got != test.want {
				t.Errorf("got %d, error %v, want %d", got, err, test.want)
			}
		})
	}
}

func TestSumsRefuseWhatTheyCannotHold(t *testing.T) {
	t.Parallel()
	var overflow *OverflowError
	if _, err := Sum(math.MaxInt64, 1); !errors.As(err, &overflow) {
		t.Errorf("Sum gave %v, want an *OverflowError", err)
	}
	if _, err := RequiredBytes([]int64{math.MaxInt64}, []int64{math.MaxInt64}); !errors.As(err, &overflow) {
		t.Errorf("RequiredBytes gave %v, want an *OverflowError", err)
	}
	var invalid *InvalidError
	if _, err := Sum(5, -1); !errors.As(err, &invalid) {
		t.Errorf("Sum gave %v, want an *InvalidError", err)
	}
	if _, err := RequiredBytes([]int64{-5000}, []int64{9000}); !errors.As(err, &invalid) {
		t.Errorf("RequiredBytes gave %v, want an *InvalidError", err)
	}
	if got, err := Sum(math.MaxInt64-1, 1); err != nil || got != math.MaxInt64 {
		t.Errorf("Sum gave %d, error %v, want the largest number", got, err)
	}
}
