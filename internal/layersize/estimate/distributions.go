package estimate

import "math"

// normalQuantile is the inverse of the standard normal distribution.
func normalQuantile(p float64) float64 { return math.Sqrt2 * math.Erfinv(2*p-1) }

// studentDensity of df degrees of freedom.
func studentDensity(df, x float64) float64 {
	a, _ := math.Lgamma((df + 1) / 2)
	b, _ := math.Lgamma(df / 2)
	return math.Exp(a-b-(df+1)/2*math.Log1p(x*x/df)) / math.Sqrt(df*math.Pi)
}

// studentQuantile by the expansion of Cornish and Fisher, good for the three
// and more degrees of freedom that it is used with.
func studentQuantile(df, p float64) float64 {
	z := normalQuantile(p)
	z2 := z * z
	g1 := z * (z2 + 1) / 4
	g2 := z * ((5*z2+16)*z2 + 3) / 96
	g3 := z * (((3*z2+19)*z2+17)*z2 - 15) / 384
	return z + g1/df + g2/(df*df) + g3/(df*df*df)
}

// gammaQuantile of a shape, scale 1, after Wilson and Hilferty.
func gammaQuantile(shape, p float64) float64 {
	c := 1 - 1/(9*shape) + normalQuantile(p)/(3*math.Sqrt(shape))
	return shape * math.Pow(max(0, c), 3)
}
