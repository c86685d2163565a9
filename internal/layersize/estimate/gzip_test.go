package estimate

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/layersize/transcript"
)

// TestADoubtfulTrailerIsOneOfTwoExplanations: where windows agree with one candidate, but not so closely that it
// is no accident, the trailer may be that of a last member. Then the candidate is not settled, and the bounds
// reach as far to each side as windows say with what that doubt weighs: the less, the closer they agree.
func TestADoubtfulTrailerIsOneOfTwoExplanations(t *testing.T) {
	t.Parallel()
	const size, window = 3_000_000_000, 64 << 10
	r := rand.New(rand.NewPCG(3, 3))
	narrower := int64(math.MaxInt64)
	for _, windows := range []int64{40, 100, 250} {
		g := Gzip{Size: size, Fair: true}
		for i := range windows {
			o := &Observation{Offset: i * (size / windows), Decoded: true}
			o.weigh(transcript.Span{Bits: window * 8, Out: int64(window * (1 + r.ExpFloat64()))}, window*8)
			g.Middle = append(g.Middle, o)
		}
		p := g.Population()
		mean := int64(p.Mean())
		g.ISIZE = uint32((mean + mean/100) % modulus)
		e := g.Estimate()
		u := e.Unpacked
		if e.Settled || u.Value != mean+mean/100 || u.Min >= mean || u.Max < u.Value {
			t.Errorf("%d windows say %d, and the trailer may be a last member's: %+v, settled %v", windows, mean, u, e.Settled)
		}
		width := u.Max - u.Min
		if alone := p.unaided(size, 0); width >= alone.Max-alone.Min || width >= narrower {
			t.Errorf("%d windows: %+v is not narrower than %+v, or than with fewer windows", windows, u, alone)
		}
		narrower = width
	}
}

// TestAWindowsErrorIsNoReasonAgainstATrailer: of a stream so short that it has one candidate, that is the value
// as long as it is likelier than a last member's, if windows are off by more than three standard errors too.
func TestAWindowsErrorIsNoReasonAgainstATrailer(t *testing.T) {
	t.Parallel()
	const size, windows, window = 50 << 20, 200, 64 << 10
	r := rand.New(rand.NewPCG(5, 5))
	g := Gzip{Size: size, Fair: true}
	for i := range int64(windows) {
		o := &Observation{Offset: i * (size / windows), Decoded: true}
		o.weigh(transcript.Span{Bits: window * 8, Out: int64(window * (1 + r.ExpFloat64()))}, window*8)
		g.Middle = append(g.Middle, o)
	}
	p := g.Population()
	for off, believed := range map[float64]bool{-3.1: true, -4: false} {
		g.ISIZE = uint32(p.Mean() + off*p.err)
		u := g.Estimate().Unpacked
		if got := u.Value == int64(g.ISIZE); got != believed || u.Min > int64(p.Mean()) || u.Max < int64(p.Mean()) {
			t.Errorf("windows say %.0f±%.0f, the trailer %d: %+v", p.Mean(), p.err, g.ISIZE, u)
		}
	}
}
