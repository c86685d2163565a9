package sampling

import (
	"context"
	"io"
	"math/rand/v2"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/layersize/estimate"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/layersize/packtest"
)

// TestAMemoryChangesNothingButWhatIsDecoded: with rising budgets, samples that share one come to what
// each of them comes to alone, to the last digit, and decode each window once.
func TestAMemoryChangesNothingButWhatIsDecoded(t *testing.T) {
	t.Parallel()
	kinds := []string{"random", "tiny files"}
	for name, test := range map[string]struct {
		producer packtest.Producer
		sample   func(m *Memory, v *virtual, several bool, budget int64) (estimate.Estimate, error)
		decoded  func(m *Memory) int
	}{
		"gzip": {
			packtest.GoGzip(6),
			func(m *Memory, v *virtual, several bool, budget int64) (estimate.Estimate, error) {
				return m.Gzip(context.Background(), readerOf(v, several), v.size, budget)
			},
			func(m *Memory) int { return len(m.gzip.values) },
		},
		"zstd": {
			packtest.GoZstd(3),
			func(m *Memory, v *virtual, several bool, budget int64) (estimate.Estimate, error) {
				return m.Zstd(context.Background(), readerOf(v, several), v.size, budget)
			},
			func(m *Memory) int { return len(m.places.values) + len(m.pieces.values) },
		},
	} {
		v := mustPool(t, test.producer, kinds...).build(
			recipe{target: 100 << 20, kinds: kinds, mean: 1e6, zeros: 0.1, run: 4 << 20}, rand.New(rand.NewPCG(7, 7)),
		)
		for _, several := range []bool{true, false} {
			shared, before := &Memory{}, 0
			for _, budget := range []int64{1 << 20, 2 << 20, 4 << 20, 4 << 20} {
				alone := &Memory{}
				want, err := test.sample(alone, v, several, budget)
				if err != nil {
					t.Fatal(err)
				}
				got, err := test.sample(shared, v, several, budget)
				if err != nil {
					t.Fatal(err)
				}
				if diff := cmp.Diff(want, got, unexported); diff != "" {
					t.Errorf("%s, several ranges %t, %d bytes: %s", name, several, budget, diff)
				}
				fresh := test.decoded(shared) - before
				t.Logf("%s, several ranges %t, %d bytes: %d windows, %d of them decoded now",
					name, several, budget, test.decoded(alone), fresh)
				if before > 0 && 4*fresh > 3*test.decoded(alone) || before == test.decoded(alone) && fresh > 0 {
					t.Errorf("%s, several ranges %t, %d bytes: %d of %d windows were decoded again",
						name, several, budget, fresh, test.decoded(alone))
				}
				before += fresh
			}
		}
	}
}

// readerOf returns a stream whose host serves several ranges in a request, or one.
func readerOf(v *virtual, several bool) io.ReaderAt {
	if several {
		return manyRanges{v}
	}
	return v
}
