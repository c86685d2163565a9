package sampling

// Hidden is what no probe can have met: a long stretch of one byte, which Zstandard packs in four bytes for 128 KiB.
type Hidden struct {
	Longest     int64   // unpacked, that lies in one run between two places that were read; 0 where nothing can hide
	ChanceOfGiB float64 // that a run of 1 GiB would have been met
}

// unmet is what runs come to that no window and no probe has met, as the ones that were met tell.
type unmet struct{ likely, most float64 }

// unmetRuns weighs each run with the inverse of the chance to meet it (Horvitz and Thompson, 1952). A run that is
// sure to be met, as long ones are by the grid of probes, tells of no others; nor does a single one that was met by
// chance, of which Hidden has the odds. Several do: what k of them tell is a gamma of shape k, as the rate of a
// Poisson process is after k events.
func (z *zstdSampler) unmetRuns() unmet {
	var others []float64
	for _, r := range z.runs {
		if chance := z.chanceToMeet(r.length()); chance < 1 {
			others = append(others, r.content()*(1-chance)/chance)
		}
	}
	k := effective(others)
	if k == 0 {
		return unmet{}
	}
	likely := sum(others) * max(0, k-1) / k
	return unmet{likely: likely, most: likely * gammaQuantile(k+1, zstdBound) / k}
}

// chanceToMeet is the chance that a probe or a window meets a run of so many bytes.
func (z *zstdSampler) chanceToMeet(length int64) float64 {
	const least = 1e-9
	missed := 1.0
	if z.apart > 0 {
		missed *= 1 - min(1, float64(max(0, length-probeLength))/float64(z.apart))
	}
	if n := int64(len(z.middle)); n > 0 {
		between := float64(z.size / n)
		missed *= 1 - min(1, (float64(length+z.windowSize)/between))
	}
	return max(least, 1-missed)
}

// hidden is what may hide between the places that were read.
func (z *zstdSampler) hidden() Hidden {
	apart := z.size
	if n := int64(len(z.middle)); n > 0 {
		apart = max(0, 2*z.size/n-z.windowSize) // two strata, whose windows are at their far ends
	}
	if z.apart > 0 {
		apart = min(apart, z.apart)
	}
	return Hidden{Longest: apart * runRatio, ChanceOfGiB: z.chanceToMeet(gib / runRatio)}
}

const gib = 1 << 30
