package estimate

import (
	"cmp"
	"math"
	"slices"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/layersize"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/layersize/compression"
)

// outside is the chance that the truth is above the upper bound, and that it is below the lower
// one. Half a percent leaves room to one in a hundred for what the assumptions do not cover.
const outside = 0.005

// possible is a length with its weight.
type possible struct{ length, weight float64 }

// quantiles are the bounds that leave no more than outside of the weight beyond each of them.
func quantiles(all []possible) (lo, hi float64) {
	slices.SortFunc(all, func(a, b possible) int { return cmp.Compare(a.length, b.length) })
	total := 0.0
	for _, p := range all {
		total += p.weight
	}
	lo, hi = all[0].length, all[len(all)-1].length
	below := 0.0
	for _, p := range all {
		if below += p.weight; below > outside*total {
			lo = p.length
			break
		}
	}
	above := 0.0
	for _, p := range slices.Backward(all) {
		if above += p.weight; above > outside*total {
			hi = p.length
			break
		}
	}
	return lo, hi
}

// posterior is what may be the length of a stream whose trailer says nothing, with weights that add
// up to one: what the windows show, and beyond that, with the given prior belief, what is hidden
// from them.
func (p Population) posterior(size, prior float64) []possible {
	const hiddens = 64
	var all []possible
	draws := p.draws()
	for _, d := range draws {
		all = append(all, possible{max(d, size/2), (1 - prior) / float64(len(draws))})
	}
	hidden := p.hidden(size)
	total := 0.0
	for i := range hiddens {
		u := (float64(i) + 0.5) / hiddens
		x := hidden.scale * u / (1 - u)
		w := math.Exp(-x / hidden.reach)
		all = append(all, possible{p.Mean() + x, w})
		total += w
	}
	for i := len(draws); i < len(all); i++ {
		all[i].weight *= prior / total
	}
	return all
}

// hidden is the tail of what no window has met, by the scale of the length itself.
func (p Population) hidden(size float64) tail {
	return tail{scale: p.Mean() / 8, reach: size * compression.DeflateLimit / float64(p.n+1)}
}

// hiddenBelief is the prior belief that data no window has met change the length by much.
func (p Population) hiddenBelief() float64 {
	if p.rare {
		return hiddenPriorBad
	}
	return hiddenPrior
}

// unaided is the length by the windows alone, with a prior belief that something is hidden from
// them.
func (p Population) unaided(size, prior float64) layersize.Interval {
	lo, hi := quantiles(p.posterior(size, prior))
	value := max(p.Mean(), size/2)
	return layersize.Interval{Value: int64(value), Min: int64(min(lo, value)), Max: saturate(max(hi, value))}
}
