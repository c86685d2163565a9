package measure

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/disksize"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/layersize"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/registry"
)

func jobsOf(sizes ...int64) []*job {
	jobs := make([]*job, 0, len(sizes))
	for i, size := range sizes {
		layer := registry.Layer{Digest: fmt.Sprintf("sha256:%04d", i), Size: size}
		jobs = append(jobs, &job{layer: layer, origins: []*origin{{}}})
	}
	return jobs
}

func (j *job) String() string {
	switch j.way {
	case wayStream:
		return "stream"
	case wayProbe:
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
		"full streams everything":              {Full, 1, []int64{1, 20 * gib}, "[stream stream]"},
		"manifest reads nothing":               {Manifest, 64 * mib, []int64{1, 20 * gib}, "[declare declare]"},
		"auto streams a whole image that fits": {Auto, 64 * mib, []int64{50 * mib, 10 * mib}, "[stream stream]"},
		"auto probes what is no small part of it": {
			Auto, 64 * mib, []int64{20 * gib, 49 * mib, 15 * mib},
			fmt.Sprintf("[probe %d probe %d stream]", 47*mib/8, 49*mib/32),
		},
		"large ones share half of it at first": {
			Auto, 64 * mib, []int64{gib, gib, gib, gib, gib, gib, gib, gib},
			fmt.Sprintf(
				"[probe %[1]d probe %[1]d probe %[1]d probe %[1]d probe %[1]d probe %[1]d probe %[1]d probe %[1]d]",
				15*mib/4,
			),
		},
		"a sample of a large layer": {Sample, 64 * mib, []int64{20 * gib}, fmt.Sprintf("[probe %d]", 47*mib/4)},
		"auto streams no base beside a model": {
			Auto, 64 * mib, []int64{20 * gib, 49 * mib}, fmt.Sprintf("[probe %d probe %d]", 47*mib/8, 49*mib/32),
		},
		"auto streams a part of a small budget": {
			Auto, 4 * mib, []int64{mib, mib, mib, 10 * mib},
			fmt.Sprintf("[stream probe %d probe %d probe %d]", 256*kib, 256*kib, 512*kib),
		},
		"a larger budget counts for one layer": {
			Sample, 256 * mib, []int64{20 * gib}, fmt.Sprintf("[probe %d]", 47*mib),
		},
		"a small part of a middling layer": {Sample, 64 * mib, []int64{128 * mib}, fmt.Sprintf("[probe %d]", 8*mib)},
		"a small layer may be read whole": {
			Sample, 64 * mib, []int64{100 * kib}, fmt.Sprintf("[probe %d]", 100*kib),
		},
		"many large ones share, in steps": {
			Sample, 64 * mib, []int64{gib, gib, gib, gib, gib, gib, gib, gib},
			fmt.Sprintf(
				"[probe %[1]d probe %[1]d probe %[1]d probe %[1]d probe %[1]d probe %[1]d probe %[1]d probe %[1]d]",
				8*mib,
			),
		},
		"what would teach too little is not read": {Sample, 300 * kib, []int64{gib, gib}, "[declare declare]"},
		"an empty layer is no trouble":            {Auto, 64 * mib, []int64{0}, "[stream]"},
		"no layers are no trouble":                {Auto, 64 * mib, nil, "[]"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			jobs := jobsOf(test.sizes...)
			planReading(jobs, Request{Mode: test.mode, ReadBudget: test.budget})
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
				for range random.IntN(3) {
					j.origins = append(j.origins, &origin{})
				}
			}
			left := planReading(jobs, Request{Mode: mode, ReadBudget: budget})
			for round := jobs; mode == Auto && len(round) > 0; {
				for _, j := range jobs {
					for i := range j.origins {
						j.origins[i].result = layersize.Measurement{
							Cut:       true,
							DiskBytes: layersize.Interval{Max: random.Int64N(1 << 40)},
						}
					}
				}
				round, left = nextRound(jobs, left, budget)
			}
			spent := int64(0)
			for _, j := range jobs {
				switch j.way {
				case wayStream:
					spent += j.layer.Size
				case wayProbe:
					spent += j.probeCount() * j.allowance
				case wayDeclare:
				}
			}
			if spent > budget {
				t.Fatalf("%s: %d of a budget of %d for %v: %v", mode, spent, budget, sizes, jobs)
			}
		}
	}
}

// TestRoundsFollowWhatIsUncertain: the widest layer has its allowance doubled, and those that are
// nearly as wide with it. One that ended before its allowance was spent knows all that it can, one
// whose ranges failed is streamed if the budget allows, and one that costs little more as a whole
// is, too.
func TestRoundsFollowWhatIsUncertain(t *testing.T) {
	t.Parallel()
	probed := func(digest string, size, allowance, width int64, cut bool) *job {
		s := &origin{result: layersize.Measurement{Cut: cut, DiskBytes: layersize.Interval{Max: width}}}
		return &job{
			layer:     registry.Layer{Digest: digest, Size: size},
			origins:   []*origin{s},
			way:       wayProbe,
			allowance: allowance,
		}
	}
	failed := probed("e", 20*mib, mib, 10, false)
	failed.origins[0].result.Fault = errors.New("no ranges")
	for name, test := range map[string]struct {
		jobs []*job
		left int64
		want string
		rest int64
	}{
		"the widest": {
			[]*job{probed("a", gib, mib, 10, true), probed("b", gib, mib, 100, true)}, 32 * mib, "[probe 2097152]",
			31 * mib,
		},
		"and the next to it": {
			[]*job{probed("a", gib, mib, 50, true), probed("b", gib, 2*mib, 100, true)}, 32 * mib,
			"[probe 4194304 probe 2097152]", 29 * mib,
		},
		"what knows all is done": {
			[]*job{probed("a", gib, mib, 10, true), probed("b", gib, mib, 100, false)}, 32 * mib, "[probe 2097152]",
			31 * mib,
		},
		"the last has what is left": {
			[]*job{probed("a", gib, 4*mib, 60, true), probed("b", 9*mib, 4*mib, 100, true)}, 7 * mib,
			"[probe 8388608 probe 7340032]", 0,
		},
		"like parts where some would have none": {
			[]*job{probed("a", gib, 4*mib, 60, true), probed("b", 9*mib, 4*mib, 90, true), probed("c", gib, 4*mib, 90, true)},
			8 * mib, "[probe 6815744 probe 6815744 probe 6815744]", mib / 2,
		},
		"the widest where parts are too small": {
			[]*job{probed("a", gib, mib/4, 60, true), probed("b", gib, mib/4, 100, true)}, mib / 4,
			"[probe 524288]", 0,
		},
		"what is small":        {[]*job{probed("a", 4*mib, mib, 10, true)}, 32 * mib, "[stream]", 28 * mib},
		"no ranges":            {[]*job{failed}, 32 * mib, "[stream]", 12 * mib},
		"what is left":         {[]*job{probed("a", gib, 4*mib, 10, true)}, mib + 5, "[probe 5242880]", 5},
		"nothing is left":      {[]*job{probed("a", gib, 4*mib, 10, true)}, 5, "[]", 5},
		"nothing is uncertain": {[]*job{probed("a", gib, 4*mib, 0, true)}, 32 * mib, "[]", 32 * mib},
	} {
		round, rest := nextRound(test.jobs, test.left, DefaultReadBudget)
		if got := fmt.Sprint(round); got != test.want || rest != test.rest {
			t.Errorf("%s: %s and %d left, want %s and %d", name, got, rest, test.want, test.rest)
		}
	}
}

// TestAutoEndsWhenTheDiskIsCertain: both bounds ask for the same disk, and the need is known to
// three percent.
func TestAutoEndsWhenTheDiskIsCertain(t *testing.T) {
	t.Parallel()
	full := DefaultDisk
	full.WritableBytes = 14 * gib
	for name, test := range map[string]struct {
		need layersize.Interval
		disk disksize.Request
		want bool
	}{
		"known well": {layersize.Interval{Value: 100, Min: 97, Max: 103}, DefaultDisk, true},
		"wide above": {layersize.Interval{Value: 100, Min: 97, Max: 104}, DefaultDisk, false},
		"wide below": {layersize.Interval{Value: 100, Min: 96, Max: 103}, DefaultDisk, false},
		"two disks":  {layersize.Interval{Value: 157 * gib / 10, Min: 15 * gib, Max: 16 * gib}, DefaultDisk, false},
		"two disks beside": {
			layersize.Interval{Value: 16 * gib / 10, Min: 155 * gib / 100, Max: 165 * gib / 100}, full, false,
		},
		"too large anyway": {layersize.Interval{Value: 1 << 50, Min: 1 << 50, Max: 1 << 50}, DefaultDisk, true},
	} {
		if got := isDecided(&Report{RequiredBytes: test.need}, test.disk); got != test.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}
