package estimate

import (
	"cmp"
	"math"
	"slices"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/layersize"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/layersize/zstdblock"
)

const (
	runRatio = zstdblock.MaxBlock / 4 // what a run of RLE blocks decodes to, by its length

	// zstdBound is the chance with which each bound holds. Both together leave half of one in a
	// hundred to what the assumptions do not cover.
	zstdBound = 0.9975
	// zstdPrecise is the relative error from which more windows would hardly change what is
	// answered.
	zstdPrecise = 0.012
	// unseenRatio is the prior belief of what data decode to that no window has met, by their
	// length: between a Debian base system, which is 2.5 times its Zstandard blob, and modules of
	// npm, which are 6.9 times theirs.
	unseenRatio = 4

	// splitPrior is the belief that a stream is of an encoder that splits blocks: libzstd at its high
	// levels does, which few writers of layers choose. It is a belief, not a count: of the producers
	// of layers that were tried none does by default.
	splitPrior = 0.05
)

// Zstd is what places have shown of a zstd stream.
type Zstd struct {
	Length     int64
	Content    int64 // what the first frame's header says, or -1
	Head, Tail *Place
	Middle     []*Place
	Decoded    []*Place // the middle's that were completed
	Runs       []zstdblock.Run
	Apart      int64 // bytes between probes for runs, 0 where there were none
}

// summary is what the places say about the whole stream.
type summary struct {
	n      int     // places
	seen   float64 // output of all that was seen, and of the runs
	rest   float64 // input that was not seen
	part   float64 // of the input between, that the places show
	ratio  float64 // output by input
	spread float64 // standard error of the length
	df     float64
	skewed float64 // how much more the length may be as few places show what compresses best
	most   float64 // output by input, of the place where that is largest
	apart  float64 // output by which blocks that were not decoded may differ from those that were
	short  float64 // output that blocks may lack, as what they compress to says
	long   float64 // output that blocks may have more, if the encoder has left them whole
	ends   float64 // frames whose last block was not decoded
	unmet  unmet
}

// isPrecise reports whether more windows would hardly change what is answered.
func (s summary) isPrecise() bool { return s.n > 0 && s.spread <= zstdPrecise*s.length() }

// length is the estimate itself.
func (s summary) length() float64 { return s.seen + s.ratio*s.rest + s.unmet.likely }

// IsPrecise reports whether more windows would hardly change what is answered.
func (z *Zstd) IsPrecise() bool { return z.summarise().isPrecise() }

// Ratio returns output by input of what the places show, runs aside that were followed.
func (z *Zstd) Ratio() float64 { return z.summarise().ratio }

// summarise counts the blocks whose headers begin in the stretches.
//
// A header begins in a stretch of so many bytes at random with a chance of that by the stream's
// length, whatever is around it. So the sum over all stretches of what those blocks decode to is
// proportional to the stream's content, and the sum of their lengths to its length: one by the
// other is a ratio estimate (Cochran, Sampling Techniques, chapter 6) in which no kind of data
// counts for more than another.
func (z *Zstd) summarise() summary {
	var s summary
	views := z.Places()
	model := modelBlocks(views)
	runs := zstdblock.MergeRuns(z.Runs)
	var all sums
	known := int64(0) // up to there the stream is counted, or has a gap
	for _, v := range views {
		all.add(model.total(v, known, runs))
		known = max(known, v.End())
	}
	runError := 0.0
	for _, r := range runs {
		all.add(model.ofRun(r))
		runError = math.Hypot(runError, r.Error)
	}
	s.seen, s.rest = all.out, max(0, float64(z.Length)-all.in)
	s.unmet = z.unmetRuns()
	z.scatter(&s, model, runs)
	if s.n == 0 {
		return s
	}
	part := s.length() / max(1, all.out)
	s.spread = math.Hypot(math.Hypot(s.spread, runError), all.guessed*part*model.err)
	s.apart = all.guessed * part * model.apart
	s.short = all.less * part * model.splitShare(all)
	if model.splits {
		s.long = all.more * part
	}
	s.ends = float64(model.lasts)
	return s
}

// scatter learns the ratio and its error.
func (z *Zstd) scatter(s *summary, model blockModel, runs []zstdblock.Run) {
	var ins, outs []float64
	missing := 0
	for _, v := range z.sampled() {
		t := model.total(v, 0, runs)
		switch {
		case !v.Decoded:
			missing++
		case t.in > 0:
			ins, outs = append(ins, t.in), append(outs, t.out)
			s.most = max(s.most, t.out/t.in)
		}
	}
	if s.n = len(ins); s.n == 0 {
		return
	}
	s.ratio = sum(outs) / sum(ins)
	err, df := lengthBelief.standardError(ins, outs, s.ratio)
	s.df = df
	lost := float64(missing) / float64(missing+s.n)
	err = math.Hypot(err, 0.3*lost*s.ratio)
	// What was seen does not scatter (Cochran, the finite population correction).
	unseen := math.Sqrt(s.rest * (s.rest + sum(ins)))
	s.spread = err * unseen
	s.skewed = skewedBound(ins, outs) * unseen
	s.part = sum(ins) / (s.rest + sum(ins))
}

// searched returns the windows between the ends that show files: those that were completed, where
// there are enough, and most of what they hold was decoded. Else all are, as what repeats tables is not
// like the rest. The ends are returned apart.
func (z *Zstd) searched() (middle, ends []*Observation) {
	const enough = 4
	places := z.Decoded
	decoded, all := 0, 0
	for _, v := range places {
		for _, b := range v.Blocks {
			all += b.Length
			if b.Out >= 0 {
				decoded += b.Length
			}
		}
	}
	switch {
	case len(places) < enough:
		places = z.Middle
	case 2*decoded < all:
		places = slices.Concat(places, z.Middle)
	}
	places = slices.Clone(places)
	sortByOffset(places)
	for _, v := range places {
		middle = append(middle, &v.Observation)
	}
	for _, v := range []*Place{z.Head, z.Tail} {
		if v != nil {
			ends = append(ends, &v.Observation)
		}
	}
	return middle, ends
}

// sampled are the windows that the estimate rests on, in the stream's order. With a few windows the
// two ends count as well; with more they would only speak for themselves.
func (z *Zstd) sampled() []*Place {
	const few = 4
	views := z.Middle
	if len(views) < few {
		views = z.Places()
	}
	views = slices.Clone(views)
	sortByOffset(views)
	return views
}

func sortByOffset(views []*Place) {
	slices.SortFunc(views, func(a, b *Place) int { return cmp.Compare(a.Offset, b.Offset) })
}

// unseen is what data that no place has shown may add to the ratio of the rest: something only if
// they compress better than all that was seen.
func (s summary) unseen() float64 {
	return missedShare(s.n, s.part) * max(0, unseenRatio-s.most)
}

// missedShare is the largest share of a stream that places, of which each shows as much of its
// stratum, all miss with the chance that a bound leaves. It may lie in any number of pieces; one is
// met with the chance of its own and a stretch's length by the stratum's.
func missedShare(places int, part float64) (share float64) {
	n := float64(max(places, 1))
	for pieces := 1.0; pieces <= 64; pieces++ {
		share = max(share, pieces/n*(1-part-math.Pow(1-zstdBound, 1/pieces)))
	}
	return min(1, share)
}

// interval bounds the length by what scatters.
func (s summary) interval(size float64) layersize.Interval {
	value := s.length()
	above := max(studentQuantile(s.df, zstdBound)*s.spread, s.skewed)
	above = math.Hypot(math.Hypot(min(above, s.rest*runRatio), s.unseen()*s.rest), s.long+s.apart)
	below := math.Hypot(studentQuantile(s.df, zstdBound)*s.spread, s.short+s.apart)
	below += s.ends * zstdblock.MaxBlock
	hi := value + above + s.ends*zstdblock.MaxBlock + s.unmet.most - s.unmet.likely
	least := s.seen - s.short - s.apart - s.ends*zstdblock.MaxBlock
	lo := min(max(value-below-s.unmet.likely+s.unmet.least, least, size/2), value)
	return layersize.Interval{Value: int64(value), Min: int64(lo), Max: saturate(hi)}
}

// framePrior is the belief that the stream has several frames and no window showed it: parallel
// writers make many.
const framePrior = 0.02

// Estimate draws the conclusion.
func (z *Zstd) Estimate() Estimate {
	e := Estimate{Hidden: z.hidden()}
	for _, v := range z.Places() {
		e.MultiMember = e.MultiMember || v.Members > 0
	}
	middle, ends := z.searched()
	e.Files = sampleFiles(middle, ends, float64(z.Length))
	s := z.summarise()
	if s.n == 0 {
		size := float64(z.Length)
		e.Unpacked = layersize.Interval{Value: saturate(size * 2), Min: z.Length / 2, Max: saturate(size * runRatio)}
		return e
	}
	e.Unpacked = s.interval(float64(z.Length))
	if z.Content < 0 {
		return e
	}
	// The header is right about its frame; that the frame is the only one is
	// believed when the windows show the same length.
	c := float64(z.Content)
	if other := framePrior / max(s.length(), c); !e.MultiMember && other <= wrongAllowed*s.density(c) {
		e.Settled, e.Unpacked, e.Hidden = true, layersize.Exactly(z.Content), layersize.HiddenZeros{}
		return e
	}
	e.Unpacked = atLeast(e.Unpacked, z.Content)
	return e
}

// density of the length at x, as the windows show it.
func (s summary) density(x float64) float64 {
	if s.spread <= 0 {
		return 0
	}
	return studentDensity(s.df, (x-s.length())/s.spread) / s.spread
}
