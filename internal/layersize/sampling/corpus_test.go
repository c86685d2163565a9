package sampling

import (
	"context"
	"hash/fnv"
	"io"
	"math"
	"math/rand/v2"
	"os"
	"os/exec"
	"slices"
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

func runCorpus(
	t *testing.T, producers []packtest.Producer, ms []packtest.Material, perKind, chunkSize, perProducer int, budget int64,
) {
	total := &tally{kinds: map[string]*score{}, encoders: map[string]*score{}}
	for _, p := range producers {
		pl, err := newPool(p, ms, perKind, chunkSize)
		if err != nil {
			t.Fatal(err)
		}
		for text := range strings.SplitSeq(os.Getenv("TKEIMAGE_CORPUS_SEED"), ",") {
			seed := fnv.New64a()
			seed.Write([]byte(p.Name + text))
			r := rand.New(rand.NewPCG(seed.Sum64(), 7))
			for _, rc := range recipes(pl.kinds, perProducer, r) {
				total.layer(t, pl, rc, r, budget)
			}
		}
	}
	total.log(t)
	total.check(t)
}

// layer measures one layer, of Zstandard on hosts of both kinds.
func (total *tally) layer(t *testing.T, pl *pool, rc recipe, r *rand.Rand, budget int64) {
	t.Helper()
	v := pl.build(rc, r)
	if !strings.Contains(rc.name, os.Getenv("TKEIMAGE_CORPUS_KIND")) {
		return
	}
	if !v.zstd {
		total.measure(t, pl, rc, v, budget, Gzip, v, false)
		return
	}
	total.measure(t, pl, rc, v, budget, Zstd, manyRanges{v}, false)
	v.forget()
	total.measure(t, pl, rc, v, budget, Zstd, v, true)
}

// measure measures one layer and adds up what came of it.
func (total *tally) measure(
	t *testing.T, pl *pool, rc recipe, v *virtual, budget int64,
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
	kind, encoder := rc.name, pl.producer.Name
	if single {
		kind, encoder = kind+" (one range)", encoder+" (one range)"
	}
	scoreOf(total.kinds, kind).judge(v, e, took)
	scoreOf(total.encoders, encoder).judge(v, e, took)
	if bad := total.of(v, rc, single).judge(v, e, took); bad != "" || os.Getenv("TKEIMAGE_CORPUS") == "2" {
		e.Files = estimate.Files{} // too long to be read
		t.Logf("%s %s, %s, %+v: size %d, truth %d, %d files, in %v, %d requests: %+v",
			bad, pl.producer.Name, kind, rc, v.size, v.out, v.files, took, v.requests.Load(), e)
	}
}

// TestLayers is the short form of the corpus.
func TestLayers(t *testing.T) {
	producers := []packtest.Producer{packtest.GoGzip(6), packtest.Klauspost(5), packtest.GoZstd(2)}
	runCorpus(t, producers, packtest.Materials(), 2, 1<<20, 15, 4<<20)
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
		packtest.Command("gzip", "-c", "-1"), packtest.Command("gzip", "-c", "-6"), packtest.Command("gzip", "-c", "-9"),
		packtest.Command("pigz", "-c", "-6"), packtest.Command("zstd", "-c", "-1"), packtest.Command("zstd", "-c", "-3"),
		packtest.Command("zstd", "-c", "-19"), packtest.GoZstd(2),
	}
	if only := os.Getenv("TKEIMAGE_CORPUS_ONLY"); only != "" {
		producers = slices.DeleteFunc(producers, func(p packtest.Producer) bool { return !strings.Contains(p.Name, only) })
		if len(producers) == 0 {
			t.Fatalf("no producer's name contains %q", only)
		}
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
