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

func TestSumsRefuseWhatTheyCannotHold(t *testing.T) {
	t.Parallel()
	var overflow *OverflowError
	if _, err := Sum(math.MaxInt64, 1); !errors.As(err, &overflow) {
		t.Errorf("Sum gave %v, want an *OverflowError", err)
	}
	var invalid *InvalidError
	if _, err := Sum(5, -1); !errors.As(err, &invalid) {
		t.Errorf("Sum gave %v, want an *InvalidError", err)
	}
	if got, err := Sum(math.MaxInt64-1, 1); err != nil || got != math.MaxInt64 {
		t.Errorf("Sum gave %d, error %v, want the largest number", got, err)
	}
}
