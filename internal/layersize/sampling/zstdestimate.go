package sampling

import (
	"math"
	"slices"
)

const (
	runRatio = blockMax / 4 // what a run of RLE blocks decodes to, by its length

	// zstdBound is the chance with which each bound holds.
	zstdBound = 0.996
	// zstdPrecise is the relative error from which more windows would hardly change what is answered.
	zstdPrecise = 0.012
	// unseenRatio is the prior belief of what data decode to that no window has met, by their length: between a Debian
	// base system, which is 2.5 times its Zstandard blob, and modules of npm, which are 6.9 times theirs.
	unseenRatio = 4
)

// blockModel is what the blocks decode to of which that is not known.
type blockModel struct {
	full int     // what an encoder's full block decodes to
	last float64 // a frame's last block
	mean float64 // a block of which nothing else is known
	err  float64 // standard error of mean, relative

	known int // blocks whose content is known, frames' last ones left out
}

// modelBlocks learns from the blocks whose content is known: most encoders fill all but a frame's last one.
func modelBlocks(views []*zstdView) blockModel {
	m := blockModel{full: blockMax, last: blockMax / 2}
	sizes := map[int]int{}
	lastCount, lastSum := 0, 0
	var coded []float64
	for _, v := range views {
		for _, b := range v.blocks {
			switch {
			case b.out < 0:
			case b.last:
				lastCount, lastSum = lastCount+1, lastSum+b.out
			default:
				m.known++
				sizes[b.out]++
				if b.coded {
					coded = append(coded, float64(b.out))
				}
			}
		}
	}
	for size, n := range sizes {
		if n > sizes[m.full] || n == sizes[m.full] && size > m.full {
			m.full = size
		}
	}
	if lastCount > 0 {
		m.last = float64(lastSum) / float64(lastCount)
	}
	m.mean = float64(m.full)
	if n := float64(len(coded)); n > 1 && sizes[m.full]*100 < m.known*99 {
		m.mean = sum(coded) / n
		spread := 0.0
		for _, out := range coded {
			spread += sq(out - m.mean)
		}
		m.err = math.Sqrt(spread/(n-1)/n) / m.mean
	}
	return m
}

// content is what a block decodes to, as far as that can be said.
func (m blockModel) content(b zstdBlock) float64 {
	switch {
	case b.out >= 0:
		return float64(b.out)
	case b.last:
		return m.last
	}
	return m.mean
}

// total is the input and output of a window's blocks that belong to no run. guessed is the output that is not known.
func (m blockModel) total(v *zstdView) (in, out, guessed float64) {
	in = float64(v.other)
	for _, b := range v.blocks {
		content := m.content(b)
		in += float64(b.length)
		out += content
		if b.out < 0 {
			guessed += content
		}
	}
	return in, out, guessed
}

// zstdSummary is what the windows say about the part of the stream that is in no run and in neither end.
type zstdSummary struct {
	n     int     // windows
	ratio float64 // output by input
	err   float64 // standard error of ratio
	df    float64
	skew  float64 // of the residuals
	most  float64 // output by input, of the window where that is largest
	short float64 // part of the ratio that blocks may lack which are taken for full ones

	ends, runs float64 // output of both ends' windows, and of the runs
	rest       float64 // input between
	unmet      unmet
}

// isPrecise reports whether more windows would hardly change what is answered.
func (s zstdSummary) isPrecise() bool { return s.n > 0 && s.err*s.rest <= zstdPrecise*s.length() }

// length is the estimate itself.
func (s zstdSummary) length() float64 { return s.ends + s.runs + s.ratio*s.rest + s.unmet.likely }

// summarise counts the blocks whose headers begin in the windows.
//
// A header begins in a window of w bytes at random with a chance of w by the stream's length, whatever is around it.
// So the sum over all windows of what those blocks decode to is proportional to the stream's content, and the sum of
// their lengths to its length: one by the other is a ratio estimate (Cochran, Sampling Techniques, chapter 6) in
// which no kind of data counts for more than another.
func (z *zstdSampler) summarise() zstdSummary {
	var s zstdSummary
	views := z.views()
	model := modelBlocks(views)
	s.rest = float64(z.size)
	for _, end := range []*zstdView{z.head, z.tail} {
		if end != nil && end.decoded {
			in, out, _ := model.total(end)
			s.ends += out
			s.rest -= in
		}
	}
	for _, r := range z.runs {
		s.runs += r.content()
		s.rest -= float64(r.length())
	}
	s.rest = max(0, s.rest)
	s.unmet = z.unmetRuns()
	var ins, outs []float64
	missing, guessed := 0, 0.0
	for _, v := range z.sampled() {
		in, out, unknown := model.total(v)
		switch {
		case !v.decoded:
			missing++
		case in > 0:
			ins, outs = append(ins, in), append(outs, out)
			guessed += unknown
		}
	}
	if s.n = len(ins); s.n == 0 {
		return s
	}
	s.ratio = sum(outs) / sum(ins)
	s.err, s.df = standardError(ins, outs, s.ratio)
	// What was seen does not scatter (Cochran, the finite population correction).
	s.err *= math.Sqrt(max(0, 1-float64(int64(s.n)*z.windowSize)/float64(z.size)))
	s.skew = skewness(ins, outs, s.ratio)
	for i := range ins {
		s.most = max(s.most, outs[i]/ins[i])
	}
	lost := float64(missing) / float64(missing+s.n)
	s.short = guessed / sum(ins) * missedShare(model.known)
	model.err *= guessed / max(1, sum(outs))
	s.err = math.Sqrt(sq(s.err) + sq(0.3*lost*s.ratio) + sq(model.err*s.ratio))
	return s
}

// views are all windows.
func (z *zstdSampler) views() []*zstdView {
	views := slices.Clone(z.middle)
	for _, end := range []*zstdView{z.head, z.tail} {
		if end != nil {
			views = append(views, end)
		}
	}
	return views
}

// sampled are the windows that the estimate rests on, in the stream's order. With a few windows the two ends count
// as well; with more they would only tell of themselves.
func (z *zstdSampler) sampled() []*zstdView {
	const few = 4
	views := z.middle
	if len(views) < few {
		views = z.views()
	}
	views = slices.Clone(views)
	slices.SortFunc(views, func(a, b *zstdView) int { return int(min(1, max(-1, a.offset-b.offset))) })
	return views
}

// unseen is what data that no window has met may add to the ratio. A share of the stream that all windows miss is no larger, with
// the chance of the bound, than what n windows miss as seldom. It adds something only if it compresses better than all that was seen.
func (s zstdSummary) unseen() float64 {
	return missedShare(s.n) * max(0, unseenRatio-s.most)
}

// missedShare is the largest share of all that n samples miss with no less than the chance that a bound leaves.
func missedShare(n int) float64 { return 1 - math.Pow(1-zstdBound, 1/float64(max(n, 1))) }

// skewness of the residuals of a ratio estimate.
func skewness(ins, outs []float64, ratio float64) float64 {
	n := float64(len(ins))
	var second, third float64
	for i := range ins {
		e := outs[i] - ratio*ins[i]
		second += e * e
		third += e * e * e
	}
	if second == 0 {
		return 0
	}
	return third / n / math.Pow(second/n, 1.5)
}

// interval bounds the length by what scatters. Where a few windows hold most of the content, the scatter is skewed,
// and the bound above is as far as that moves it (Johnson, Modified t Tests and Confidence Intervals for
// Asymmetrical Populations, JASA 73, 1978).
func (s zstdSummary) interval(size float64) Interval {
	t := studentQuantile(s.df, zstdBound)
	skewed := max(0, s.skew) * (2*t*t + 1) / (6 * math.Sqrt(float64(s.n)))
	value := s.length()
	above := math.Hypot((t+skewed)*s.err, s.unseen())
	below := math.Hypot(t*s.err, s.short)
	lo := s.ends + s.runs + max(0, s.ratio-below)*s.rest
	hi := value + above*s.rest + s.unmet.most - s.unmet.likely
	lo = min(max(lo, size/2), value)
	return Interval{Value: int64(value), Min: int64(lo), Max: saturate(hi)}
}

// framePrior is the belief that the stream has several frames and no window showed it: parallel writers make many.
const framePrior = 0.02

// estimate draws the conclusion from the windows read so far.
func (z *zstdSampler) estimate() Estimate {
	e := Estimate{BytesRead: z.read, Windows: z.nreads, Hidden: z.hidden()}
	var obs []*observation
	for _, v := range z.views() {
		e.MultiMember = e.MultiMember || v.members > 0
	}
	for _, v := range z.sampled() {
		obs = append(obs, &v.observation)
	}
	e.Files = sampleFiles(obs, float64(z.size), 0)
	s := z.summarise()
	if s.n == 0 {
		size := float64(z.size)
		e.Unpacked = Interval{saturate(size * 2), z.size / 2, saturate(size * runRatio)}
		return e
	}
	e.Unpacked = s.interval(float64(z.size))
	if z.content < 0 {
		return e
	}
	// The header is right about its frame; that the frame is the only one is
	// believed when the windows tell the same length.
	c := float64(z.content)
	if other := framePrior / max(s.length(), c); !e.MultiMember && other <= wrongAllowed*s.density(c) {
		e.Settled, e.Unpacked, e.Hidden = true, exactly(z.content), Hidden{}
		return e
	}
	e.Unpacked = e.Unpacked.atLeast(z.content)
	return e
}

// density of the length at x, as the windows tell it.
func (s zstdSummary) density(x float64) float64 {
	err := s.err * s.rest
	if err <= 0 {
		return 0
	}
	return studentDensity(s.df, (x-s.length())/err) / err
}
