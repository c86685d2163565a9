package estimate

import (
	"math"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/layersize"
)

// deviation is the standard error of the mean: that of the body and, as of a Poisson
// count, that of the extreme.
func (p Population) deviation() float64 {
	if p.hits == 0 {
		return p.err
	}
	return math.Hypot(p.err, p.extreme/math.Sqrt(p.hits))
}

// atLeast moves the interval up to a length that is known to be there: that of one
// member or frame, if its header or trailer is true. What may be above the value
// may be above that.
func atLeast(i layersize.Interval, length int64) layersize.Interval {
	if length <= i.Value {
		return layersize.Interval{Value: i.Value, Min: max(i.Min, length), Max: i.Max}
	}
	above := i.Max - i.Value
	return layersize.Interval{Value: length, Min: max(i.Min, length), Max: saturate(float64(length) + float64(above))}
}

// IsPrecise reports whether more windows would hardly change what is answered.
func (p Population) IsPrecise() bool {
	const enough = 0.02
	return p.n > 0 && p.deviation() <= enough*p.Mean()
}

// WindowsToSettle is how many windows, in place of n, would separate the candidates: the error
// falls with their root. It is 0 where that is not known.
func (p Population) WindowsToSettle(n int) float64 {
	const enough = 0.4 * wrongAllowed / hiddenPrior * modulus
	if p.n == 0 {
		return 0
	}
	return float64(n) * sq(p.err/enough)
}
