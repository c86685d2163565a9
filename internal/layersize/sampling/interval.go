package sampling

import "math"

// interval is the length where no trailer helps. allowance is the share of the
// estimate that may have hidden from every window.
func (p population) interval(size, allowance float64) Interval {
	draws := p.draws()
	lo, hi := draws[0], draws[len(draws)-1]
	if p.rare {
		lo = p.body - 3*p.err + p.extreme/p.hits*gammaQuantile(p.hits, 0.005)/2
		hi += p.mean() / 2
	}
	lo, hi = max(lo, size/2), hi+p.mean()*allowance
	value := max(p.prudent(), lo)
	return Interval{int64(value), int64(lo), saturate(max(hi, value))}
}

// prudent is the length to reckon with where none is settled: somewhat above the
// mean, since a disk that is a little too large costs a little, and one that is
// too small costs the Pod. One and a half standard errors, at most a twentieth.
func (p population) prudent() float64 {
	return p.mean() + min(1.5*p.deviation(), p.mean()/20)
}

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
