package measure

import (
	"cmp"
	"slices"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/layersize/probe"
)

// What a probe of one layer may fetch: a part of the layer, between two bounds. It depends on
// nothing but the layer and the budget, so that what is learned of it, and kept, does not change
// when another layer of the image does.
const (
	allowedPart      = 16
	leastAllowance   = 2 << 20
	mostAllowance    = 47 << 18  // with the default budget, and in proportion with a larger one
	uselessAllowance = 256 << 10 // less than this teaches too little for its requests
)

// In Auto's first round each probe has half of that, since the layers that matter have more in the
// next ones, and all layers together half of the budget.
const (
	leastFirst = leastAllowance / 2

	// The smallest layers are streamed, where the many small files usually are, for up to this part
	// of the budget: one request counts all of a layer, and a probe takes thirty.
	streamedPart = 4

	// A sixteenth of the budget is left for what a larger allowance does not read as a smaller one
	// did.
	reservedPart = 16
)

func allowanceFor(size, budget int64) int64 {
	most := max(mostAllowance, int64(float64(mostAllowance)*(float64(budget)/float64(DefaultReadBudget))))
	return min(size, max(leastAllowance, min(most, size/allowedPart)))
}

// firstAllowance is what a probe may fetch in Auto's first round.
func firstAllowance(size, budget int64) int64 { return min(size, allowanceFor(size, budget)/2) }

// planReading decides how each layer is read, in Auto in the first round, and returns what is left
// of the budget. It looks at nothing but sizes, digests and the budget, and so decides the same
// everywhere.
func planReading(jobs []*job, request Request) (left int64) {
	ascending := slices.Clone(jobs)
	slices.SortFunc(ascending, func(a, b *job) int {
		return cmp.Or(cmp.Compare(a.layer.Size, b.layer.Size), cmp.Compare(a.layer.Digest, b.layer.Digest))
	})
	switch request.Mode {
	case Full:
		for _, j := range jobs {
			j.way = wayStream
		}
	case Auto:
		return planFirstRound(ascending, request.ReadBudget)
	case Sample:
		shareBudget(ascending, request.ReadBudget, request.ReadBudget, allowanceFor)
	case Manifest: // nothing is read
	}
	return 0
}

// planFirstRound streams an image that fits into the budget. Of any other it streams the smallest
// layers, and probes the rest with half of what is left.
func planFirstRound(ascending []*job, budget int64) (left int64) {
	rest, left := streamSmall(ascending, budget, budget)
	if len(rest) > 0 {
		for _, j := range ascending {
			j.way, j.orProbe = wayDeclare, false
		}
		rest, left = streamSmall(ascending, budget, budget/streamedPart)
	}
	for _, j := range rest {
		for _, o := range j.origins {
			o.ranges, o.memory = &ranges{}, &probe.Memory{}
		}
	}
	left -= budget / reservedPart
	return left - left/2 + shareBudget(rest, left/2, budget, firstAllowance)
}

// streamSmall has the smallest layers streamed, as many as a part of the budget allows. It returns
// the others, and what is left of the budget.
func streamSmall(ascending []*job, budget, part int64) (rest []*job, left int64) {
	for i, j := range ascending {
		if part -= j.layer.Size; part < 0 {
			return ascending[i:], budget
		}
		j.way, j.orProbe = wayStream, true
		budget -= j.layer.Size
	}
	return nil, budget
}

// shareBudget assigns each layer its allowance, or a like part of it where the budget does not
// suffice for all. A layer whose part would be too little to learn from is left to what its
// manifest declares. It returns what no layer was given.
func shareBudget(layers []*job, part, budget int64, allowance func(size, budget int64) int64) (left int64) {
	wanted := int64(0)
	for _, j := range layers {
		wanted += j.probeCount() * allowance(j.layer.Size, budget)
	}
	left = part
	for _, j := range layers {
		given := allowance(j.layer.Size, budget)
		if wanted > part {
			// In steps, so that little changes of the rest change nothing.
			given = int64(float64(given)*float64(part)/float64(wanted)) / uselessAllowance * uselessAllowance
		}
		if given >= min(uselessAllowance, j.layer.Size) {
			j.way, j.allowance = wayProbe, given
			left -= j.probeCount() * given
		}
	}
	return left
}
