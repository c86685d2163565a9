package layersize

import "math"

// Interval is a best guess with bounds.
type Interval struct{ Value, Min, Max int64 }

// Exactly returns the interval of a known number.
func Exactly(n int64) Interval { return Interval{Value: n, Min: n, Max: n} }

// InOrder returns an interval with 0 <= Min <= Value <= Max, of three numbers that may be anything.
func (i Interval) InOrder() Interval {
	i.Min = max(i.Min, 0)
	i.Value = max(i.Value, i.Min)
	i.Max = max(i.Max, i.Value)
	return i
}

// SaturatingSum returns base + times × each, or the largest number.
func SaturatingSum(base, each, times int64) int64 {
	if times > (math.MaxInt64-base)/each {
		return math.MaxInt64
	}
	return base + each*times
}
