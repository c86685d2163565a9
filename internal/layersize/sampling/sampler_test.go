package sampling

import (
	"context"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/layersize"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/layersize/deflate"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/layersize/estimate"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/layersize/packtest"
)

// TestStoredBlocksAreSeldomReadOn: encoders store what does not compress in blocks
// of some length of their own, and a chain of them is its own proof. Weights are
// mostly such blocks, so each of their windows would be two requests otherwise.
func TestStoredBlocksAreSeldomReadOn(t *testing.T) {
	t.Parallel()
	for _, p := range []packtest.Producer{packtest.GoGzip(1), packtest.GoGzip(6), packtest.Klauspost(6), packtest.Command("gzip", "-c", "-6")} {
		pl := mustPool(t, p, "random")
		v := pl.build(recipe{target: 200 << 20, kinds: pl.kinds, mean: 1e6}, rand.New(rand.NewPCG(5, 5)))
		g := newGzipSampler(context.Background(), v, v.size, 4<<20)
		e, err := g.learn(deflate.WindowSize, layersize.WholeBlobBytes)
		if err != nil || !e.Settled || e.Unpacked.Value != v.out {
			t.Errorf("%s: %+v, %v; want %d settled", p.Name, e, err, v.out)
		}
		// Random bytes look like a block's header in one window of eight.
		if n := int64(len(g.middle)); n < 16 || g.longer > n/3 {
			t.Errorf("%s: %d of %d windows were read on", p.Name, g.longer, n)
		}
	}
}

// TestRoomIsLeftToReadOn: a round of windows, of which those that must be read on
// cannot be, would show only the other kinds of data.
func TestRoomIsLeftToReadOn(t *testing.T) {
	t.Parallel()
	s := &sampler{manyReader: manyReader{source: source{left: 12 * deflate.WindowSize}}, windowSize: deflate.WindowSize}
	if got := s.room(); got != 12 {
		t.Errorf("room for %d windows at first, want 12", got)
	}
	s.middle, s.longer = make([]*estimate.Observation, 8), 4
	if got := s.room(); got != 8 {
		t.Errorf("room for %d windows when every other one is read on, want 8", got)
	}
}

// TestALargerBudgetReadsWhatASmallerOneHasRead, so that it need not be read again, and all over the
// stream.
func TestALargerBudgetReadsWhatASmallerOneHasRead(t *testing.T) {
	t.Parallel()
	for _, m := range []int64{1, 2, 37, 64} {
		all := make([]int64, m)
		for i := range all {
			all[i] = int64(i) * 10
		}
		var before []int64
		for n := range m + 1 {
			kept := thin(all, n)
			if int64(len(kept)) != n || !slices.IsSorted(kept) {
				t.Fatalf("%d of %d: %v", n, m, kept)
			}
			for _, offset := range before {
				if !slices.Contains(kept, offset) {
					t.Errorf("%d of %d: %d is left out, which fewer have read", n, m, offset)
				}
			}
			if n == m/2 && m >= 4 && (kept[0] > all[m/4] || kept[n-1] < all[m/2]) {
				t.Errorf("%d of %d are all in one part: %v", n, m, kept)
			}
			before = kept
		}
	}
}
