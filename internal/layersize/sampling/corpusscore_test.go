package sampling

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"testing"
	"time"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/layersize/estimate"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/layersize/zstdblock"
)

// score counts outcomes.
type score struct {
	layers, right, wrong, held, missed int
	hiding, hidden                     int // layers that hide much; bounds missed for that, as the estimate says
	bytes, requests                    []float64
	share, width, errs                 []float64
	above                              []float64 // the upper bound by the truth, less one
	furthest                           float64   // of those settled wrongly, as a part of the length
	near                               int       // within −2 and +12 % of the disk that the layer takes
	elapsed                            time.Duration
}

func (s *score) row(name string) string {
	return fmt.Sprintf("%-22s %4d  settled right %4d  wrong %2d  held %4d  missed %2d  hidden %2d of %2d"+
		"  width p50 %4.0f%% p95 %5.0f%%  above p50 %4.0f%% p95 %5.0f%%  bytes p50 %6.0fK p95 %6.0fK"+
		"  requests p50 %3.0f p95 %4.0f  near %3d  error p5 %+.1f%% p50 %+.1f%% p95 %+.1f%%  %.0f ms/layer",
		name, s.layers, s.right, s.wrong, s.held, s.missed, s.hidden, s.hiding,
		100*quant(s.width, .5), 100*quant(s.width, .95), 100*quant(s.above, .5), 100*quant(s.above, .95),
		quant(s.bytes, .5)/1024, quant(s.bytes, .95)/1024, quant(s.requests, .5), quant(s.requests, .95), s.near,
		100*quant(s.errs, .05), 100*quant(s.errs, .5), 100*quant(s.errs, .95),
		s.elapsed.Seconds()*1000/float64(max(1, s.layers)))
}

func quant(xs []float64, q float64) float64 {
	if len(xs) == 0 {
		return 0
	}
	return slices.Sorted(slices.Values(xs))[int(q*float64(len(xs)-1))]
}

// judge adds one layer's outcome and says what was wrong with it.
func (s *score) judge(v *virtual, e estimate.Estimate, took time.Duration) string {
	s.layers++
	if hides(v) {
		s.hiding++
	}
	s.bytes = append(s.bytes, float64(e.BytesRead))
	if !e.Settled {
		s.width = append(s.width, float64(e.Unpacked.Max-e.Unpacked.Min)/float64(v.out))
		s.above = append(s.above, float64(e.Unpacked.Max)/float64(v.out)-1)
	}
	s.share = append(s.share, float64(e.BytesRead)/float64(v.size))
	s.requests = append(s.requests, float64(v.requests.Load()))
	wrong := float64(e.Unpacked.Value-v.out) / float64(v.size+v.out)
	s.errs = append(s.errs, wrong)
	if wrong >= -0.02 && wrong <= 0.12 {
		s.near++
	}
	s.elapsed += took
	switch {
	case e.Settled && e.Unpacked.Value == v.out:
		s.right++
		return ""
	case e.Settled:
		s.wrong++
		s.furthest = max(s.furthest, math.Abs(float64(e.Unpacked.Value)/float64(v.out)-1))
		return "SETTLED WRONG"
	case e.Unpacked.Min <= v.out && v.out <= e.Unpacked.Max:
		s.held++
		return ""
	case mayHide(v, e):
		s.hidden++
		return "HIDDEN"
	}
	s.missed++
	return "BOUNDS MISSED"
}

// hides reports whether a layer has much in stretches that are packed more than 32 times, of which a
// window has nearly nothing.
func hides(v *virtual) bool {
	const much = 20 // a part of the length
	all := int64(0)
	for _, d := range v.dense {
		all += d.out
	}
	return all > v.out/much
}

// mayHide reports whether a length is above the upper bound for nothing but such stretches of which no
// window and no probe shows any, so short that the estimate says they may hide, where it also says that
// one of a GiB would not be met either, more often than one in a hundred times. The layer's report says
// that, with the odds.
func mayHide(v *virtual, e estimate.Estimate) bool {
	const ratio = zstdblock.MaxBlock / 4 // of zeros, by which the estimate says how long they are
	hidden := int64(0)
	for _, d := range v.dense {
		if !d.isShown && (d.to-d.from)*ratio <= e.Hidden.Longest {
			hidden += d.out
		}
	}
	return v.out > e.Unpacked.Max && v.out-hidden <= e.Unpacked.Max && e.Hidden.ChanceOfGiB < 0.99
}

// tally gathers the outcomes of a corpus, also by kind of layer and by encoder. Streams of a few
// members of gigabytes each, whose boundaries no window meets, are told apart: where the trailer of
// the last agrees with the windows, nothing gives them away.
type tally struct {
	gzip, members score
	zstd, single  score // on hosts that serve several ranges in a request, and one
	kinds         map[string]*score
	encoders      map[string]*score
}

// of is the score that decides on a layer.
func (total *tally) of(v *virtual, rc recipe, single bool) *score {
	switch {
	case v.zstd && single:
		return &total.single
	case v.zstd:
		return &total.zstd
	case rc.member > 1:
		return &total.members
	}
	return &total.gzip
}

// scoreOf is one of several scores, which is made when it is first asked for.
func scoreOf(scores map[string]*score, name string) *score {
	if scores[name] == nil {
		scores[name] = &score{}
	}
	return scores[name]
}

// log prints all scores.
func (total *tally) log(t *testing.T) {
	t.Helper()
	for _, scores := range []map[string]*score{total.encoders, total.kinds} {
		for _, name := range slices.Sorted(maps.Keys(scores)) {
			t.Log(scores[name].row(name))
		}
	}
	t.Log(total.gzip.row("gzip"))
	t.Log(total.members.row("gzip, members"))
	t.Log(total.zstd.row("zstd"))
	t.Log(total.single.row("zstd, one range"))
}

// mostHidden is the part of the layers that hide data of which no bounds may miss more: one in so many,
// as users are told (guide "How the number comes about").
const mostHidden = 6

// check fails where more than one in a hundred bounds misses the truth, or more than five in a
// thousand settled candidates are wrong.
func (total *tally) check(t *testing.T) {
	t.Helper()
	g, m := total.gzip, total.members
	if wrong, settled := g.wrong+m.wrong, g.wrong+m.wrong+g.right+m.right; wrong*1000 > 5*settled {
		t.Errorf("%d of %d settled layers are wrong", wrong, settled)
	}
	if g.missed*100 > g.layers || (g.missed+m.missed)*100 > g.layers+m.layers {
		t.Errorf("the bounds of %d of %d layers do not hold the truth, and of %d of %d with a few huge members", g.missed,
			g.layers, m.missed, m.layers)
	}
	// Nothing but reading it whole tells that a stream is of a few huge members; that is seldom,
	// and then it is near.
	if (m.wrong+m.missed)*4 > m.layers+3 || m.furthest > 0.1 {
		t.Errorf("several members: %d settled wrongly, by up to %.0f %%, and the bounds of %d do not hold the truth, of %d",
			m.wrong, 100*m.furthest, m.missed, m.layers)
	}
	for host, z := range map[string]score{"several ranges": total.zstd, "one range": total.single} {
		if z.wrong > 0 || z.missed*100 > z.layers {
			t.Errorf("zstd, %s in a request: %d settled wrongly, the bounds of %d of %d layers do not hold the truth", host,
				z.wrong, z.missed, z.layers)
		}
		if z.hidden*mostHidden > z.hiding {
			t.Errorf("zstd, %s in a request: the bounds of %d of %d layers that hide data miss it", host, z.hidden, z.hiding)
		}
	}
	for name, s := range total.encoders {
		if most := mostMissed(s.layers); s.missed > most {
			t.Errorf("%s: the bounds of %d of %d layers do not hold the truth; one in a hundred are %d or fewer",
				name, s.missed, s.layers, most)
		}
	}
}

// mostMissed is how many bounds an encoder may miss of so many, which are few: as many as are missed
// in 99 of 100 runs where each misses with a chance of one in a hundred.
func mostMissed(layers int) (most int) {
	const chance = 0.01
	exactly := math.Pow(1-chance, float64(layers))
	for below := exactly; below < 0.99; below += exactly {
		exactly *= float64(layers-most) / float64(most+1) * chance / (1 - chance)
		most++
	}
	return most
}

func TestMostMissedIsOneInAHundredWithRoomForChance(t *testing.T) {
	t.Parallel()
	for layers, most := range map[int]int{1: 0, 30: 2, 150: 5, 10_000: 124} {
		if got := mostMissed(layers); got != most {
			t.Errorf("%d of %d, want %d", got, layers, most)
		}
	}
}
