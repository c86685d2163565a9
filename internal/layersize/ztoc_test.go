package layersize

import (
	"bytes"
	"compress/flate"
	"compress/gzip"
	"errors"
	"io"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/layersize/ztoctest"
)

// builtBySOCI is a layer, and its zTOC as soci-snapshotter 0.16.1 builds it: zTOCs of spans of
// 64 KiB, which begin at various bits, for what zlib packed in small blocks.
func builtBySOCI(t testing.TB) (l Layer, tarball, ztoc []byte) {
	t.Helper()
	blob, err := os.ReadFile("testdata/soci-0.16.1.tar.gz")
	if err != nil {
		t.Fatal(err)
	}
	packed, err := os.ReadFile("testdata/soci-0.16.1.ztoc.gz")
	if err != nil {
		t.Fatal(err)
	}
	return layer(typeOCIGzip, blob), gunzipped(t, blob), gunzipped(t, packed)
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

func TestAZTOCOfSOCIIsProven(t *testing.T) {
	t.Parallel()
	l, tarball, ztoc := builtBySOCI(t)
	m, err := ZTOC(t.Context(), l, ztoc, 8<<20)
	if err != nil {
		t.Fatal(err)
	}
	want := stream(t, tarball)
	if m.DiskBytes != want.DiskBytes || *m.Inodes != *want.Inodes || m.Method != MethodTOC || !m.Exact ||
		m.UnpackedBytes != exactly(int64(len(tarball))) {
		t.Errorf("got %+v with %d inodes, want %+v with %d", m, *m.Inodes, want, *want.Inodes)
	}
	l.Size++
	if _, err := ZTOC(t.Context(), l, ztoc, 8<<20); !errors.Is(err, ErrTable) {
		t.Errorf("the zTOC of another layer was taken: %v", err)
	}
	l.Size--
	for cut := 0; cut < len(ztoc); cut += 97 {
		if _, err := readZTOC(l, ztoc[:cut]); err == nil {
			t.Errorf("%d of %d bytes were taken for a zTOC", cut, len(ztoc))
		}
	}
}

// TestEverySpanOfSOCIIsEntered: none but the drawn ones are, in a check.
func TestEverySpanOfSOCIIsEntered(t *testing.T) {
	t.Parallel()
	l, _, ztoc := builtBySOCI(t)
	z, err := readZTOC(l, ztoc)
	if err != nil {
		t.Fatal(err)
	}
	bits := map[int]bool{}
	for i := range z.spans.list {
		bits[z.spans.points[i].bits] = true
		whole := z.spans.extent(i)
		content := make([]byte, whole.length)
		if _, err := l.Blob.ReadAt(content, whole.at); err != nil {
			t.Fatal(err)
		}
		if err := z.spans.proveWhole(i, content); err != nil {
			t.Errorf("span %d: %v", i, err)
		}
		for cut := 64; cut < len(content); cut += 1001 {
			if err := z.spans.compare(i, content[:cut], false); err != nil {
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
		w.write(0x55, (8-bits)%8)
		w.write(0b010, 10) // an empty block
		w.write(0, 3)      // a stored one
		w.write(0, (8-w.length%8)%8)
		w.write(uint64(len(text)|(len(text)^0xffff)<<16), 32)
		for _, c := range []byte(text) {
			w.write(uint64(c), 8)
		}
		w.write(0b011, 10) // the last one
		got, err := io.ReadAll(flate.NewReader(bytes.NewReader(prime(w.data, bits))))
		if err != nil || string(got) != text {
			t.Errorf("%d bits: %q, %v", bits, got, err)
		}
	}
}

// TestAZTOCFitsWhateverTarItIsOf: headers of every kind have their room, and padding its place.
func TestAZTOCFitsWhateverTarItIsOf(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("long/", 50) + "name"
	for name, files := range map[string][]file{
		"a mixture":   mixture(100, 10_000),
		"long names":  {regular(long, 10), symlink("link", long), hardlink("hard", long)},
		"records":     {regular("a", 5000).with(map[string]string{"security.ima": strings.Repeat("c", 2000)}), directory("b/")},
		"empty files": {regular("a", 0), regular("b", 0)},
		"nothing":     nil,
	} {
		data := makeTar(t, append(files, regular("ballast", 300_000))...)
		for _, padding := range []int{0, 512, 9216} { // GNU tar fills up to 10,240
			tarball := append(bytes.Clone(data), make([]byte, padding)...)
			want := stream(t, tarball)
			l, z := packedWithZTOC(t, tarball, 64<<10)
			for _, many := range []bool{false, true} {
				l.Blob = &memory{data: blobOf(l), many: many}
				m, err := ZTOC(t.Context(), l, z.Bytes(), 64<<20)
				if err != nil {
					t.Errorf("%s: %v", name, err)
					continue
				}
				if m.DiskBytes != want.DiskBytes || *m.Inodes != *want.Inodes || !m.Exact || m.UnpackedBytes != want.UnpackedBytes {
					t.Errorf("%s: %+v with %d inodes, want %+v with %d", name, m, *m.Inodes, want, *want.Inodes)
				}
				l.Annotations = map[string]string{annotationStargzSize: "12345678"}
				if _, err := ZTOC(t.Context(), l, z.Bytes(), 64<<20); !errors.Is(err, ErrTable) {
					t.Errorf("%s: an annotation of another length was passed over: %v", name, err)
				}
				l.Annotations = nil
			}
		}
	}
}

func blobOf(l Layer) []byte {
	m, _ := l.Blob.(*memory)
	return m.data
}

func packedWithZTOC(t testing.TB, tarball []byte, span int) (Layer, *ztoctest.ZTOC) {
	t.Helper()
	blob, z, err := ztoctest.Pack(tarball, span)
	if err != nil {
		t.Fatal(err)
	}
	return layer(typeOCIGzip, blob), z
}

// TestALyingZTOCIsRefuted: whatever it lies about, in either direction, once what it lies about
// is unpacked: here all of it is.
func TestALyingZTOCIsRefuted(t *testing.T) {
	t.Parallel()
	tarball := makeTar(t, append(mixture(200, 3000), symlink("link", "target"), regular("last", 3000))...)
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
		"a larger tar":          func(z *ztoctest.ZTOC, _ []byte) { find(z, "last").Size += 1 << 20; z.Uncompressed += 1 << 20 },
		"a smaller tar":         func(z *ztoctest.ZTOC, _ []byte) { z.Files = z.Files[:len(z.Files)-1]; z.Uncompressed -= 3584 },
		"padding":               func(z *ztoctest.ZTOC, _ []byte) { z.Uncompressed -= 512 },
	} {
		for _, many := range []bool{false, true} {
			l, z := packedWithZTOC(t, tarball, 48<<10)
			blob := blobOf(l)
			l.Blob = &memory{data: blob, many: many}
			if _, err := ZTOC(t.Context(), l, z.Bytes(), 64<<20); err != nil {
				t.Fatal(err)
			}
			lie(z, blob)
			if m, err := checkAll(t, l, z.Bytes()); !errors.Is(err, ErrTable) {
				t.Errorf("%s: %+v, %v", name, m, err)
			}
		}
	}
}

// checkAll checks every span.
func checkAll(t *testing.T, l Layer, ztoc []byte) (Measurement, error) {
	t.Helper()
	z, err := readZTOC(l, ztoc)
	if err != nil {
		return Measurement{}, err
	}
	for i := range z.spans.list {
		whole := z.spans.extent(i)
		content := make([]byte, whole.length)
		if _, err := l.Blob.ReadAt(content, whole.at); err != nil {
			t.Fatal(err)
		}
		if err := z.spans.proveWhole(i, content); err != nil {
			return Measurement{}, err
		}
	}
	return z.confirmed(l)
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
	tarball := makeTar(t, mixture(4000, 3000)...)
	l, z := packedWithZTOC(t, tarball, 32<<10)
	l.Blob = &memory{data: blobOf(l), many: true}
	for i := range z.Files {
		if f := &z.Files[i]; i%20 == 0 && f.Size%512 > 1 {
			f.Size--
		}
	}
	for range 10 {
		if m, err := ZTOC(t.Context(), l, z.Bytes(), 64<<20); !errors.Is(err, ErrTable) {
			t.Fatalf("%+v, %v", m, err)
		}
	}
}

// TestALargeSpanIsCheckedByItsStart: too little to call it exact, and enough to refute a
// checkpoint that is none.
func TestALargeSpanIsCheckedByItsStart(t *testing.T) {
	t.Parallel()
	tarball := makeTar(t, mixture(2000, 3000)...)
	for _, many := range []bool{false, true} {
		l, z := packedWithZTOC(t, tarball, 4<<20)
		blob := blobOf(l)
		l.Blob = &memory{data: blob, many: many}
		m, err := ZTOC(t.Context(), l, z.Bytes(), 64<<20)
		want := stream(t, tarball)
		if err != nil || m.Exact || m.Method != MethodTOC || m.DiskBytes.Value != want.DiskBytes.Value || m.UnpackedBytes != want.UnpackedBytes {
			t.Errorf("%+v, %v, want %+v", m, err, want)
		}
		z.Spans[len(z.Spans)-1].In += 2
		z.Seal(blob)
		if m, err := ZTOC(t.Context(), l, z.Bytes(), 64<<20); !errors.Is(err, ErrTable) {
			t.Errorf("a checkpoint that is none: %+v, %v", m, err)
		}
	}
}

// TestAnotherLengthThanTheTrailersIsNotTaken: it is no lie where the blob has several members.
func TestAnotherLengthThanTheTrailersIsNotTaken(t *testing.T) {
	t.Parallel()
	l, z := packedWithZTOC(t, makeTar(t, mixture(2000, 3000)...), 4<<20)
	z.Files[len(z.Files)-1].Size += 1 << 20
	z.Uncompressed += 1 << 20
	if m, err := ZTOC(t.Context(), l, z.Bytes(), 64<<20); !errors.Is(err, errUnconfirmed) || errors.Is(err, ErrTable) {
		t.Errorf("%+v, %v", m, err)
	}
}

func TestWhichLayersProfitFromAZTOC(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		layer Layer
		want  bool
	}{
		"gzip":               {Layer{MediaType: typeOCIGzip, Size: 1 << 30}, true},
		"Docker's gzip":      {Layer{MediaType: typeDocker, Size: 1 << 30}, true},
		"small":              {Layer{MediaType: typeOCIGzip, Size: 4 << 20}, false},
		"uncompressed":       {Layer{MediaType: typeOCIPlain, Size: 1 << 30}, false},
		"Zstandard":          {Layer{MediaType: typeOCIZstd, Size: 1 << 30}, false},
		"with its own table": {Layer{MediaType: typeOCIGzip, Size: 1 << 30, Annotations: map[string]string{annotationTOCDigest: "sha256:0"}}, false},
	} {
		if got := Indexed(test.layer); got != test.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}
