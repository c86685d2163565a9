package sampling

import (
	"slices"
)

// probeForRuns looks for runs at places that are evenly far apart, the first one at random. Only where a request
// serves many of them are they worth it.
func (z *zstdSampler) probeForRuns() error {
	z.runs = slices.Concat(z.head.runs, z.tail.runs)
	count := z.left / runShare / z.cost(1, probeLength)
	if z.readsMany() && count > 0 {
		apart := max(leastApart, z.size/count)
		var offsets []int64
		for at := newStrata(z.size, z.windowSize, z.last[:]).rng.Int64N(apart); at+probeLength <= z.size; at += apart {
			offsets = append(offsets, at)
		}
		if err := z.withoutRanges(z.probe(offsets)); err != nil {
			return err
		}
		if z.readsMany() {
			z.apart = apart
		}
	}
	return z.follow()
}

// probe reads the first places with one request, and the others only where that was answered.
func (z *zstdSampler) probe(offsets []int64) error {
	found := make([]run, len(offsets))
	first := min(len(offsets), rangesPerRequest)
	look := func(from int) func(i int, data []byte) {
		return func(i int, data []byte) {
			if r, ok := findRun(data[:len(data)-inputSlack], offsets[from+i]); ok {
				found[from+i] = r
			}
		}
	}
	if err := z.readBatch(offsets[:first], probeLength, look(0)); err != nil {
		return err
	}
	if err := z.readEach(offsets[first:], probeLength, look(first)); err != nil {
		return err
	}
	for i, r := range found {
		if r.counted > 0 {
			z.runs = append(z.runs, r)
		} else {
			z.misses = append(z.misses, offsets[i])
		}
	}
	return nil
}

// follow finds the ends of all runs that were met.
func (z *zstdSampler) follow() (err error) {
	if len(z.runs) > 0 {
		z.runs, err = z.followRuns(z.runs, z.misses)
	}
	return err
}
