package toc_test

import (
	"crypto/sha256"
	"errors"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/layersize"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/layersize/layertest"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/layersize/rangeread"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/layersize/toc"
)

// plainTable is a table of a blob that is not compressed: what it says of a segment is the digest.
type plainTable struct {
	*toc.Segments
	claims   [][32]byte
	endsShow bool // a segment's ends say what is in it
}

func (p *plainTable) Extent(i int) toc.Range {
	return toc.Range{At: p.List[i].At, Length: p.EndOf(i) - p.List[i].At}
}

func (p *plainTable) Ends(i int) []toc.Range { return []toc.Range{{At: p.List[i].At, Length: 8}} }

func (p *plainTable) ProveWhole(i int, content []byte) error {
	if sha256.Sum256(content) != p.claims[i] {
		return toc.RefutedAt(p.List[i].At, "another digest")
	}
	return nil
}

func (p *plainTable) ProveByEnds(int, *rangeread.List) error {
	if !p.endsShow {
		return layersize.ErrUnconfirmed
	}
	return nil
}

// newTable returns a blob of segments of these sizes, and a true table of it.
func newTable(sizes []int) (*layertest.Memory, *plainTable) {
	blob, table := &layertest.Memory{Many: true}, &plainTable{endsShow: true}
	table.Segments = toc.NewSegments(0)
	table.List = nil
	random := rand.NewChaCha8([32]byte{1})
	for _, size := range sizes {
		content := make([]byte, size)
		_, _ = random.Read(content)
		table.List = append(table.List, toc.Segment{At: int64(len(blob.Data)), Max: int64(size)})
		table.claims = append(table.claims, sha256.Sum256(content))
		blob.Data = append(blob.Data, content...)
	}
	table.Payload = int64(len(blob.Data))
	return blob, table
}

func (p *plainTable) lie(i int) { p.claims[i][0] ^= 1 }

func (p *plainTable) check(t *testing.T, blob *layertest.Memory) error {
	t.Helper()
	reader := rangeread.New(t.Context(), blob, int64(len(blob.Data)), 64<<20)
	return toc.NewCheck(p.Segments, p, reader).Run()
}

func repeat(n, size int) []int {
	sizes := make([]int, n)
	for i := range sizes {
		sizes[i] = size
	}
	return sizes
}

func TestATrueTableIsConfirmedForLittle(t *testing.T) {
	t.Parallel()
	for name, sizes := range map[string][]int{
		"one":                 {1000},
		"a thousand small":    repeat(1000, 3000),
		"some large":          repeat(20, 400<<10),
		"one that is most":    append(repeat(100, 1000), 3<<20),
		"an empty last one":   append(repeat(100, 1000), 0),
		"of very unlike size": append(repeat(5, 1<<20), repeat(5000, 100)...),
	} {
		blob, table := newTable(sizes)
		if err := table.check(t, blob); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if blob.Requests > 2 || blob.Read > toc.CheckBytes {
			t.Errorf("%s: %d requests and %d bytes", name, blob.Requests, blob.Read)
		}
		one := &layertest.Memory{Data: blob.Data} // whose host serves one range in a request
		if err := table.check(t, one); err != nil {
			t.Errorf("%s, range by range: %v", name, err)
		}
		if one.Requests > 30 || one.Read > toc.CheckBytes {
			t.Errorf("%s, range by range: %d requests and %d bytes", name, one.Requests, one.Read)
		}
	}
}

// TestALieThatMattersIsFoundEachTime: in the first segment, the last, and one that is an eighth.
func TestALieThatMattersIsFoundEachTime(t *testing.T) {
	t.Parallel()
	sizes := append(repeat(500, 1000), 200<<10)
	sizes = append(sizes, repeat(500, 1000)...)
	for _, many := range []bool{true, false} {
		for _, i := range []int{0, 500, len(sizes) - 1} {
			for range 20 {
				blob, table := newTable(sizes)
				blob.Many = many
				table.lie(i)
				if err := table.check(t, blob); !errors.Is(err, layersize.ErrTable) {
					t.Fatalf("many ranges %v, a lie in segment %d: %v", many, i, err)
				}
			}
		}
	}
}

// TestALieInOneOfTwentyIsFound: in 98 of 100 cases, as the package says.
func TestALieInOneOfTwentyIsFound(t *testing.T) {
	t.Parallel()
	const runs, segments = 300, 2000
	blob, truth := newTable(repeat(segments, 500))
	missed := 0
	for run := range runs {
		table := &plainTable{Segments: truth.Segments, claims: slices.Clone(truth.claims), endsShow: true}
		for i := 1 + run%19; i < segments-1; i += 20 {
			table.lie(i)
		}
		switch err := table.check(t, blob); {
		case err == nil:
			missed++
		case !errors.Is(err, layersize.ErrTable):
			t.Fatal(err)
		}
	}
	if missed > runs*6/100 { // 2 % are expected
		t.Errorf("%d of %d tables were believed", missed, runs)
	}
}

// Segments whose ends say nothing are unpacked. Where they are too large for that, the table is
// neither confirmed nor refuted.
func TestWhatNothingShowsIsNotConfirmed(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		sizes []int
		want  error
	}{
		"small ones are unpacked":       {repeat(200, 4000), nil},
		"large ones as far as there is": {append(repeat(100, 1000), 3<<20), layersize.ErrUnconfirmed},
		"all of them large":             {repeat(10, 700<<10), layersize.ErrUnconfirmed},
		"those that are drawn": {
			append(append([]int{1000}, repeat(40, 600<<10)...), 1000), layersize.ErrUnconfirmed,
		},
	} {
		blob, table := newTable(test.sizes)
		table.endsShow = false
		if err := table.check(t, blob); !errors.Is(err, test.want) {
			t.Errorf("%s: %v", name, err)
		}
		blob.Many = false
		if err := table.check(t, blob); !errors.Is(err, test.want) {
			t.Errorf("%s, range by range: %v", name, err)
		}
	}
}

func TestAReadThatFailsIsNoVerdict(t *testing.T) {
	t.Parallel()
	blob, table := newTable(repeat(10, 1000))
	blob.Many, blob.NoRange = false, true
	err := table.check(t, blob)
	if err == nil || errors.Is(err, layersize.ErrTable) || errors.Is(err, layersize.ErrUnconfirmed) {
		t.Errorf("got %v", err)
	}
}
