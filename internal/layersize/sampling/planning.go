package sampling

import "github.com/tkeimage/terraform-provider-tkeimage/internal/layersize/estimate"

// next is the number of strata to go on with, 0 for no more: until the length is
// settled, or known as well as it ever will be, and the files are too. A length
// takes as many windows as its error, falling with their root, needs to separate the
// candidates apart.
func (g *gzipSampler) next(n int, e estimate.Estimate) int {
	if least := g.least(); n < least {
		return least
	}
	if n >= maxWindows {
		return 0
	}
	p := g.sampled().Population()
	want := n * 2
	if g.readsMany() && 2*int64(want)*g.windowSize <= bytesPerRequest {
		want *= 2 // in one request
	}
	switch {
	case e.Settled || e.MultiMember && p.IsPrecise():
		if e.FilesKnown(g.size) {
			return 0
		}
	default:
		need := p.WindowsToSettle(n)
		for float64(want) < need && want < n*8 {
			want *= 2
		}
	}
	return min(want, maxWindows)
}

// first is the number of windows of the first round: where they come with one request, and the budget
// allows no more rounds than that, as many as it has room for.
func (g *gzipSampler) first() int {
	n := g.least()
	for g.readsMany() && n < mostAtFirst && int64(n) < g.room() {
		n *= 2
	}
	return n
}

// mostAtFirst is how many windows settle an ordinary layer.
const mostAtFirst = 16

// least is the number of windows before anything is settled. Four gigabytes of
// zeros are four megabytes of the stream, so in a small stream a few windows
// would meet them; of a large one a thousandth is read, since the windows may
// agree with the trailer by chance. Half the budget is the limit of both: who
// wants an answer from three requests gives a budget for no more.
func (g *gzipSampler) least() int {
	most := (g.read + g.left) / 2
	want := max(16*g.windowSize, g.size/1000)
	if estimate.HasOneCandidate(g.size, g.isize) {
		want = 0 // the only candidate
	}
	n := 1
	for n < 128 && int64(n*2+2)*g.windowSize <= min(most, want+2*g.windowSize) {
		n *= 2
	}
	return n
}
