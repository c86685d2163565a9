package sampling

// Hidden is what no probe can have met: a long stretch of one byte, which Zstandard packs in four bytes for 128 KiB.
type Hidden struct {
	Longest     int64   // unpacked, that lies in one run between two places that were read; 0 where nothing can hide
	ChanceOfGiB float64 // that a run of 1 GiB would have been met
}

// unmet is what runs come to that no window and no probe has met, as the ones that were met tell.
type unmet struct{ likely, least, most float64 }

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
	return unmet{
		likely: likely,
		least:  likely * gammaQuantile(k, 1-zstdBound) / k,
		most:   likely * gammaQuantile(k+1, zstdBound) / k,
	}
}

// chanceToMeet is the chance that a probe or a place meets a run of so many bytes.
func (z *zstdSampler) chanceToMeet(length int64) float64 {
	const least = 1e-9
	missed := 1.0
	if z.apart > 0 {
		missed *= 1 - min(1, float64(max(0, length-probeLength))/float64(z.apart))
	}
	gaps := z.gaps()
	total := int64(0)
	for _, gap := range gaps {
		total += max(0, gap-length)
	}
	missed *= min(1, float64(total)/float64(z.size))
	return max(least, 1-missed)
}

// gaps are the parts of the stream between one place's last header that is known and the next place.
func (z *zstdSampler) gaps() (gaps []int64) {
	views := z.views()
	sortByOffset(views)
	at := int64(0)
	for _, v := range views {
		if !v.decoded {
			continue
		}
		if v.first > at {
			gaps = append(gaps, v.first-at)
		}
		end := v.next
		if end < 0 {
			end = v.end()
		}
		at = max(at, end)
	}
	if at < z.size {
		gaps = append(gaps, z.size-at)
	}
	return gaps
}

// end is behind the last block that a place shows.
func (v *zstdView) end() int64 {
	end := v.first
	if n := len(v.blocks); n > 0 {
		end = v.offset + int64(v.blocks[n-1].at+v.blocks[n-1].length)
	}
	if n := len(v.runs); n > 0 {
		end = max(end, v.runs[n-1].to)
	}
	return end
}

// hidden is what may hide between the places that were read.
func (z *zstdSampler) hidden() Hidden {
	apart := int64(0)
	for _, gap := range z.gaps() {
		apart = max(apart, gap)
	}
	if z.apart > 0 {
		apart = min(apart, z.apart)
	}
	return Hidden{Longest: apart * runRatio, ChanceOfGiB: z.chanceToMeet(gib / runRatio)}
}

const gib = 1 << 30
