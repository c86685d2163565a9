package sampling

import (
	"cmp"
	"slices"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/layersize/estimate"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/layersize/transcript"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/layersize/zstdblock"
)

// singleRuns is how many runs are followed where each range is a request.
const singleRuns = 4

// probeForRuns looks for runs at places that are evenly far apart, the first one at random. Only
// where a request serves many of them are they worth it.
func (z *zstdSampler) probeForRuns() error {
	z.Runs = slices.Concat(z.Head.Runs, z.Tail.Runs)
	count := z.left / runShare / z.cost(1, zstdblock.ProbeLength)
	if z.readsMany() && count > 0 {
		apart := int64(leastApart)
		for apart < z.size/count { // a larger budget probes between the places of a smaller one
			apart *= 2
		}
		var offsets []int64
		first := newStrata(z.size, z.windowSize, z.last[:]).rng.Int64N(z.size) % apart
		for at := first; at+zstdblock.ProbeLength <= z.size; at += apart {
			offsets = append(offsets, at)
		}
		if err := z.withoutRanges(z.probe(offsets)); err != nil {
			return err
		}
		if z.readsMany() {
			z.Apart = apart
		}
	}
	return z.follow()
}

// probe reads the first places with one request, and the others only where that was answered.
func (z *zstdSampler) probe(offsets []int64) error {
	found := make([]zstdblock.Run, len(offsets))
	first := min(len(offsets), rangesPerRequest)
	look := func(from int) func(i int, data []byte) {
		return func(i int, data []byte) {
			if r, ok := zstdblock.FindRun(data[:len(data)-transcript.Slack], offsets[from+i]); ok {
				found[from+i] = r
			}
		}
	}
	if err := z.readEach(offsets[:first], zstdblock.ProbeLength, look(0)); err != nil {
		return err
	}
	if err := z.readEach(offsets[first:], zstdblock.ProbeLength, look(first)); err != nil {
		return err
	}
	var met []int64
	for i, r := range found {
		if r.Counted.Length > 0 {
			met = append(met, offsets[i])
		} else {
			z.misses = append(z.misses, offsets[i])
		}
	}
	return z.keepLong(met)
}

// keepLong looks around the places where probes met runs, and keeps those that are long.
func (z *zstdSampler) keepLong(met []int64) error {
	const around = 2 * estimate.LongRun
	if z.cost(int64(len(met)), around) > z.left/runShare {
		return nil // there are so many that windows show them
	}
	offsets, found := make([]int64, len(met)), make([]zstdblock.Run, len(met))
	for i, at := range met {
		offsets[i] = max(0, min(at-around/2, z.size-around))
	}
	err := z.readEach(offsets, around, func(i int, data []byte) {
		found[i] = zstdblock.LongestRun(data[:len(data)-transcript.Slack], offsets[i])
	})
	for _, r := range found {
		if r.Length() >= estimate.LongRun/2 {
			z.Runs = append(z.Runs, r)
		}
	}
	return err
}

// follow finds the ends of all runs that were met.
func (z *zstdSampler) follow() (err error) {
	if !z.readsMany() { // each step of each run is a request
		slices.SortFunc(z.Runs, func(a, b zstdblock.Run) int { return cmp.Compare(b.Length(), a.Length()) })
		z.Runs = z.Runs[:min(len(z.Runs), singleRuns)]
	}
	if len(z.Runs) > 0 {
		z.Runs, err = z.followRuns(z.Runs, z.misses)
	}
	return err
}
