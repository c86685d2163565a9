package estimate

import (
	"math/rand/v2"
	"testing"
)

// TestBoundsHoldWhereFewPlacesShowMost: of a hundred bounds of layers in which a rare kind of data has most of the
// output, and of which some was seen, one may miss the truth.
func TestBoundsHoldWhereFewPlacesShowMost(t *testing.T) {
	t.Parallel()
	const places, layers = 56, 4000
	for _, share := range []float64{0.03, 0.06, 0.12, 0.3} {
		for _, rare := range []float64{4, 20, 400} {
			random := rand.New(rand.NewPCG(uint64(1000*share), uint64(rare)))
			truth := share*rare + (1-share)*1.15
			missed, met, skewed := 0, 0, 0
			for range layers {
				var ins, outs []float64
				seen := false
				for range places {
					ratio := 1 + 0.3*random.Float64()
					if random.Float64() < share {
						ratio, seen = rare*(0.5+random.Float64()), true
					}
					in := 500e3 + 100e3*random.Float64()
					ins, outs = append(ins, in), append(outs, ratio*in)
				}
				if !seen {
					continue
				}
				met++
				ratio := sum(outs) / sum(ins)
				err, df := lengthBelief.standardError(ins, outs, ratio)
				student := studentQuantile(df, zstdBound) * err
				if truth > ratio+max(student, skewedBound(ins, outs)) {
					missed++
				}
				if truth > ratio+student {
					skewed++
				}
			}
			t.Logf("%.2f of %3.0f: %.2f %% missed, %.2f %% by Student's alone", share, rare,
				100*float64(missed)/float64(met), 100*float64(skewed)/float64(met))
			if missed*100 > met {
				t.Errorf("%.2f of %.0f: %d of %d bounds do not hold", share, rare, missed, met)
			}
		}
	}
}
