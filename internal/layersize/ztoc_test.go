package layersize

import (
	"archive/tar"
	"bytes"
	"os"
	"strings"
	"testing"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/layersize/ztoctest"
)

func TestAZTOCCountsEveryFile(t *testing.T) {
	t.Parallel()
	ztoc, err := os.ReadFile("testdata/sample.ztoc")
	if err != nil {
		t.Fatal(err)
	}
	m, err := readZTOC(Layer{MediaType: typeOCIGzip, Size: 15000}, ztoc)
	if err != nil {
		t.Fatal(err)
	}
	// What the sample was made from.
	want := stream(t, makeTar(t, directory("usr/"), directory("usr/bin/"), regular("usr/bin/tool", 10000), symlink("usr/bin/alias", "tool"),
		hardlink("usr/bin/hard", "usr/bin/tool"), regular("usr/ping", 4097).with(map[string]string{"user.note": strings.Repeat("\x00", 200)}),
		file{Header: tar.Header{Typeflag: tar.TypeChar, Name: "dev/null"}}))
	if m.DiskBytes != want.DiskBytes || *m.Inodes != *want.Inodes || m.Method != MethodTOC || m.Exact {
		t.Errorf("got %+v with %d inodes, want %+v with %d", m, *m.Inodes, want, *want.Inodes)
	}
	if m.UnpackedBytes != (Interval{20992, 20992, 20992 + tailMax}) {
		t.Errorf("the tar has %+v bytes", m.UnpackedBytes)
	}
	if _, err := readZTOC(Layer{Size: 15001}, ztoc); err == nil {
		t.Error("the zTOC of another layer was taken")
	}
	for cut := range ztoc {
		if _, err := readZTOC(Layer{Size: 15000}, ztoc[:cut]); err == nil && cut < 1500 {
			t.Errorf("%d of %d bytes were taken for a zTOC", cut, len(ztoc))
		}
	}
}

// TestAZTOCFitsWhateverTarItIsOf: headers of every kind have their room, and padding its place.
func TestAZTOCFitsWhateverTarItIsOf(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("long/", 50) + "name"
	for name, files := range map[string][]file{
		"a mixture":   mixture(300, 20_000),
		"long names":  {regular(long, 10), symlink("link", long), hardlink("hard", long)},
		"records":     {regular("a", 5000).with(map[string]string{"security.ima": strings.Repeat("c", 2000)}), directory("b/")},
		"empty files": {regular("a", 0), regular("b", 0)},
		"nothing":     nil,
	} {
		data := makeTar(t, append(files, regular("ballast", 5<<20))...)
		for _, padding := range []int{0, 512, 9216} { // GNU tar fills up to 10,240
			blob := gzipped(t, append(bytes.Clone(data), make([]byte, padding)...))
			l := layer(typeOCIGzip, blob)
			list, err := ztoctest.Of(bytes.NewReader(data), l.Size)
			if err != nil {
				t.Fatal(err)
			}
			m, err := ZTOC(l, list.Bytes())
			if err != nil {
				t.Errorf("%s: %v", name, err)
				continue
			}
			want := stream(t, data)
			if m.DiskBytes != want.DiskBytes || *m.Inodes != *want.Inodes || m.Exact || m.UnpackedBytes != exactly(int64(len(data)+padding)) {
				t.Errorf("%s: %+v with %d inodes, want %+v with %d", name, m, *m.Inodes, want, *want.Inodes)
			}
			l.Annotations = map[string]string{annotationStargzSize: "12345678"}
			if _, err := ZTOC(l, list.Bytes()); err == nil {
				t.Errorf("%s: an annotation of another length was passed over", name)
			}
		}
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
