package sampling

import (
	"context"
	"fmt"
	"hash/fnv"
	"io"
	"maps"
	"math"
	"math/rand/v2"
	"os"
	"os/exec"
	"slices"
	"sort"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/layersize/estimate"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/layersize/packtest"
)

// recipes are layers of many mixtures: of one kind, of several, with zeros
// that hide among the rest, and of lengths around 4 and 8 GiB.
func recipes(kinds []string, count int, r *rand.Rand) []recipe {
	targets := func() int64 {
		switch r.IntN(4) {
		case 0:
			return 4<<30 + int64(r.NormFloat64()*50e6)
		case 1:
			return 8<<30 + int64(r.NormFloat64()*50e6)
		case 2:
			return int64(60e6 * math.Exp(r.Float64()*math.Log(50)))
		}
		return int64(3e9 * math.Exp(r.Float64()*math.Log(6)))
	}
	some := func(n int) []string {
		p := r.Perm(len(kinds))[:n]
		s := make([]string, n)
		for i, j := range p {
			s[i] = kinds[j]
		}
		return s
	}
	var all []recipe
	for i := range count {
		rc := recipe{target: targets(), mean: 1e6 * math.Exp(r.Float64()*6), kinds: some(2 + r.IntN(4)), name: "mixed"}
		switch i % 10 {
		case 0, 1:
			rc.kinds = some(1)
			rc.name = rc.kinds[0]
		case 2:
			rc.kinds, rc.name, rc.mean = kinds, "all kinds", 20e6
		case 3: // zeros that hide
			rc.name, rc.kinds, rc.zeros, rc.run = "hidden zeros", some(1), 0.05+0.6*r.Float64(), 1<<(16+r.IntN(11))
		case 4:
			rc.name, rc.zeros, rc.run = "mixed, some zeros", 0.02+0.2*r.Float64(), 1<<(14+r.IntN(12))
		case 5:
			if r.IntN(2) == 0 {
				rc.name, rc.kinds, rc.zeros, rc.run, rc.mean = "mostly zeros", some(1), 0.95+0.05*r.Float64(), 64<<20, 1e5
			}
		case 6:
			if r.IntN(2) == 0 {
				rc.name, rc.member = "members", 2+r.IntN(4)
			}
		}
		all = append(all, rc)
	}
	return all
}

// score counts outcomes.
type score struct {
	layers, right, wrong, held, missed int
	bytes, requests                    []float64
	share, width, errs                 []float64
	furthest                           float64 // of those settled wrongly, as a part of the length
	near                               int     // within −2 and +12 % of the disk that the layer takes
	elapsed                            time.Duration
}

func (s *score) row(name string) string {
	return fmt.Sprintf("%-18s %4d  settled right %4d  wrong %2d  unsettled held %3d  missed %2d  width p50 %4.0f%% p95 %5.0f%%  bytes p50 %6.0fK p95 %6.0fK  share p50 %.3f%%  requests p50 %3.0f p95 %4.0f  near %3d  error p5 %+.1f%% p50 %+.1f%% p95 %+.1f%%  %.0f ms/layer",
		name, s.layers, s.right, s.wrong, s.held, s.missed, 100*quant(s.width, .5), 100*quant(s.width, .95), quant(s.bytes, .5)/1024, quant(s.bytes, .95)/1024, 100*quant(s.share, .5),
		quant(s.requests, .5), quant(s.requests, .95), s.near, 100*quant(s.errs, .05), 100*quant(s.errs, .5), 100*quant(s.errs, .95), s.elapsed.Seconds()*1000/float64(max(1, s.layers)))
}

func quant(xs []float64, q float64) float64 {
	if len(xs) == 0 {
		return 0
	}
	s := append([]float64(nil), xs...)
	sort.Float64s(s)
	return s[int(q*float64(len(s)-1))]
}

// judge adds one layer's outcome and says what was wrong with it.
func (s *score) judge(v *virtual, e estimate.Estimate, took time.Duration) string {
	s.layers++
	s.bytes = append(s.bytes, float64(e.BytesRead))
	if !e.Settled {
		s.width = append(s.width, float64(e.Unpacked.Max-e.Unpacked.Min)/float64(v.out))
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
	}
	s.missed++
	return "BOUNDS MISSED"
}

// tally gathers the outcomes of a corpus, also by kind of layer. Streams of a few
// members of gigabytes each, whose boundaries no window meets, are told apart:
// where the trailer of the last agrees with the windows, nothing gives them away.
type tally struct {
	gzip, members score
	zstd, single  score // on hosts that serve several ranges in a request, and one
	kinds         map[string]*score
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

func runCorpus(t *testing.T, producers []packtest.Producer, ms []packtest.Material, perKind, chunkSize, perProducer int, budget int64) {
	total := &tally{kinds: make(map[string]*score)}
	for _, p := range producers {
		pl, err := newPool(p, ms, perKind, chunkSize)
		if err != nil {
			t.Fatal(err)
		}
		one := &score{}
		for text := range strings.SplitSeq(os.Getenv("TKEIMAGE_CORPUS_SEED"), ",") {
			seed := fnv.New64a()
			seed.Write([]byte(p.Name + text))
			r := rand.New(rand.NewPCG(seed.Sum64(), 7))
			for _, rc := range recipes(pl.kinds, perProducer, r) {
				total.layer(t, pl, rc, r, one, budget)
			}
		}
		t.Log(one.row(p.Name))
	}
	t.Log(strings.Repeat("-", 40))
	for _, n := range slices.Sorted(maps.Keys(total.kinds)) {
		t.Log(total.kinds[n].row(n))
	}
	t.Log(total.gzip.row("gzip"))
	t.Log(total.members.row("gzip, members"))
	t.Log(total.zstd.row("zstd"))
	t.Log(total.single.row("zstd, one range"))
	total.check(t)
}

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
	}
}

// layer measures one layer, of Zstandard on hosts of both kinds.
func (total *tally) layer(t *testing.T, pl *pool, rc recipe, r *rand.Rand, one *score, budget int64) {
	t.Helper()
	v := pl.build(rc, r)
	if !strings.Contains(rc.name, os.Getenv("TKEIMAGE_CORPUS_KIND")) {
		return
	}
	if !v.zstd {
		total.measure(t, pl, rc, v, one, budget, Gzip, v, false)
		return
	}
	total.measure(t, pl, rc, v, one, budget, Zstd, manyRanges{v}, false)
	v.requests.Store(0)
	total.measure(t, pl, rc, v, &score{}, budget, Zstd, v, true)
}

// measure measures one layer and adds up what came of it.
func (total *tally) measure(
	t *testing.T, pl *pool, rc recipe, v *virtual, one *score, budget int64,
	measure func(context.Context, io.ReaderAt, int64, int64) (estimate.Estimate, error), r io.ReaderAt, single bool,
) {
	t.Helper()
	begin := time.Now()
	e, err := measure(context.Background(), r, v.size, budget)
	took := time.Since(begin)
	if err != nil {
		t.Fatalf("%s, %s: %v", pl.producer.Name, rc.name, err)
	}
	if e.BytesRead > budget {
		t.Errorf("%s, %s: read %d of a budget of %d", pl.producer.Name, rc.name, e.BytesRead, budget)
	}
	kind := rc.name
	if single {
		kind += " (one range)"
	}
	if total.kinds[kind] == nil {
		total.kinds[kind] = &score{}
	}
	total.kinds[kind].judge(v, e, took)
	one.judge(v, e, took)
	if bad := total.of(v, rc, single).judge(v, e, took); bad != "" || os.Getenv("TKEIMAGE_CORPUS") == "2" {
		e.Files = estimate.Files{} // too long to be read
		t.Logf("%s %s, %s, %+v: size %d, truth %d, %d files, in %v, %d requests: %+v",
			bad, pl.producer.Name, kind, rc, v.size, v.out, v.files, took, v.requests.Load(), e)
	}
}

// TestLayers is the short form of the corpus.
func TestLayers(t *testing.T) {
	runCorpus(t, []packtest.Producer{packtest.GoGzip(6), packtest.Klauspost(5), packtest.GoZstd(2)}, packtest.Materials(), 2, 1<<20, 15, 4<<20)
}

// TestCorpus measures layers of many mixtures as every producer writes them. TKEIMAGE_CORPUS=1 runs
// it; TKEIMAGE_CORPUS=2 tells of every layer; TKEIMAGE_CORPUS_ONLY chooses the producers whose name
// contains it, TKEIMAGE_CORPUS_KIND the layers, and TKEIMAGE_CORPUS_SEED, any texts with commas between, makes other
// layers of the same kinds: those that no constant was chosen by.
func TestCorpus(t *testing.T) {
	if os.Getenv("TKEIMAGE_CORPUS") == "" {
		t.Skip("set TKEIMAGE_CORPUS=1 to run it")
	}
	producers := []packtest.Producer{
		packtest.GoGzip(6), packtest.Klauspost(5), packtest.Klauspost(1),
		packtest.Command("gzip", "-c", "-1"), packtest.Command("gzip", "-c", "-6"), packtest.Command("gzip", "-c", "-9"), packtest.Command("pigz", "-c", "-6"),
		packtest.Command("zstd", "-c", "-1"), packtest.Command("zstd", "-c", "-3"), packtest.Command("zstd", "-c", "-19"), packtest.GoZstd(2),
	}
	if only := os.Getenv("TKEIMAGE_CORPUS_ONLY"); only != "" {
		producers = slices.DeleteFunc(producers, func(p packtest.Producer) bool { return !strings.Contains(p.Name, only) })
	}
	for _, p := range producers {
		if p.Program == "" {
			continue
		}
		if _, err := exec.LookPath(p.Program); err != nil {
			t.Fatalf("install %s: the corpus is what it writes, too", p.Program)
		}
	}
	runCorpus(t, producers, packtest.Materials(), 4, 2<<20, 30, corpusBudget())
}

// corpusBudget is what one layer may read: TKEIMAGE_CORPUS_BUDGET in MiB, or 16.
func corpusBudget() int64 {
	if mib, err := strconv.ParseInt(os.Getenv("TKEIMAGE_CORPUS_BUDGET"), 10, 64); err == nil {
		return mib << 20
	}
	return 16 << 20
}
