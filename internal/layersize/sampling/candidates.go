package sampling

import (
	"math"
	"sort"
)

const (
	modulus = 1 << 32

	// wrongAllowed is the chance of a wrong candidate that settling accepts.
	wrongAllowed = 0.005

	// The prior belief that data no window has met change the length by much;
	// and the same once extreme data were met, for where some are, more are.
	hiddenPrior    = 0.02
	hiddenPriorBad = 0.10

	// memberPrior is the belief that the stream has several members and no
	// window showed it, so that the trailer speaks of the last one alone; and the
	// same where the first header has an extra field, as those have whose writers
	// compress in parts (RFC 1952 §2.3.1.1). It is far above how seldom layers are
	// of a few huge members, since nothing else stands between those and a wrong
	// answer: until the windows know the length to a tenth, a trailer
	// that agrees with them is not believed.
	memberPrior      = 0.005
	memberPriorExtra = 0.5
)

// candidate is a length that the trailer allows, with its weight of evidence.
type candidate struct{ length, weight float64 }

// estimate draws the conclusion from the windows read so far.
func (g *gzipSampler) estimate() Estimate {
	obs := g.observations()
	e := Estimate{BytesRead: g.read, Windows: g.nreads, MultiMember: g.severalMembers()}
	size := float64(g.size)
	p := summarise(obs, size)
	e.Files = sampleFiles(obs, size, 0)
	if p.n == 0 {
		e.Unpacked = Interval{int64(size * 2), g.size / 2, saturate(size * deflateLimit)}
		return e
	}
	if e.MultiMember {
		e.Unpacked = p.unaided(size, p.hiddenBelief()).atLeast(int64(g.isize))
		return e
	}
	g.choose(&e, p)
	if e.Settled {
		e.Files.length = float64(e.Unpacked.Value)
	}
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
	prior := p.hiddenBelief()
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
	members := memberPrior
	if g.extra {
		members = memberPriorExtra
	}
	other := members / modulus
	if mean := p.mean(); float64(g.isize) < mean {
		other = members / min(mean, modulus)
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
	e.Unpacked = unsettled(all, total, other, p, size).atLeast(int64(g.isize))
}

// unsettled bounds the length by the weights of the candidates, and where the trailer may mean nothing, being that of a last member,
// by what the windows say alone, too.
func unsettled(all []candidate, total, other float64, p population, size float64) Interval {
	value := p.mean()
	// A candidate that only beats the other candidates may still be the trailer of a last member: then what the windows say is the
	// better guess.
	if len(all) > 0 && all[0].weight > total/2 && all[0].weight > other && math.Abs(all[0].length-p.mean()) <= 3*p.err {
		value = all[0].length
	}
	lengths := make([]possible, len(all))
	for i, c := range all {
		lengths[i] = possible(c)
	}
	own := p.unaided(size, 0) // several members and hidden data at once are too unlikely to reckon with
	lo, hi := float64(own.Min), float64(own.Max)
	if len(lengths) > 0 && total > 0 {
		lo, hi = quantiles(lengths)
		if other > outside*total {
			lo, hi = min(lo, float64(own.Min)), max(hi, float64(own.Max))
		}
	}
	value = min(max(value, lo), hi)
	return Interval{int64(value), int64(lo), saturate(hi)}
}

// saturate makes an int64 of what may be larger.
func saturate(v float64) int64 {
	if v >= math.MaxInt64 {
		return math.MaxInt64
	}
	return int64(v)
}
