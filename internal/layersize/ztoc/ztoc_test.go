package ztoc

import (
	"bytes"
	"compress/flate"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/layersize"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/layersize/layertest"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/layersize/probe"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/layersize/streamtest"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/layersize/toc"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/layersize/ztoctest"
)

// builtBySOCI is a layer, and its zTOC as soci-snapshotter 0.16.1 builds it: zTOCs of spans of 64
// KiB, which begin at various bits, for what zlib packed in small blocks.
func builtBySOCI(t testing.TB) (l layersize.Layer, tarball, ztoc []byte) {
	t.Helper()
	blob, err := os.ReadFile("testdata/soci-0.16.1.tar.gz")
	if err != nil {
		t.Fatal(err)
	}
	packed, err := os.ReadFile("testdata/soci-0.16.1.ztoc.gz")
	if err != nil {
		t.Fatal(err)
	}
	return layertest.NewLayer(layertest.TypeOCIGzip, blob), gunzipped(t, blob), gunzipped(t, packed)
}

func gunzipped(t testing.TB, packed []byte) []byte {
	t.Helper()
	r, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		t.Fatal(err)
	}
	data, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// measureZTOC measures a layer by its zTOC, and fails if that is refuted.
func measureZTOC(ctx context.Context, l layersize.Layer, ztoc []byte, budget int64) (layersize.Measurement, error) {
	m, err := probe.Measure(ctx, l, budget, Source{func() ([]byte, error) { return ztoc, nil }})
	if err == nil && m.Refuted != "" {
		err = fmt.Errorf("%w: %s", layersize.ErrTable, m.Refuted)
	}
	return m, err
}

func TestAZTOCOfSOCIIsProven(t *testing.T) {
	t.Parallel()
	l, tarball, ztoc := builtBySOCI(t)
	m, err := measureZTOC(t.Context(), l, ztoc, 8<<20)
	if err != nil {
		t.Fatal(err)
	}
	want := streamtest.CountFiles(t, tarball)
	if m.DiskBytes != want.DiskBytes || *m.Inodes != *want.Inodes || m.Method != layersize.MethodTOC || !m.Exact ||
		m.UnpackedBytes != layersize.Exactly(int64(len(tarball))) {
		t.Errorf("got %+v with %d inodes, want %+v with %d", m, *m.Inodes, want, *want.Inodes)
	}
	l.Size++
	if _, err := measureZTOC(t.Context(), l, ztoc, 8<<20); !errors.Is(err, layersize.ErrTable) {
		t.Errorf("the zTOC of another layer was taken: %v", err)
	}
	l.Size--
	for cut := 0; cut < len(ztoc); cut += 97 {
		if _, err := readTable(l, ztoc[:cut]); err == nil {
			t.Errorf("%d of %d bytes were taken for a zTOC", cut, len(ztoc))
		}
	}
}

// TestEverySpanOfSOCIIsEntered: none but the drawn ones are, in a check.
func TestEverySpanOfSOCIIsEntered(t *testing.T) {
	t.Parallel()
	l, _, ztoc := builtBySOCI(t)
	z, err := readTable(l, ztoc)
	if err != nil {
		t.Fatal(err)
	}
	bits := map[int]bool{}
	for i := range z.spans.List {
		bits[z.spans.points[i].bits] = true
		whole := z.spans.Extent(i)
		content := make([]byte, whole.Length)
		if _, err := l.Blob.ReadAt(content, whole.At); err != nil {
			t.Fatal(err)
		}
		if err := z.spans.ProveWhole(i, content); err != nil {
			t.Errorf("span %d: %v", i, err)
		}
		for cut := 64; cut < len(content); cut += 1001 {
			if err := z.spans.compareSpan(i, content[:cut], false); err != nil {
				t.Errorf("the first %d bytes of span %d: %v", cut, i, err)
			}
		}
	}
	if len(bits) < 3 {
		t.Errorf("the checkpoints lie at bits %v", bits)
	}
}

// TestAStreamIsEnteredAtEveryBit: a stored block begins at the next byte, wherever that is.
func TestAStreamIsEnteredAtEveryBit(t *testing.T) {
	t.Parallel()
	const text = "what a stored block holds"
	for bits := range 8 {
		var w bitWriter
		w.writeBits(0x55, (8-bits)%8)
		w.writeBits(0b010, 10) // an empty block
		w.writeBits(0, 3)      // a stored one
		w.writeBits(0, (8-w.length%8)%8)
		w.writeBits(uint64(len(text)|(len(text)^0xffff)<<16), 32)
		for _, c := range []byte(text) {
			w.writeBits(uint64(c), 8)
		}
		w.writeBits(0b011, 10) // the last one
		got, err := io.ReadAll(flate.NewReader(bytes.NewReader(primeStream(w.data, bits))))
		if err != nil || string(got) != text {
			t.Errorf("%d bits: %q, %v", bits, got, err)
		}
	}
}

// TestAZTOCFitsWhateverTarItIsOf: headers of every kind have their room, and padding its place.
func TestAZTOCFitsWhateverTarItIsOf(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("long/", 50) + "name"
	for name, files := range map[string][]layertest.File{
		"a mixture":  layertest.Mixture(100, 10_000),
		"long names": {layertest.Regular(long, 10), layertest.Symlink("link", long), layertest.Hardlink("hard", long)},
		"records": {
			layertest.Regular("a", 5000).With(map[string]string{"security.ima": strings.Repeat("c", 2000)}),
			layertest.Directory("b/"),
		},
		"empty files": {layertest.Regular("a", 0), layertest.Regular("b", 0)},
		"nothing":     nil,
	} {
		data := layertest.MakeTar(t, append(files, layertest.Regular("ballast", 300_000))...)
		for _, padding := range []int{0, 512, 9216} { // GNU tar fills up to 10,240
			tarball := append(bytes.Clone(data), make([]byte, padding)...)
			want := streamtest.CountFiles(t, tarball)
			l, z := packedWithZTOC(t, tarball, 64<<10)
			for _, many := range []bool{false, true} {
				l.Blob = &layertest.Memory{Data: blobOf(l), Many: many}
				m, err := measureZTOC(t.Context(), l, z.Bytes(), 64<<20)
				if err != nil {
					t.Errorf("%s: %v", name, err)
					continue
				}
				if m.DiskBytes != want.DiskBytes || *m.Inodes != *want.Inodes || !m.Exact ||
					m.UnpackedBytes != want.UnpackedBytes {
					t.Errorf("%s: %+v with %d inodes, want %+v with %d", name, m, *m.Inodes, want, *want.Inodes)
				}
				l.Annotations = map[string]string{layersize.AnnotationStargzSize: "12345678"}
				if _, err := measureZTOC(t.Context(), l, z.Bytes(), 64<<20); !errors.Is(err, layersize.ErrTable) {
					t.Errorf("%s: an annotation of another length was passed over: %v", name, err)
				}
				l.Annotations = nil
			}
		}
	}
}

func blobOf(l layersize.Layer) []byte {
	m, _ := l.Blob.(*layertest.Memory)
	return m.Data
}

func packedWithZTOC(t testing.TB, tarball []byte, span int) (layersize.Layer, *ztoctest.ZTOC) {
	t.Helper()
	blob, z, err := ztoctest.Pack(tarball, span)
	if err != nil {
		t.Fatal(err)
	}
	return layertest.NewLayer(layertest.TypeOCIGzip, blob), z
}

// TestALyingZTOCIsRefuted: whatever it lies about, in either direction, once what it lies about is
// unpacked: here all of it is.
func TestALyingZTOCIsRefuted(t *testing.T) {
	t.Parallel()
	tarball := layertest.MakeTar(
		t,
		append(layertest.Mixture(200, 3000), layertest.Symlink("link", "target"), layertest.Regular("last", 3000))...)
	find := func(z *ztoctest.ZTOC, name string) *ztoctest.File {
		return &z.Files[slices.IndexFunc(z.Files, func(f ztoctest.File) bool { return f.Name == name })]
	}
	for name, lie := range map[string]func(z *ztoctest.ZTOC, blob []byte){
		"a smaller file": func(z *ztoctest.ZTOC, _ []byte) { find(z, "dir-0/file-2").Size-- },
		"a larger file":  func(z *ztoctest.ZTOC, _ []byte) { find(z, "dir-0/file-2").Size++ },
		"another name":   func(z *ztoctest.ZTOC, _ []byte) { find(z, "dir-0/file-2").Name = "dir-1/file-2" },
		"another target": func(z *ztoctest.ZTOC, _ []byte) { find(z, "link").Link = strings.Repeat("x", 80) },
		"another type":   func(z *ztoctest.ZTOC, _ []byte) { find(z, "link").Type = "fifo" },
		"attributes": func(z *ztoctest.ZTOC, _ []byte) {
			find(z, "last").Records = map[string]string{"SCHILY.xattr.user.a": "b"}
		},
		"files in one":          func(z *ztoctest.ZTOC, _ []byte) { joinFiles(z, 20) },
		"a file in two":         func(z *ztoctest.ZTOC, _ []byte) { splitFile(z) },
		"shifted files":         func(z *ztoctest.ZTOC, _ []byte) { shiftFiles(z) },
		"a shifted checkpoint":  func(z *ztoctest.ZTOC, blob []byte) { z.Spans[3].In += 2; z.Seal(blob) },
		"bits":                  func(z *ztoctest.ZTOC, blob []byte) { z.Spans[3].Bits = 3; z.Seal(blob) },
		"a longer span":         func(z *ztoctest.ZTOC, _ []byte) { z.Spans[3].Out += 512 },
		"a shorter span":        func(z *ztoctest.ZTOC, _ []byte) { z.Spans[3].Out -= 512 },
		"another window":        func(z *ztoctest.ZTOC, _ []byte) { z.Spans[3].Window[30_000] ^= 1 },
		"another digest":        func(z *ztoctest.ZTOC, _ []byte) { z.Spans[3].Digest = z.Spans[2].Digest },
		"checkpoints backwards": func(z *ztoctest.ZTOC, blob []byte) { slices.Reverse(z.Spans); z.Seal(blob) },
		"no checkpoints":        func(z *ztoctest.ZTOC, _ []byte) { z.Spans = nil },
		"a larger tar": func(z *ztoctest.ZTOC, _ []byte) {
			find(z, "last").Size += 1 << 20
			z.Uncompressed += 1 << 20
		},
		"a smaller tar": func(z *ztoctest.ZTOC, _ []byte) {
			z.Files = z.Files[:len(z.Files)-1]
			z.Uncompressed -= 3584
		},
		"padding": func(z *ztoctest.ZTOC, _ []byte) { z.Uncompressed -= 512 },
	} {
		for _, many := range []bool{false, true} {
			l, z := packedWithZTOC(t, tarball, 48<<10)
			blob := blobOf(l)
			l.Blob = &layertest.Memory{Data: blob, Many: many}
			if _, err := measureZTOC(t.Context(), l, z.Bytes(), 64<<20); err != nil {
				t.Fatal(err)
			}
			lie(z, blob)
			if m, err := checkAll(t, l, z.Bytes()); !errors.Is(err, layersize.ErrTable) {
				t.Errorf("%s: %+v, %v", name, m, err)
			}
		}
	}
}

// checkAll checks every span.
func checkAll(t *testing.T, l layersize.Layer, ztoc []byte) (layersize.Measurement, error) {
	t.Helper()
	z, err := readTable(l, ztoc)
	if err != nil {
		return layersize.Measurement{}, err
	}
	for i := range z.spans.List {
		whole := z.spans.Extent(i)
		content := make([]byte, whole.Length)
		if _, err := l.Blob.ReadAt(content, whole.At); err != nil {
			t.Fatal(err)
		}
		if err := z.spans.ProveWhole(i, content); err != nil {
			return layersize.Measurement{}, err
		}
	}
	return z.confirmedMeasurement(l)
}

// joinFiles makes one file of a file and those behind it.
func joinFiles(z *ztoctest.ZTOC, count int) {
	first, last := &z.Files[10], z.Files[10+count]
	first.Size = last.Offset + last.Size - first.Offset
	z.Files = slices.Delete(z.Files, 11, 11+count)
}

// splitFile lists a file within another.
func splitFile(z *ztoctest.ZTOC) {
	i := slices.IndexFunc(z.Files, func(f ztoctest.File) bool { return f.Size > 4096 })
	whole := z.Files[i]
	z.Files[i].Size = 1024
	z.Files = slices.Insert(z.Files, i+1, ztoctest.File{
		Name: "within", Type: "reg", Offset: whole.Offset + 1024 + 512, Size: whole.Size - 1024 - 512,
	})
}

// shiftFiles has the headers of some files a block later, where their records might be.
func shiftFiles(z *ztoctest.ZTOC) {
	z.Files[10].Records = map[string]string{"comment": "moved"}
	for i := 10; i < 20; i++ {
		z.Files[i].Offset += 512
	}
	z.Files[19].Size -= 512
}

// TestALieInAShareOfTheSpansIsFound, by what is drawn of many spans. A share of a fifth is missed
// with a chance of 0.8^80, which no run meets.
func TestALieInAShareOfTheSpansIsFound(t *testing.T) {
	t.Parallel()
	tarball := layertest.MakeTar(t, layertest.Mixture(4000, 3000)...)
	l, z := packedWithZTOC(t, tarball, 32<<10)
	l.Blob = &layertest.Memory{Data: blobOf(l), Many: true}
	for i := range z.Files {
		if f := &z.Files[i]; i%20 == 0 && f.Size%512 > 1 {
			f.Size--
		}
	}
	for range 10 {
		if m, err := measureZTOC(t.Context(), l, z.Bytes(), 64<<20); !errors.Is(err, layersize.ErrTable) {
			t.Fatalf("%+v, %v", m, err)
		}
	}
}

// TestALargeSpanIsCheckedByItsStart: too little to call it exact, and enough to refute a checkpoint
// that is none.
func TestALargeSpanIsCheckedByItsStart(t *testing.T) {
	t.Parallel()
	tarball := layertest.MakeTar(t, layertest.Mixture(2000, 3000)...)
	for _, many := range []bool{false, true} {
		l, z := packedWithZTOC(t, tarball, 4<<20)
		blob := blobOf(l)
		l.Blob = &layertest.Memory{Data: blob, Many: many}
		m, err := measureZTOC(t.Context(), l, z.Bytes(), 64<<20)
		want := streamtest.CountFiles(t, tarball)
		if err != nil || m.Exact || m.Method != layersize.MethodTOC ||
			m.DiskBytes.Value != want.DiskBytes.Value || m.UnpackedBytes != want.UnpackedBytes {
			t.Errorf("%+v, %v, want %+v", m, err, want)
		}
		z.Spans[len(z.Spans)-1].In += 2
		z.Seal(blob)
		if m, err := measureZTOC(t.Context(), l, z.Bytes(), 64<<20); !errors.Is(err, layersize.ErrTable) {
			t.Errorf("a checkpoint that is none: %+v, %v", m, err)
		}
	}
}

// TestAnotherLengthThanTheTrailersIsNotTaken: it is no lie where the blob has several members.
func TestAnotherLengthThanTheTrailersIsNotTaken(t *testing.T) {
	t.Parallel()
	l, z := packedWithZTOC(t, layertest.MakeTar(t, layertest.Mixture(2000, 3000)...), 4<<20)
	z.Files[len(z.Files)-1].Size += 1 << 20
	z.Uncompressed += 1 << 20
	m, err := measureZTOC(t.Context(), l, z.Bytes(), 64<<20)
	if err != nil || m.Method == layersize.MethodTOC || !strings.Contains(m.Note, errOtherLength.Error()) {
		t.Errorf("%+v, %v", m, err)
	}
}

func TestWhichLayersProfitFromAZTOC(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		layer layersize.Layer
		want  bool
	}{
		"gzip":          {layersize.Layer{MediaType: layertest.TypeOCIGzip, Size: 1 << 30}, true},
		"Docker's gzip": {layersize.Layer{MediaType: layertest.TypeDocker, Size: 1 << 30}, true},
		"small":         {layersize.Layer{MediaType: layertest.TypeOCIGzip, Size: 4 << 20}, false},
		"uncompressed":  {layersize.Layer{MediaType: layertest.TypeOCIPlain, Size: 1 << 30}, false},
		"Zstandard":     {layersize.Layer{MediaType: layertest.TypeOCIZstd, Size: 1 << 30}, false},
		"with its own table": {
			layersize.Layer{
				MediaType:   layertest.TypeOCIGzip,
				Size:        1 << 30,
				Annotations: map[string]string{toc.AnnotationDigest: "sha256:0"},
			},
			false,
		},
	} {
		if got := IsUseful(test.layer); got != test.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}
