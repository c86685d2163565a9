package sampling

import (
	"math"
	"sort"
)

const (
	modulus = 1 << 32

	// wrongAllowed is the chance of a wrong candidate that settling accepts.
	wrongAllowed = 0.003

	// The prior belief that data no window has met change the length by much;
	// and the same once extreme data were met, for where some are, more are.
	hiddenPrior    = 0.02
	hiddenPriorBad = 0.10

	// hiddenShare is the allowance for it where no trailer helps.
	hiddenShare = 0.5

	// memberPrior is the belief that the stream has several members and no
	// window showed it, so that the trailer speaks of the last one alone.
	memberPrior = 0.003
)

// candidate is a length that the trailer allows, with its weight of evidence.
type candidate struct{ length, weight float64 }

// estimate draws the conclusion from the windows read so far.
func (g *gzipSampler) estimate() Estimate {
	obs := g.observations()
	e := Estimate{BytesRead: g.read, Windows: g.nreads, MultiMember: g.severalMembers()}
	size := float64(g.size)
	p := summarise(obs, size)
	e.Files = files(obs, size)
	e.Doubtful = p.rare || p.n < len(obs)*7/10 || !g.ended
	if p.n == 0 {
		e.Doubtful = true
		e.Unpacked = Interval{int64(size * 2), g.size / 2, saturate(size * deflateLimit)}
		return e
	}
	if e.MultiMember {
		e.Unpacked = p.interval(size, hiddenShare)
		return e
	}
	g.choose(&e, p)
	return e
}

// choose weighs the candidates ISIZE + k·2^32.
//
// The trailer is a check digit of the length. If the windows are a fair sample
// then one candidate stands where they say. If much of the length hides in what
// no window met, the true candidate stands elsewhere, and that another one
// stands just where the windows point to is an accident, the less likely the
// narrower their error. So three explanations are weighed for each candidate:
// the windows tell it (density of the estimate), something is hidden (the
// tail's density beyond the estimate), or the trailer is that of a last member
// only, and may then be anything up to the estimate.
func (g *gzipSampler) choose(e *Estimate, p population) {
	size := float64(g.size)
	prior := hiddenPrior
	if p.rare {
		prior = hiddenPriorBad
	}
	hidden := tail{scale: float64(modulus)/4 + p.mean()/8, reach: size * deflateLimit / float64(p.n+1)}
	// Encoders store what does not compress, so the length is hardly below the
	// stream's own, unless the windows say otherwise.
	least := min(0.99*size, p.mean()-3*p.err) - wholeLimit
	var all []candidate
	total := 0.0
	for c := float64(g.isize); c <= size*deflateLimit+1024; c += modulus {
		if c < least {
			continue
		}
		w := (1-prior)*p.density(c) + prior*hidden.density(c-p.mean())
		all = append(all, candidate{c, w})
		total += w
	}
	other := memberPrior / modulus
	if mean := p.mean(); float64(g.isize) < mean {
		other = memberPrior / min(mean, modulus)
	}
	sort.Slice(all, func(i, j int) bool { return all[i].weight > all[j].weight })
	if g.isize < tarBlock {
		other = total // no tar is so short: more likely an empty last member than just k·4 GiB
	}
	if len(g.middle) >= g.least() && len(all) > 0 && (total-all[0].weight+other) <= wrongAllowed*all[0].weight {
		v := int64(all[0].length)
		e.Settled, e.Unpacked = true, Interval{v, v, v}
		return
	}
	e.Unpacked = unsettled(all, total, other, p, size)
}

// unsettled is the hull of every candidate that is still to be reckoned with and
// of the windows' own interval, since the trailer may mean nothing.
func unsettled(all []candidate, total, other float64, p population, size float64) Interval {
	const leftOut = wrongAllowed
	lo, hi := math.Inf(1), 0.0
	for i, rest := 0, total; i < len(all) && rest > leftOut*total; i++ {
		lo, hi = min(lo, all[i].length), max(hi, all[i].length)
		rest -= all[i].weight
	}
	// A candidate that only beats the other candidates may still be the trailer of a last member: then the windows' own mean is
	// the better guess.
	value := p.mean()
	if len(all) > 0 && all[0].weight > total/2 && (all[0].weight > other || math.Abs(all[0].length-value) <= 3*p.err) {
		value = all[0].length
	}
	share := 0.0
	if other > leftOut*total || lo >= hi {
		share = hiddenShare
	}
	own := p.interval(size, share)
	lo, hi = min(lo, float64(own.Min)), max(hi, float64(own.Max))
	return Interval{int64(min(max(value, lo), hi)), int64(lo), saturate(hi)}
}

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
	return Interval{int64(max(p.mean(), lo)), int64(lo), saturate(max(hi, p.mean()))}
}

// next is the number of strata to go on with: as many as the error, falling
// with their root, needs to tell the candidates apart; 0 for no more.
func (g *gzipSampler) next(n int, e Estimate) int {
	if least := g.least(); n < least {
		return least
	}
	if e.MultiMember && n >= 32 || n >= maxWindows {
		return 0
	}
	p := summarise(g.observations(), float64(g.size))
	want := n * 2
	if p.n > 0 {
		const enough = 0.4 * wrongAllowed / hiddenPrior * modulus
		need := float64(n) * sq(p.err/enough)
		for float64(want) < need && want < n*8 {
			want *= 2
		}
	}
	return min(want, maxWindows)
}

// least is the number of windows before anything is settled. Four gigabytes of
// zeros are four megabytes of the stream, so in a small stream a few windows
// would meet them; of a large one a thousandth is read, since the windows may
// agree with the trailer by chance. Half the budget is the limit of both: who
// wants an answer from three requests gives a budget for no more.
func (g *gzipSampler) least() int {
	most := (g.read + g.left) / 2
	want := max(16*g.windowSize, g.size/1000)
	if g.size*deflateLimit < int64(g.isize)+modulus {
		want = 0 // the only candidate
	}
	n := 1
	for n < 128 && int64(n*2+2)*g.windowSize <= min(most, want+2*g.windowSize) {
		n *= 2
	}
	return n
}

// saturate makes an int64 of what may be larger.
func saturate(v float64) int64 {
	if v >= math.MaxInt64 {
		return math.MaxInt64
	}
	return int64(v)
}
