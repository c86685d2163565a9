package sampling

// fileWindows is as many as files are worth where their part of a disk is small: they
// gather in places, so that more windows tell ever less of them.
const fileWindows = 128

// What files may leave uncertain of what the layer takes on the disk, packed and
// unpacked: a fortieth, or after fileWindows a tenth.
const (
	filesWellKnown = 40
	filesKnown     = 10
)

// next is the number of strata to go on with, 0 for no more: until the length is
// settled, or known as well as it ever will be, and the files are too. A length
// takes as many windows as its error, falling with their root, needs to tell the
// candidates apart.
func (g *gzipSampler) next(n int, e Estimate) int {
	if least := g.least(); n < least {
		return least
	}
	if n >= maxWindows {
		return 0
	}
	p := summarise(g.observations(), float64(g.size))
	want := n * 2
	switch {
	case e.Settled || e.MultiMember && p.precise():
		if e.filesKnown(g.size, filesWellKnown) || n >= fileWindows && e.filesKnown(g.size, filesKnown) {
			return 0
		}
	case p.n > 0:
		const enough = 0.4 * wrongAllowed / hiddenPrior * modulus
		need := float64(n) * sq(p.err/enough)
		for float64(want) < need && want < n*8 {
			want *= 2
		}
	}
	return min(want, maxWindows)
}

// filesKnown reports whether the files, of which each gains some 1.5 KB when it
// comes from the tar to a disk, leave uncertain no more than the given part of what the
// layer takes there, packed and unpacked.
func (e Estimate) filesKnown(size, part int64) bool {
	const gain = 1536
	count := e.Files.Count()
	return e.Files.Known() && (count.Max-count.Min)*gain <= (size+e.Unpacked.Value)/part
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
