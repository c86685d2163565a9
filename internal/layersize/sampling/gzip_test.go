package sampling

import (
	"bytes"
	"compress/flate"
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"reflect"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/layersize"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/layersize/estimate"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/layersize/packtest"
)

func mustPool(t *testing.T, p packtest.Producer, kinds ...string) *pool {
	t.Helper()
	var ms []packtest.Material
	for _, m := range packtest.Materials() {
		for _, k := range kinds {
			if m.Name == k {
				ms = append(ms, m)
			}
		}
	}
	pl, err := newPool(p, ms, 2, 1<<20)
	if err != nil {
		t.Fatal(err)
	}
	return pl
}

// TestJoinedStreamsAreGzip lets a real decompressor read what the tests measure.
func TestJoinedStreamsAreGzip(t *testing.T) {
	pl := mustPool(t, packtest.GoGzip(6), "source", "random", "tiny files")
	mixed := recipe{target: 20 << 20, kinds: pl.kinds, mean: 1e6, zeros: 0.1, run: 1 << 20}
	v := pl.build(mixed, rand.New(rand.NewPCG(3, 3)))
	out, err := io.Copy(io.Discard, flate.NewReader(bytes.NewReader(section(t, v, 10, v.size-18))))
	if err != nil || out != v.out {
		t.Errorf("counted %d of %d, %v", out, v.out, err)
	}
}

func section(t *testing.T, r io.ReaderAt, off, n int64) []byte {
	t.Helper()
	p := make([]byte, n)
	if _, err := r.ReadAt(p, off); err != nil {
		t.Fatal(err)
	}
	return p
}

// unexported lets what windows have shown be compared.
var unexported = cmp.Exporter(func(reflect.Type) bool { return true })

func TestSmallStreamsAreReadWhole(t *testing.T) {
	data, files := packtest.TinyFiles(rand.New(rand.NewPCG(1, 1)), 400_000)
	for _, test := range []struct {
		name    string
		p       packtest.Producer
		measure func(context.Context, io.ReaderAt, int64, int64) (estimate.Estimate, error)
	}{{"gzip", packtest.GoGzip(6), Gzip}, {"zstd", packtest.GoZstd(2), Zstd}} {
		stream, err := test.p.Compress(data)
		if err != nil {
			t.Fatal(err)
		}
		got, err := test.measure(context.Background(), bytes.NewReader(stream), int64(len(stream)), 1<<20)
		if count := got.Files.Count(); count != layersize.Exactly(files) {
			t.Errorf("%s: %+v entries of %d files", test.name, count, files)
		}
		got.Files = estimate.Files{}
		n := int64(len(data))
		want := estimate.Estimate{Unpacked: layersize.Exactly(n), Settled: true,
			BytesRead: int64(len(stream)), Windows: 1}
		if diff := cmp.Diff(want, got, unexported); err != nil || diff != "" {
			t.Errorf("%s: %v %s", test.name, err, diff)
		}
	}
}

func TestAnswersAreRepeatable(t *testing.T) {
	for _, p := range []packtest.Producer{packtest.GoGzip(6), packtest.GoZstd(2)} {
		pl := mustPool(t, p, "source", "weights")
		v := pl.build(recipe{target: 1 << 30, kinds: pl.kinds, mean: 50e6}, rand.New(rand.NewPCG(5, 5)))
		measure := Gzip
		if p.Zstd {
			measure = Zstd
		}
		first, err := measure(context.Background(), v, v.size, 4<<20)
		if err != nil {
			t.Fatal(err)
		}
		second, _ := measure(context.Background(), v, v.size, 4<<20)
		if diff := cmp.Diff(first, second, unexported); diff != "" {
			t.Error(p.Name, diff)
		}
	}
}

// TestFewRequests holds what an ordinary layer costs: the length is settled by 16
// windows, and the files, of which source code has many, want more.
func TestFewRequests(t *testing.T) {
	pl := mustPool(t, packtest.GoGzip(6), "source")
	for _, test := range []struct{ unpacked, budget, most int64 }{
		{100 << 20, 256 << 10, 4}, {100 << 20, 16 << 20, 256 + 24}, {600 << 20, 16 << 20, 256 + 24},
	} {
		v := pl.build(recipe{target: test.unpacked, kinds: pl.kinds, mean: 50e6}, rand.New(rand.NewPCG(5, 5)))
		e, err := Gzip(context.Background(), v, v.size, test.budget)
		right := e.Unpacked.Min <= v.out && v.out <= e.Unpacked.Max && (e.Settled || test.budget < 1<<20)
		if err != nil || !right || v.requests.Load() > test.most {
			t.Errorf("%d: %+v in %d requests, %v", v.out, e, v.requests.Load(), err)
		}
	}
}

// knownOneRange is a stream whose host is known to serve one range per request.
type knownOneRange struct{ *virtual }

func (knownOneRange) ServesOneRange() bool { return true }

// TestWindowsAreLongerWhereEachIsARequest: a large stream then takes a third of the requests, and no
// more bytes to speak of.
func TestWindowsAreLongerWhereEachIsARequest(t *testing.T) {
	t.Parallel()
	pl := mustPool(t, packtest.GoGzip(6), "source", "weights")
	v := pl.build(recipe{target: 4 << 30, kinds: pl.kinds, mean: 10e6}, rand.New(rand.NewPCG(5, 5)))
	if v.size < widenedFrom {
		t.Fatalf("the stream has %d bytes", v.size)
	}
	regular, err := Gzip(context.Background(), v, v.size, 11<<20)
	if err != nil {
		t.Fatal(err)
	}
	requests := v.requests.Swap(0)
	wide, err := Gzip(context.Background(), knownOneRange{v}, v.size, 11<<20)
	if err != nil {
		t.Fatal(err)
	}
	if got := v.requests.Load(); got*3 > requests || wide.BytesRead*10 > regular.BytesRead*12 {
		t.Errorf("%d requests and %d bytes, with short windows %d and %d",
			got, wide.BytesRead, requests, regular.BytesRead)
	}
	if wide.Unpacked.Min > v.out || wide.Unpacked.Max < v.out {
		t.Errorf("%+v does not hold %d", wide.Unpacked, v.out)
	}
}

// TestWindowsAreReadTogether where the host serves several ranges in a request: an eighth of the requests, for the
// same answer.
func TestWindowsAreReadTogether(t *testing.T) {
	t.Parallel()
	pl := mustPool(t, packtest.GoGzip(6), "source")
	v := pl.build(recipe{target: 600 << 20, kinds: pl.kinds, mean: 10e6}, rand.New(rand.NewPCG(5, 5)))
	singly, err := Gzip(context.Background(), v, v.size, 16<<20)
	if err != nil {
		t.Fatal(err)
	}
	requests := v.requests.Swap(0)
	together, err := Gzip(context.Background(), manyRanges{v}, v.size, 16<<20)
	if err != nil {
		t.Fatal(err)
	}
	if got := v.requests.Load(); got*8 > requests {
		t.Errorf("%d requests, and %d for each range by itself", got, requests)
	}
	if together.Unpacked != singly.Unpacked || !together.Settled {
		t.Errorf("%+v with %d requests, %+v with each range by itself", together.Unpacked, together.Windows, singly.Unpacked)
	}
}

// TestArchivesAreNotMistaken: what is stored in a layer of archives are gzip streams themselves,
// with blocks and members of their own, which are none of the layer's.
func TestArchivesAreNotMistaken(t *testing.T) {
	for _, p := range []packtest.Producer{packtest.GoGzip(6), packtest.Klauspost(1)} {
		pl := mustPool(t, p, "archives")
		v := pl.build(recipe{target: 3e9, kinds: pl.kinds, mean: 1e7}, rand.New(rand.NewPCG(1, 2)))
		e, err := Gzip(context.Background(), v, v.size, 16<<20)
		if err != nil || !e.Settled || e.MultiMember || e.Unpacked.Value != v.out {
			t.Errorf("%s: %d of %d: %+v, %v", p.Name, v.out, v.size, e.Unpacked, err)
		}
	}
}

func TestMembersAreNoticed(t *testing.T) {
	pl := mustPool(t, packtest.GoGzip(6), "source", "tiny files")
	v := &virtual{}
	for v.out < 200<<20 {
		v.open()
		v.chunk(pl.chunks["source"][len(v.parts)%2])
		v.close()
	}
	e, err := Gzip(context.Background(), v, v.size, 16<<20)
	if err != nil || !e.MultiMember || e.Settled || v.out < e.Unpacked.Min || v.out > e.Unpacked.Max {
		t.Errorf("%d: %+v, %v", v.out, e, err)
	}
}

// TestPaddingIsPassedOver: the trailer is the one before the padding.
func TestPaddingIsPassedOver(t *testing.T) {
	pl := mustPool(t, packtest.GoGzip(6), "source")
	v := pl.build(recipe{target: 100 << 20, kinds: pl.kinds, mean: 50e6}, rand.New(rand.NewPCG(5, 5)))
	v.add(make([]byte, 1000))
	e, err := Gzip(context.Background(), v, v.size, 16<<20)
	if err != nil || !e.Settled || e.Unpacked.Value != v.out {
		t.Errorf("%d: %+v, %v", v.out, e, err)
	}
}

func TestAnotherFormatIsRefused(t *testing.T) {
	p := packtest.RandomBytes(rand.New(rand.NewPCG(1, 1)), 1<<20)
	for _, n := range []int64{0, 1, 17, 100, 1 << 20} {
		if _, err := Gzip(context.Background(), bytes.NewReader(p), n, 1<<20); !errors.Is(err, ErrFormat) {
			t.Errorf("gzip, %d bytes: %v", n, err)
		}
		if _, err := Zstd(context.Background(), bytes.NewReader(p), n, 1<<20); !errors.Is(err, ErrFormat) {
			t.Errorf("zstd, %d bytes: %v", n, err)
		}
	}
}

// broken fails from some read on.
type broken struct{ io.ReaderAt }

var errBroken = errors.New("connection reset")

func (b broken) ReadAt(p []byte, off int64) (int, error) {
	if off > 1<<20 {
		return 0, errBroken
	}
	return b.ReaderAt.ReadAt(p, off)
}

func TestFailuresAreReported(t *testing.T) {
	pl := mustPool(t, packtest.GoGzip(6), "random")
	v := pl.build(recipe{target: 100 << 20, kinds: pl.kinds, mean: 50e6}, rand.New(rand.NewPCG(5, 5)))
	if _, err := Gzip(context.Background(), broken{v}, v.size, 16<<20); !errors.Is(err, errBroken) {
		t.Errorf("a failing read: %v", err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := Gzip(ctx, v, v.size, 16<<20); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}

// TestBudgets: with next to nothing to read the answer is wide, but an answer.
func TestBudgets(t *testing.T) {
	pl := mustPool(t, packtest.GoGzip(6), "weights")
	v := pl.build(recipe{target: 5 << 30, kinds: pl.kinds, mean: 50e6}, rand.New(rand.NewPCG(5, 5)))
	for _, budget := range []int64{0, 1, 1000, 3000, 40_000, 100_000, 200_000, 1 << 20} {
		e, err := Gzip(context.Background(), v, v.size, budget)
		if err != nil || e.BytesRead > budget || v.out < e.Unpacked.Min || v.out > e.Unpacked.Max {
			t.Errorf("budget %d: %+v of %d, %v", budget, e, v.out, err)
		}
	}
}
