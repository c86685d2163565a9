package disksize

import "math"

// Blocks is the number of bytes that n bytes take on the disk: whole blocks of
// 4 KiB. Less than nothing takes nothing, and what cannot be rounded up without
// overflowing is the largest whole number of blocks, so that the result never
// turns negative; Sum then reports it.
func Blocks(n int64) int64 {
	const largest = math.MaxInt64 / BlockSize * BlockSize
	switch {
	case n <= 0:
		return 0
	case n > largest:
		return largest
	default:
		return (n + BlockSize - 1) / BlockSize * BlockSize
	}
}

// Sum adds sizes. What registries claim about sizes may be anything: a negative
// size is an *InvalidError, a sum beyond int64 an *OverflowError.
func Sum(sizes ...int64) (int64, error) {
	var sum int64
	for _, n := range sizes {
		if n < 0 {
			return 0, &InvalidError{Argument: "size", Value: n, Want: "0 or more"}
		}
		if n > math.MaxInt64-sum {
			return 0, &OverflowError{}
		}
		sum += n
	}
	return sum, nil
}
