package measure

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/registry"
)

func jobsOf(sizes ...int64) []*job {
	jobs := make([]*job, 0, len(sizes))
	for i, size := range sizes {
		layer := registry.Layer{Digest: fmt.Sprintf("sha256:%04d", i), Size: size}
		jobs = append(jobs, &job{layer: layer, sources: make([]*source, 1)})
	}
	return jobs
}

func (j *job) String() string {
	switch j.way {
	case stream:
		return "stream"
	case probe:
		return fmt.Sprintf("probe %d", j.allowance)
	}
	return "declare"
}

const (
	kib = 1 << 10
	mib = 1 << 20
	gib = 1 << 30
)

func TestPlan(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		mode   Mode
		budget int64
		sizes  []int64
		want   string
	}{
		"full streams everything":                    {Full, 1, []int64{1, 20 * gib}, "[stream stream]"},
		"manifest reads nothing":                     {Manifest, 64 * mib, []int64{1, 20 * gib}, "[declare declare]"},
		"auto streams a whole image that fits":       {Auto, 64 * mib, []int64{50 * mib, 10 * mib}, "[stream stream]"},
		"auto leaves the large ones their allowance": {Auto, 64 * mib, []int64{20 * gib, 49 * mib, 15 * mib}, fmt.Sprintf("[probe %d probe %d stream]", (12+32)*mib, 2*mib)},
		"a surplus goes by size, in steps":           {Auto, 64 * mib, []int64{100 * mib, 120 * mib, 130 * mib}, fmt.Sprintf("[probe %d probe %d probe %d]", (3+12)*mib+mib/8, (3+16)*mib+3*mib/4, (4+16)*mib+mib/16)},
		"nothing is left over for a sample":          {Sample, 64 * mib, []int64{20 * gib}, fmt.Sprintf("[probe %d]", 12*mib)},
		"auto streams a base beside a model":         {Auto, 64 * mib, []int64{20 * gib, 49 * mib}, fmt.Sprintf("[probe %d stream]", 12*mib)},
		"auto counts what it may read whole":         {Auto, 4 * mib, []int64{mib, mib, mib, 10 * mib}, fmt.Sprintf("[stream stream probe %d probe %d]", 512*kib, 1280*kib)},
		"a small part of a middling layer":           {Sample, 64 * mib, []int64{256 * mib}, fmt.Sprintf("[probe %d]", 8*mib)},
		"a small layer may be read whole":            {Sample, 64 * mib, []int64{100 * kib}, fmt.Sprintf("[probe %d]", 100*kib)},
		"many large ones share, in steps":            {Sample, 64 * mib, []int64{gib, gib, gib, gib, gib, gib, gib, gib}, fmt.Sprintf("[probe %[1]d probe %[1]d probe %[1]d probe %[1]d probe %[1]d probe %[1]d probe %[1]d probe %[1]d]", 8*mib)},
		"what would teach too little is not read":    {Sample, 300 * kib, []int64{gib, gib}, "[declare declare]"},
		"an empty layer is no trouble":               {Auto, 64 * mib, []int64{0}, "[stream]"},
		"no layers are no trouble":                   {Auto, 64 * mib, nil, "[]"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			jobs := jobsOf(test.sizes...)
			plan(jobs, Request{Mode: test.mode, ReadBudget: test.budget})
			if got := fmt.Sprint(jobs); got != test.want {
				t.Errorf("got %s, want %s", got, test.want)
			}
		})
	}
}

// TestTheBudgetIsNeverExceeded: whatever the layers are, and in whatever order they come.
func TestTheBudgetIsNeverExceeded(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(1, 2))
	for range 5000 {
		sizes := make([]int64, random.IntN(60))
		for i := range sizes {
			sizes[i] = random.Int64N(1 << random.IntN(36))
		}
		for _, mode := range []Mode{Auto, Sample} {
			budget := random.Int64N(128 * mib)
			jobs := jobsOf(sizes...)
			for _, j := range jobs {
				j.sources = make([]*source, 1+random.IntN(3))
			}
			plan(jobs, Request{Mode: mode, ReadBudget: budget})
			spent := int64(0)
			for _, j := range jobs {
				switch j.way {
				case stream:
					spent += j.layer.Size
				case probe:
					spent += j.probes() * j.allowance
				case declare:
				}
			}
			if spent > budget {
				t.Fatalf("%s: %d of a budget of %d for %v: %v", mode, spent, budget, sizes, jobs)
			}
		}
	}
}
