package estimate

import (
	"math/rand/v2"
	"testing"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/layersize/transcript"
)

// TestWhatMayBeALastMembersTrailerIsNoBound: where windows agree with one candidate, but not so closely that it
// is no accident, the trailer may be that of a last member. Then the candidate is not settled, and the bounds are
// what the windows say.
func TestWhatMayBeALastMembersTrailerIsNoBound(t *testing.T) {
	t.Parallel()
	const size, windows, window = 3_000_000_000, 200, 64 << 10
	r := rand.New(rand.NewPCG(3, 3))
	g := Gzip{Size: size, Fair: true}
	for i := range int64(windows) {
		o := &Observation{Offset: i * (size / windows), Decoded: true}
		o.weigh(transcript.Span{Bits: window * 8, Out: int64(window * (1 + r.ExpFloat64()))}, window*8)
		g.Observations = append(g.Observations, o)
	}
	mean := int64(g.Population().Mean())
	g.ISIZE = uint32((mean + mean/50) % modulus)
	e := g.Estimate()
	if u := e.Unpacked; e.Settled || u.Min > mean-mean/20 || u.Max < mean+mean/20 {
		t.Errorf("windows say %d, and the trailer may be a last member's: %+v, settled %v", mean, u, e.Settled)
	}
}
