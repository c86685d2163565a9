package sampling

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/layersize/packtest"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/layersize/zstdblock"
)

// manyRanges is a stream whose host serves several ranges per request.
type manyRanges struct{ *virtual }

func (m manyRanges) ReadRanges(buffers [][]byte, offsets []int64) error {
	for i, p := range buffers {
		if _, err := m.virtual.ReadAt(p, offsets[i]); err != nil {
			return err
		}
	}
	m.requests.Add(int64(1 - len(buffers)))
	return nil
}

// oneRange is a stream whose host turns out to serve one range per request.
type oneRange struct{ *virtual }

func (o oneRange) ReadRanges([][]byte, []int64) error {
	o.requests.Add(1)
	return fmt.Errorf("one range: %w", errors.ErrUnsupported)
}

// zstdPool holds blocks of some material, and of zeros, as a producer writes them.
func zstdPool(t *testing.T, p packtest.Producer, kinds ...string) *pool {
	t.Helper()
	return mustPool(t, p, kinds...)
}

// withHoles is a stream of ordinary blocks with zeros at some places, by the length of the stream
// before.
func withHoles(pl *pool, length int64, r *rand.Rand, holes map[int64]int64) *virtual {
	v := &virtual{zstd: true}
	v.open()
	for v.size < length {
		kind := pl.kinds[r.IntN(len(pl.kinds))]
		v.chunk(pl.chunks[kind][r.IntN(len(pl.chunks[kind]))])
		for at, n := range holes {
			if v.size >= at {
				v.chunk(hole(pl, n))
				delete(holes, at)
			}
		}
	}
	v.close()
	return v
}

// hole is one run of zeros, as the producer of a pool packs the middle of a long one: the same
// blocks again and again.
func hole(pl *pool, n int64) chunk {
	zeros := pl.zeros[len(pl.zeros)-1]
	length, output := 0, int64(0)
	from := 0
	for ; output < zeros.out/2; from++ {
		short := zstdblock.FollowShort(zeros.deflate[from:])
		length, output = int(short.Length), short.Output
	}
	c := chunk{deflate: bytes.Repeat(zeros.deflate[from-1:from-1+length], int(n/output))}
	c.out = n / output * output
	return c
}

// TestALongHoleIsMetAndMeasured: 8 GiB of zeros are a quarter of a megabyte of a stream, or a whole
// one as klauspost's default level packs them. Wherever they are in a layer of 1 GiB, probes meet
// them, and both ends are found to the block.
func TestALongHoleIsMetAndMeasured(t *testing.T) {
	t.Parallel()
	for _, p := range []packtest.Producer{packtest.GoZstd(2), packtest.GoZstd(4), packtest.Command("zstd", "-c", "-3")} {
		t.Run(p.Name, func(t *testing.T) {
			t.Parallel()
			pl := zstdPool(t, p, "weights")
			missed := 0
			for seed := range uint64(100) {
				r := rand.New(rand.NewPCG(seed, 8))
				v := withHoles(pl, 1<<30, r, map[int64]int64{r.Int64N(1 << 30): 8 << 30})
				z := newZstdSampler(context.Background(), manyRanges{v}, v.size, 48<<20)
				z.windowSize = testWindow
				if err := errors.Join(z.readEnds(), z.probeForRuns()); err != nil {
					t.Fatal(err)
				}
				got := 0.0
				for _, r := range z.Runs {
					content, _ := r.Content()
					got += content
				}
				if wrong := got/(8<<30) - 1; wrong < -0.01 || wrong > 0.01 {
					t.Logf("seed %d: %.0f bytes in %d runs", seed, got, len(z.Runs))
					missed++
				}
			}
			if missed > 1 {
				t.Errorf("%d of 100 holes were not met, or not measured", missed)
			}
		})
	}
}

// TestAHoleCountsOnceWhereverItIs measures whole layers, on hosts of both kinds, with a hole at the
// start, in the middle or at the end.
func TestAHoleCountsOnceWhereverItIs(t *testing.T) {
	t.Parallel()
	pl := zstdPool(t, packtest.Command("zstd", "-c", "-3"), "weights")
	const length, hole = 256 << 20, 2 << 30
	for name, at := range map[string]int64{"first": 0, "in the middle": length / 2, "last": length - 1} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			v := withHoles(pl, length, rand.New(rand.NewPCG(1, 1)), map[int64]int64{at: hole})
			e, err := Zstd(context.Background(), manyRanges{v}, v.size, 24<<20)
			if err != nil {
				t.Fatal(err)
			}
			wrong := float64(e.Unpacked.Value)/float64(v.out) - 1
			if u := e.Unpacked; wrong < -0.03 || wrong > 0.03 || u.Min > v.out || u.Max < v.out || float64(u.Max) > 1.25*float64(u.Min) {
				t.Errorf("%d bytes (%+.1f %%) in %+v", v.out, 100*wrong, e.Unpacked)
			}
			if e.Hidden.Longest != 0 {
				t.Errorf("a run of %d bytes may hide, want none: the budget suffices for all headers", e.Hidden.Longest)
			}
		})
	}
}

// TestAHostOfOneRangeIsAskedOnceForSeveral: there are no probes then, and what may hide is much
// longer.
func TestAHostOfOneRangeIsAskedOnceForSeveral(t *testing.T) {
	t.Parallel()
	pl := zstdPool(t, packtest.GoZstd(2), "source")
	v := withHoles(pl, 100<<20, rand.New(rand.NewPCG(1, 1)), nil)
	e, err := Zstd(context.Background(), oneRange{v}, v.size, 8<<20)
	if err != nil {
		t.Fatal(err)
	}
	plain := withHoles(pl, 100<<20, rand.New(rand.NewPCG(1, 1)), nil)
	want, err := Zstd(context.Background(), plain, plain.size, 8<<20)
	if err != nil {
		t.Fatal(err)
	}
	if e.Unpacked != want.Unpacked || v.requests.Load() != plain.requests.Load()+1 {
		t.Errorf("%+v with %d requests, want %+v with %d", e.Unpacked, v.requests.Load(), want.Unpacked, plain.requests.Load()+1)
	}
	if e.Hidden.Longest < 8<<30 || e.Hidden.ChanceOfGiB >= 1 {
		t.Errorf("what may hide is %+v", e.Hidden)
	}
}

// TestRunsAreTwoWhereOtherDataLieBetween: zeros of two files are apart by a file, or by a header.
func TestRunsAreTwoWhereOtherDataLieBetween(t *testing.T) {
	t.Parallel()
	pl := zstdPool(t, packtest.Command("zstd", "-c", "-3"), "weights")
	for _, gap := range []int64{1 << 20, 16 << 20} {
		v := withHoles(pl, 64<<20, rand.New(rand.NewPCG(3, 3)), map[int64]int64{20 << 20: 4 << 30, 20<<20 + gap: 4 << 30})
		e, err := Zstd(context.Background(), manyRanges{v}, v.size, 8<<20)
		if err != nil {
			t.Fatal(err)
		}
		if wrong := float64(e.Unpacked.Value)/float64(v.out) - 1; wrong < -0.03 || wrong > 0.03 {
			t.Errorf("with %d bytes between: %d bytes (%+.1f %%), %+v", gap, v.out, 100*wrong, e.Unpacked)
		}
	}
}

// TestZerosOfManyFilesCountOnce: where zeros are in files of all lengths, runs of them have short ends in
// between, and probes and windows meet the same ones. All headers are read here, so the length is known but for
// the blocks that repeat tables, which are no longer than full ones.
func TestZerosOfManyFilesCountOnce(t *testing.T) {
	t.Parallel()
	pl := zstdPool(t, packtest.Command("zstd", "-c", "-1"), "binaries")
	rc := recipe{target: 2e9, kinds: pl.kinds, mean: 1e5, zeros: 0.96, run: 64 << 20}
	v := pl.build(rc, rand.New(rand.NewPCG(2, 2)))
	e, err := Zstd(context.Background(), manyRanges{v}, v.size, 16<<20)
	if err != nil {
		t.Fatal(err)
	}
	if u := e.Unpacked; u.Min > v.out || u.Max < v.out || u.Max > v.out+v.out/1000 || e.Hidden.Longest != 0 {
		t.Errorf("%d bytes in a stream of %d: %+v, %+v", v.out, v.size, u, e.Hidden)
	}
}
