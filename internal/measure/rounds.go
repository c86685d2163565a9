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
// that are at least half as wide, as they can be read side by side. It returns the layers to
// measure again, none when the budget has no room for a step, and what is left of the budget.
func nextRound(jobs []*job, left, budget int64) (round []*job, rest int64) {
	uncertain := slices.DeleteFunc(slices.Clone(jobs), func(j *job) bool {
		return j.boundsWidth() == 0 || !j.canNarrow()
	})
	slices.SortFunc(uncertain, func(a, b *job) int {
		return cmp.Or(cmp.Compare(b.boundsWidth(), a.boundsWidth()), cmp.Compare(a.layer.Digest, b.layer.Digest))
	})
	for _, j := range uncertain {
		if len(round) > 0 && j.boundsWidth() < round[0].boundsWidth()/2 {
			break
		}
		if cost := j.takeStep(left, budget); cost > 0 {
			left -= cost
			round = append(round, j)
		}
	}
	return round, left
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

// takeStep doubles a layer's allowance, as far as the budget goes, or has it streamed where that
// costs little more, or where its ranges cannot be read. It returns what the step costs, 0 for
// none.
func (j *job) takeStep(left, budget int64) (cost int64) {
	failed := slices.ContainsFunc(j.origins, func(s *origin) bool { return s.result.Fault != nil })
	next := max(2*j.allowance, leastFirst)
	if (failed || j.layer.Size <= 2*next) && j.layer.Size <= left {
		j.way, j.orProbe = wayStream, true
		return j.layer.Size
	}
	more := min(next, j.layer.Size, budget/16*mostOfBudget) - j.allowance
	more = min(more, left/j.probeCount()/uselessAllowance*uselessAllowance)
	if failed || more < uselessAllowance {
		return 0
	}
	j.way = wayProbe
	j.allowance += more
	return more * j.probeCount()
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
