package estimate

import (
	"cmp"
	"math"
	"slices"
)

// leastError is the relative error that no number of windows removes: the bytes near both ends and
// the blocks longer than a window.
const leastError = 0.004

// belief is what is believed of the scatter between windows before any was read, as a part of their
// mean, and how many windows it counts for: a few may agree by chance. Where a mean is below what is
// usual, it is a part of that, since windows that have met little agree on it.
type belief struct{ scatter, weight, usual float64 }

var (
	lengthBelief = belief{scatter: 0.25, weight: 2}

	// Files gather in directories of small ones. Between windows of Debian's packages and of npm's
	// modules their headers scatter by 1.9 to 3 times their mean, and windows that met no such
	// directory agree on too little.
	filesBelief = belief{scatter: 2.5, weight: 16}
)

// Population is what the windows say about the whole: the length that ordinary
// data come to, with its standard error, and what extreme data add, of which
// few windows have seen some.
type Population struct {
	n       int     // windows decoded
	body    float64 // bytes
	err     float64 // standard error of body
	df      float64
	extreme float64 // bytes
	hits    float64 // effective number of windows that saw extreme data
	rare    bool    // extreme data were seen, and seldom
}

// inOrder returns windows in the order of their offsets, as neighbours are alike and scatter less.
func inOrder(obs []*Observation) []*Observation {
	return slices.SortedFunc(slices.Values(obs), func(a, b *Observation) int { return cmp.Compare(a.Offset, b.Offset) })
}

// summarise estimates the population from windows.
func summarise(obs []*Observation, size float64) Population {
	var p Population
	obs = inOrder(obs)
	var ins, outs, extremes []float64
	cut := extremeClass(obs)
	seen, missing := 0, 0
	for _, o := range obs {
		in, all := o.total(0, classes)
		if !o.Decoded || in == 0 {
			missing++
			continue
		}
		_, x := o.total(cut, classes)
		ins, outs, extremes = append(ins, in), append(outs, all-x), append(extremes, x)
		if x > 0 {
			seen++
		}
	}
	p.n = len(ins)
	if p.n == 0 {
		return p
	}
	// Where many windows saw them they are not rare, and where they come to
	// little they are no matter: the scatter between windows is all that counts.
	if seen*3 > p.n || sum(extremes) < 0.02*sum(outs) {
		for i, x := range extremes {
			outs[i] += x
			extremes[i] = 0
		}
		seen = 0
	}
	p.rare = seen > 0
	sumIn := sum(ins)
	ratio := sum(outs) / sumIn
	p.body = ratio * size
	p.extreme = sum(extremes) / sumIn * size
	p.hits = effective(extremes)
	p.err, p.df = lengthBelief.standardError(ins, outs, ratio)
	lost := float64(missing) / float64(missing+p.n)
	p.err = size * math.Sqrt(p.err*p.err+sq(leastError*ratio)+sq(0.3*lost*ratio))
	return p
}

// standardError of a ratio estimate from stratified windows. Neighbouring
// strata are compared (the collapsed strata of survey statistics): where the
// data change slowly along the stream the error is smaller than the scatter.
func (b belief) standardError(ins, outs []float64, ratio float64) (err, df float64) {
	n := float64(len(ins))
	v, df := scatter(ins, outs, ratio)
	v = (b.weight*sq(b.scatter*max(ratio, b.usual)) + v) / (b.weight + n - 1)
	return math.Sqrt(v / n), df
}

// scatter is the sum of squares of what windows are off by, as parts of their mean, and its degrees
// of freedom.
func scatter(ins, outs []float64, ratio float64) (v, df float64) {
	n := float64(len(ins))
	mean := sum(ins) / n
	var all, steps, previous float64
	for i := range ins {
		e := (outs[i] - ratio*ins[i]) / mean
		all += e * e
		if i > 0 {
			steps += sq(e-previous) / 2
		}
		previous = e
	}
	return max(steps, all/2), lengthBelief.weight + (n-1)*0.7
}

// extremeClass is the class of ratio from which data are extreme: far above
// what half of the stream has.
func extremeClass(obs []*Observation) int {
	var in [classes]float64
	total := 0.0
	for _, o := range obs {
		for c, v := range o.in {
			in[c] += v
			total += v
		}
	}
	median, below := 0, 0.0
	for c, v := range in {
		if below += v; below >= total/2 {
			median = c
			break
		}
	}
	return max(6, median+3) // class 6 begins at 32:1
}

// effective is the number of equal contributions that would scatter as these do.
func effective(xs []float64) float64 {
	var s, s2 float64
	for _, x := range xs {
		s += x
		s2 += x * x
	}
	if s2 == 0 {
		return 0
	}
	return s * s / s2
}

// draws are quantiles of the length as the windows show it: the body's error is Student's,
// and what k windows saw of the extreme is a gamma of shape k, as the rate of a
// Poisson process is after k events.
func (p Population) draws() []float64 {
	const bodies, extremes = 255, 127
	gammas := []float64{0}
	if p.extreme > 0 {
		gammas = gammas[:0]
		for j := range extremes {
			gammas = append(gammas, p.extreme/p.hits*gammaQuantile(p.hits+0.5, (float64(j)+0.5)/extremes))
		}
	}
	all := make([]float64, 0, bodies*len(gammas))
	for i := range bodies {
		b := p.body + p.err*studentQuantile(p.df, (float64(i)+0.5)/bodies)
		for _, g := range gammas {
			all = append(all, b+g)
		}
	}
	slices.Sort(all)
	return all
}

// density of the length at x, as the windows show it.
func (p Population) density(x float64) float64 {
	if p.err <= 0 {
		return 0
	}
	const extremes = 61
	if p.extreme == 0 {
		return studentDensity(p.df, (x-p.body)/p.err) / p.err
	}
	// A quantile stands for all up to the next one, so it is as wide as that is
	// far: else a narrow error would make a comb of it.
	d := 0.0
	scale := p.extreme / p.hits
	lower := 0.0
	for j := range extremes {
		upper := scale * gammaQuantile(p.hits+0.5, (float64(j)+1-0.5/extremes)/extremes)
		width := math.Hypot(p.err, (upper-lower)/2)
		d += studentDensity(p.df, (x-p.body-(lower+upper)/2)/width) / width
		lower = upper
	}
	return d / extremes
}

// Mean is the estimate itself.
func (p Population) Mean() float64 { return p.body + p.extreme }

// tail is what may be hidden: extreme data that no window has met. How much of
// them a layer has is believed to fall as the square of the amount; and the
// more it were, the more of the stream it would take, at the limit of the
// format, and the less likely would all windows have missed it.
type tail struct{ scale, reach float64 }

func (t tail) density(x float64) float64 {
	if x < 0 {
		return 0
	}
	return math.Exp(-x/t.reach) * t.scale / sq(x+t.scale)
}

func sum(xs []float64) (s float64) {
	for _, x := range xs {
		s += x
	}
	return s
}

func sq(x float64) float64 { return x * x }
