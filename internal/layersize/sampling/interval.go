package sampling

import "math"

// deviation is the standard error of the mean: that of the body and, as of a Poisson
// count, that of the extreme.
func (p population) deviation() float64 {
	if p.hits == 0 {
		return p.err
	}
	return math.Hypot(p.err, p.extreme/math.Sqrt(p.hits))
}

// atLeast moves the interval up to a length that is known to be there: that of one
// member or frame, if its header or trailer is true. What may be above the value
// may be above that.
func (i Interval) atLeast(length int64) Interval {
	if length <= i.Value {
		return Interval{Value: i.Value, Min: max(i.Min, length), Max: i.Max}
	}
	above := i.Max - i.Value
	return Interval{Value: length, Min: max(i.Min, length), Max: saturate(float64(length) + float64(above))}
}

// precise reports whether more windows would hardly change what is answered.
func (p population) precise() bool {
	const enough = 0.02
	return p.n > 0 && p.deviation() <= enough*p.mean()
}
