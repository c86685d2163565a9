package measure

import (
	"cmp"
	"slices"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/disksize"
)

// Auto reads in rounds: the first one is planned from sizes alone, and each further one from what
// the rounds before it came to, until the disk is decided or the budget is spent. All of it follows
// from the images and the request: what was kept from another run saves reading and changes
// nothing.

// knownWell is how well the need is to be known before Auto ends, in percent of it to either side:
// as well as the answer is to be.
const knownWell = 3

// mostOfBudget is the part of the budget that the ranges of one layer may take, in sixteenths: no
// more says less than a look at another layer.
const mostOfBudget = 11

// isDecided reports whether more reading would change nothing that matters: both bounds ask for the
// same disk, and the need is known well.
func isDecided(report *Report, disk disksize.Request) bool {
	need := report.RequiredBytes
	value := float64(need.Value)
	if float64(need.Max) > value*(100+knownWell)/100 || float64(need.Min) < value*(100-knownWell)/100 {
		return false
	}
	most := report.Needs(disk)
	least := most
	least.RequiredBytes = need.Min
	small, err := disksize.Recommend(least)
	if err != nil {
		return true // no disk is large enough, whatever it is
	}
	large, err := disksize.Recommend(most)
	return err == nil && large.SizeGiB == small.SizeGiB
}

// nextRound assigns the most uncertain layers their next steps: the widest one, and with it those
// that are at least half as wide, as they can be read side by side. Where the budget would leave
// some of them without, each has a like part of its step instead, as many layers that are known a
// little make a closer sum than a few that are known well; unless such parts were too small. It
// returns the layers to measure again, none when the budget has no room for a step, and what is
// left of the budget.
func nextRound(jobs []*job, left, budget int64) (round []*job, rest int64) {
	widest := selectWidest(jobs)
	steps := planSteps(widest, left, budget, 1)
	if len(steps) < len(widest) {
		if shared := planSteps(widest, left, budget, affordablePart(widest, left, budget)); len(shared) > len(steps) {
			steps = shared
		}
	}
	for _, s := range steps {
		s.assign()
		left -= s.cost
		round = append(round, s.job)
	}
	return round, left
}

// affordablePart returns the part of their steps that the budget suffices for, 1 at most.
func affordablePart(layers []*job, left, budget int64) float64 {
	wanted := int64(0)
	for _, j := range layers {
		wanted += j.planStep(left, budget).cost
	}
	return min(1, float64(left)/float64(max(1, wanted)))
}

// planSteps plans a part of the layers' next steps, in turn, as far as the budget goes. A layer
// whose ranges cannot be read has all of its step.
func planSteps(layers []*job, left, budget int64, part float64) (steps []step) {
	rest := left
	for _, j := range layers {
		most := rest
		if !j.hasFault() && part < 1 {
			most = min(rest, int64(part*float64(j.planStep(left, budget).cost)))
		}
		if s := j.planStep(most, budget); s.cost > 0 {
			rest -= s.cost
			steps = append(steps, s)
		}
	}
	return steps
}

// selectWidest returns the most uncertain layers that more reading would narrow, the widest first.
func selectWidest(jobs []*job) []*job {
	uncertain := slices.DeleteFunc(slices.Clone(jobs), func(j *job) bool {
		return j.boundsWidth() == 0 || !j.canNarrow()
	})
	slices.SortFunc(uncertain, func(a, b *job) int {
		return cmp.Or(cmp.Compare(b.boundsWidth(), a.boundsWidth()), cmp.Compare(a.layer.Digest, b.layer.Digest))
	})
	narrow := slices.IndexFunc(uncertain, func(j *job) bool { return j.boundsWidth() < uncertain[0].boundsWidth()/2 })
	if narrow < 0 {
		return uncertain
	}
	return uncertain[:narrow]
}

// boundsWidth is how far apart the bounds of a layer are on the disk.
func (j *job) boundsWidth() (width int64) {
	for _, s := range j.origins {
		width = max(width, s.result.DiskBytes.Max-s.result.DiskBytes.Min)
	}
	return width
}

// canNarrow reports whether more reading would say more of a layer. A probe that ended before its
// allowance was spent has learned all that ranges can say.
func (j *job) canNarrow() bool {
	return j.way != wayStream && slices.ContainsFunc(j.origins, func(s *origin) bool {
		return j.way == wayDeclare || s.result.Cut || s.result.Fault != nil
	})
}

// step is what a layer is to read next: all of it, or more ranges.
type step struct {
	job  *job
	way  way
	more int64 // bytes from each origin
	cost int64 // bytes from all; 0 for no step
}

// planStep doubles a layer's allowance, as far as so many bytes go, or has it streamed where that
// costs little more, or where its ranges cannot be read.
func (j *job) planStep(most, budget int64) step {
	next := max(2*j.allowance, leastFirst)
	if (j.hasFault() || j.layer.Size <= 2*next) && j.layer.Size <= most {
		return step{job: j, way: wayStream, cost: j.layer.Size}
	}
	more := min(next, j.layer.Size, budget/16*mostOfBudget) - j.allowance
	more = min(more, most/j.probeCount()/uselessAllowance*uselessAllowance)
	if j.hasFault() || more < uselessAllowance {
		return step{}
	}
	return step{job: j, way: wayProbe, more: more, cost: more * j.probeCount()}
}

// hasFault reports whether a read of the layer has failed.
func (j *job) hasFault() bool {
	return slices.ContainsFunc(j.origins, func(s *origin) bool { return s.result.Fault != nil })
}

// assign has the layer of a step read so in the next round.
func (s step) assign() {
	s.job.way, s.job.orProbe = s.way, s.way == wayStream
	s.job.allowance += s.more
}

// forgetRanges lets go of what was read and decoded of layers that are read no more.
func forgetRanges(jobs []*job) {
	for _, j := range jobs {
		if !j.canNarrow() {
			for _, s := range j.origins {
				s.ranges, s.memory = nil, nil
			}
		}
	}
}
