package estimate

import (
	"github.com/tkeimage/terraform-provider-tkeimage/internal/layersize"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/layersize/zstdblock"
)

// unmet is what runs come to that no window and no probe has met, by the ones that were met.
type unmet struct{ likely, least, most float64 }

// unmetRuns weighs what was met with the inverse of the chance to meet it (Horvitz and Thompson, 1952):
// runs that one place shows together are met together. What is sure to be met, as long runs are by the
// grid of probes and all that lies at the stream's ends, says nothing of others; nor does what was met by
// chance once, of which Hidden has the odds. Several do: what k of them show is a gamma of shape k, as
// the rate of a Poisson process is after k events.
func (z *Zstd) unmetRuns() unmet {
	var others []float64
	for _, c := range z.clusters() {
		if chance := z.chanceToMeet(c.to - c.from); chance < 1 && !z.isAtEnd(c) {
			others = append(others, c.content*(1-chance)/chance)
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

// cluster is runs that are no farther apart than a place is long.
type cluster struct {
	from, to int64
	content  float64
}

func (z *Zstd) clusters() (all []cluster) {
	near := int64(0)
	for _, v := range z.Middle {
		near = max(near, v.length)
	}
	for _, r := range zstdblock.MergeRuns(z.Runs) {
		content, _ := r.Content()
		if n := len(all); n > 0 && r.From <= all[n-1].to+near {
			all[n-1].to, all[n-1].content = max(all[n-1].to, r.To), all[n-1].content+content
			continue
		}
		all = append(all, cluster{r.From, r.To, content})
	}
	return all
}

// isAtEnd reports whether one of the windows at the stream's ends shows some of a cluster.
func (z *Zstd) isAtEnd(c cluster) bool {
	return z.Head != nil && c.from < z.Head.length || z.Tail != nil && c.to > z.Length-z.Tail.length
}

// chanceToMeet is the chance that a probe or a place meets a run of so many bytes.
func (z *Zstd) chanceToMeet(length int64) float64 {
	const least = 1e-9
	missed := 1.0
	if z.Apart > 0 {
		missed *= 1 - min(1, float64(max(0, length-zstdblock.ProbeLength))/float64(z.Apart))
	}
	gaps := z.gaps()
	total := int64(0)
	for _, gap := range gaps {
		total += max(0, gap-length)
	}
	missed *= min(1, float64(total)/float64(z.Length))
	return max(least, 1-missed)
}

// gaps are the parts of the stream between one place's last header that is known and the next
// place.
func (z *Zstd) gaps() (gaps []int64) {
	views := z.Places()
	at := int64(0)
	for _, v := range views {
		if !v.Decoded {
			continue
		}
		if v.First > at {
			gaps = append(gaps, v.First-at)
		}
		end := v.Next
		if end < 0 {
			end = v.End()
		}
		at = max(at, end)
	}
	if at < z.Length {
		gaps = append(gaps, z.Length-at)
	}
	return gaps
}

// hidden is what may hide between the places that were read.
func (z *Zstd) hidden() layersize.HiddenZeros {
	apart := int64(0)
	for _, gap := range z.gaps() {
		apart = max(apart, gap)
	}
	if z.Apart > 0 {
		apart = min(apart, z.Apart)
	}
	return layersize.HiddenZeros{Longest: apart * runRatio, ChanceOfGiB: z.chanceToMeet(gib / runRatio)}
}

const gib = 1 << 30
