package estimate

import (
	"cmp"
	"slices"
)

// skewedBound is how much larger a ratio of sums may be than places show, where few of them show most of
// the output, so that it scatters like no normal distribution.
//
// What places have beyond some ratio comes of a rare kind of data, and k effective places that show it bound
// its amount as k events bound the rate of a Poisson process. Which ratio divides the rare from the rest is
// not known, so each that a place has is tried, and the largest bound counts.
func skewedBound(ins, outs []float64) (most float64) {
	const many = 64 // places, of which the sum is as good as normal
	// Events differ in size, too, and the few that were met may be small ones. Where the rate is that of so
	// much less than was met, one bound in a hundred is missed, and 1.6 without this
	// (TestBoundsHoldWhereFewPlacesShowMost).
	const less = 0.2
	order := make([]int, len(ins))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int {
		return cmp.Compare(outs[b]*ins[a], outs[a]*ins[b])
	})
	all := sum(ins)
	for n := 1; n < min(len(order), many); n++ {
		base := outs[order[n]] / ins[order[n]]
		excess := make([]float64, n)
		for i, place := range order[:n] {
			excess[i] = outs[place] - base*ins[place]
		}
		if k := effective(excess); k > 0 {
			most = max(most, sum(excess)/all*(gammaQuantile(k+1, zstdBound)/(k-less)-1))
		}
	}
	return most
}
