package estimate

import (
	"math"
	"slices"
	"sort"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/layersize"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/layersize/compression"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/layersize/transcript"
)

const (
	modulus = 1 << 32

	// wrongAllowed is the chance of a wrong candidate that settling accepts.
	wrongAllowed = 0.005

	// The prior belief that data no window has met change the length by much;
	// and the same once extreme data were met, for where some are, more are.
	hiddenPrior    = 0.02
	hiddenPriorBad = 0.10

	// memberPrior is the belief that the stream has several members and no window showed it, so that
	// the trailer speaks of the last one alone: as many layers of the corpus are of two to five huge
	// members (TestCorpus). It is far above how seldom layers are so, since nothing else stands between
	// those and a wrong answer: a trailer that agrees with the windows by accident is believed in one of
	// twenty of them. memberPriorExtra is the same where the first header has an extra field, as those
	// have whose writers compress in parts (RFC 1952 §2.3.1.1).
	memberPrior      = 0.05
	memberPriorExtra = 0.5
)

// candidate is a length that the trailer allows, with its weight of evidence.
type candidate struct{ length, weight float64 }

// HasOneCandidate reports whether a stream of some size is too short for a second length that its
// trailer allows.
func HasOneCandidate(size int64, isize uint32) bool {
	return size*compression.DeflateLimit < int64(isize)+modulus
}

// Gzip is what windows have shown of a gzip stream.
type Gzip struct {
	Size        int64
	ISIZE       uint32 // of the last member's trailer
	HasExtra    bool   // the first member's header has an extra field
	MultiMember bool   // a boundary between members was seen
	Fair        bool   // there are as many windows as it takes to settle anything
	Middle      []*Observation
	Ends        []*Observation
}

// Population is what the windows say about the whole.
func (g Gzip) Population() Population {
	const few = 4 // fewer windows say less than they do with the ends
	sampled := g.Middle
	if len(sampled) < few {
		sampled = slices.Concat(sampled, g.Ends)
	}
	return summarise(sampled, float64(g.Size))
}

// Estimate draws the conclusion.
func (g Gzip) Estimate() Estimate {
	e := Estimate{MultiMember: g.MultiMember}
	size := float64(g.Size)
	p := g.Population()
	e.Files = sampleFiles(g.Middle, g.Ends, size)
	if p.n == 0 {
		e.Unpacked = layersize.Interval{
			Value: int64(size * 2), Min: g.Size / 2, Max: saturate(size * compression.DeflateLimit),
		}
		return e
	}
	if e.MultiMember {
		e.Unpacked = atLeast(p.unaided(size, p.hiddenBelief()), int64(g.ISIZE))
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
// the windows show it (density of the estimate), something is hidden (the
// tail's density beyond the estimate), or the trailer is that of a last member
// only, and may then be anything up to the estimate.
func (g Gzip) choose(e *Estimate, p Population) {
	size := float64(g.Size)
	prior := p.hiddenBelief()
	hidden := tail{scale: float64(modulus)/4 + p.Mean()/8, reach: size * compression.DeflateLimit / float64(p.n+1)}
	// Encoders store what does not compress, so the length is hardly below the
	// stream's own, unless the windows say otherwise.
	const slack = 256 << 10
	least := min(0.99*size, p.Mean()-3*p.err) - slack
	var all []candidate
	total := 0.0
	for c := float64(g.ISIZE); c <= size*compression.DeflateLimit+1024; c += modulus {
		if c < least {
			continue
		}
		w := (1-prior)*p.density(c) + prior*hidden.density(c-p.Mean())
		all = append(all, candidate{c, w})
		total += w
	}
	members := memberPrior
	if g.HasExtra {
		members = memberPriorExtra
	}
	other := members / modulus
	if mean := p.Mean(); float64(g.ISIZE) < mean {
		other = members / min(mean, modulus)
	}
	sort.Slice(all, func(i, j int) bool { return all[i].weight > all[j].weight })
	if g.ISIZE < transcript.TarBlock {
		other = total // no tar is so short: more likely an empty last member than just k·4 GiB
	}
	if g.Fair && len(all) > 0 && (total-all[0].weight+other) <= wrongAllowed*all[0].weight {
		v := int64(all[0].length)
		e.Settled, e.Unpacked = true, layersize.Exactly(v)
		return
	}
	e.Unpacked = atLeast(unsettled(all, total, other, p, size), int64(g.ISIZE))
}

// unsettled bounds the length by the weights of the candidates and, where the trailer may be that of a last
// member, by what the windows say alone, with the weight of that.
func unsettled(all []candidate, total, other float64, p Population, size float64) layersize.Interval {
	value := p.Mean()
	// A candidate that only beats the other candidates may still be the trailer of a last member: then
	// what the windows say is the better guess.
	if len(all) > 0 && all[0].weight > total/2 && all[0].weight > other {
		value = all[0].length
	}
	// Several members and hidden data at once are too unlikely to reckon with. Several members count
	// twice, so that half of what may be outside of the bounds is left to everything else.
	lengths := p.posterior(size, 0)
	for i := range lengths {
		lengths[i].weight *= 2 * other
	}
	for _, c := range all {
		lengths = append(lengths, possible(c))
	}
	lo, hi := quantiles(lengths)
	value = min(max(value, lo), hi)
	return layersize.Interval{Value: int64(value), Min: int64(lo), Max: saturate(hi)}
}

// saturate makes an int64 of what may be larger.
func saturate(v float64) int64 {
	if v >= math.MaxInt64 {
		return math.MaxInt64
	}
	return int64(v)
}
