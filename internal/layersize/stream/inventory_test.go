package stream

import (
	"archive/tar"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/disksize"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/layersize"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/layersize/layertest"
)

func TestStreamCountsWhatExt4Holds(t *testing.T) {
	t.Parallel()
	attribute := func(length int) map[string]string { return map[string]string{"user.a": strings.Repeat("v", length)} }
	var manyNames []layertest.File
	for i := range 200 { // 200 names of 14 bytes take 24 bytes each, more than a block has
		manyNames = append(manyNames, layertest.Regular("name-of-14-"+strconv.Itoa(100+i), 0))
	}
	for name, test := range map[string]struct {
		files          []layertest.File
		blocks, inodes int64 // the root directory, and what follows
	}{
		"nothing": {nil, 1, 1},
		"files in whole blocks": {
			[]layertest.File{
				layertest.Regular("a", 0), layertest.Regular("b", 1), layertest.Regular("c", 4096),
				layertest.Regular("d", 4097),
			},
			1 + 0 + 1 + 1 + 2, 5,
		},
		"directories":     {[]layertest.File{layertest.Directory("a/"), layertest.Directory("a/b/")}, 3, 3},
		"the root listed": {[]layertest.File{layertest.Directory("./"), layertest.Regular("./a", 1)}, 2, 2},
		"a directory listed twice": {
			[]layertest.File{layertest.Directory("a"), layertest.Regular("a/b", 1), layertest.Directory("a/")}, 3, 3,
		},
		"parents that are not listed": {
			[]layertest.File{layertest.Regular("a/b/c", 1), layertest.Regular("a/b/d", 1), layertest.Directory("a/b")},
			1 + 2 + 2, 5,
		},
		"a directory of many names": {manyNames, 3, 201},
		"hard links": {
			[]layertest.File{
				layertest.Regular("a", 5000), layertest.Hardlink("b", "a"), layertest.Hardlink("c/d", "./b"),
				layertest.Hardlink("e", "/c/d"),
			},
			1 + 2 + 1, 3,
		},
		"a link to a symbolic link": {
			[]layertest.File{layertest.Symlink("a", "x"), layertest.Hardlink("b", "a")}, 1, 2,
		},
		"symbolic links": {
			[]layertest.File{
				layertest.Symlink("a", strings.Repeat("t", 59)), layertest.Symlink("b", strings.Repeat("t", 60)),
			},
			1 + 0 + 1, 3,
		},
		"devices and pipes": {[]layertest.File{layertest.Device("a"), layertest.FIFO("b")}, 1, 3},
		"whiteouts": {
			[]layertest.File{layertest.Regular("a/.wh.b", 0), layertest.Regular(".wh.c", 0)}, 2, 4,
		},
		"an opaque directory":     {[]layertest.File{layertest.Regular("a/.wh..wh..opq", 0)}, 2, 2},
		"attributes in the inode": {[]layertest.File{layertest.Regular("a", 1).With(attribute(68))}, 2, 2},
		"attributes in a block":   {[]layertest.File{layertest.Regular("a", 1).With(attribute(69))}, 3, 2},
		"attributes in one block": {
			[]layertest.File{
				layertest.Regular("a", 0).With(attribute(500)), layertest.Regular("b", 0).With(attribute(500)),
			},
			2, 3,
		},
		"attributes of a directory": {
			[]layertest.File{
				layertest.Directory("a").With(attribute(500)), layertest.Directory("a").With(attribute(500)),
			},
			3, 2,
		},
		"attributes that differ": {
			[]layertest.File{
				layertest.Regular("a", 0).With(attribute(500)), layertest.Regular("b", 0).With(attribute(501)),
			},
			3, 3,
		},
		"a file replaced": {[]layertest.File{layertest.Regular("a", 50000), layertest.Regular("a", 1)}, 2, 2},
		"a file replaced by a link": {
			[]layertest.File{layertest.Regular("a", 50000), layertest.Symlink("a", "b")}, 1, 2,
		},
		"a linked file replaced": {
			[]layertest.File{layertest.Regular("a", 8192), layertest.Hardlink("b", "a"), layertest.Regular("a", 1)},
			1 + 2 + 1, 3,
		},
		"both names replaced": {
			[]layertest.File{
				layertest.Regular("a", 8192), layertest.Hardlink("b", "a"), layertest.Regular("a", 1),
				layertest.Regular("b", 1),
			},
			3, 3,
		},
		"a directory replaced": {
			[]layertest.File{
				layertest.Regular("a/b", 9000), layertest.Regular("a/c/d", 9000), layertest.Regular("a", 1),
			},
			2, 2,
		},
		"a file replaced by a directory": {
			[]layertest.File{layertest.Regular("a", 9000), layertest.Directory("a"), layertest.Regular("a/b", 1)}, 3,
			3,
		},
		"a replaced directory's orphan": {
			[]layertest.File{layertest.Regular("a/b", 8192), layertest.Hardlink("c", "a/b"), layertest.Regular("a", 0)},
			1 + 2, 3,
		},
		"a path that climbs": {
			[]layertest.File{layertest.Regular("../../a", 1), layertest.Regular("b/../../a", 4097)}, 1 + 2, 2,
		},
		"a global header": {
			[]layertest.File{
				{Header: tar.Header{Typeflag: tar.TypeXGlobalHeader, PAXRecords: map[string]string{"path": "x"}}},
				layertest.Regular("a", 1),
			},
			2, 2,
		},
		"long names": {
			[]layertest.File{
				layertest.Regular(strings.Repeat("n", 255), 1), layertest.Regular(strings.Repeat("d/", 99)+"f", 1),
			},
			1 + 1 + 99 + 1, 102,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			data := layertest.MakeTar(t, test.files...)
			m := countFiles(t, data)
			if m.DiskBytes.Value != test.blocks*4096 || *m.Inodes != test.inodes {
				t.Errorf(
					"got %d blocks and %d inodes, want %d and %d",
					m.DiskBytes.Value/4096,
					*m.Inodes,
					test.blocks,
					test.inodes,
				)
			}
			if m.UnpackedBytes != layersize.Exactly(int64(len(data))) {
				t.Errorf("the tar has %+v bytes, want %d", m.UnpackedBytes, len(data))
			}
			if !m.Exact || m.DiskBytes != layersize.Exactly(m.DiskBytes.Value) || m.Note != "" {
				t.Errorf("exact %v, between %d and %d, note %q", m.Exact, m.DiskBytes.Min, m.DiskBytes.Max, m.Note)
			}
		})
	}
}

func TestGNULongNamesCountAsPAXOnes(t *testing.T) {
	t.Parallel()
	long := layertest.Regular(strings.Repeat("long/", 60)+"name", 100)
	link := layertest.Symlink("link", strings.Repeat("target/", 30))
	gnuLong, gnuLink := long, link
	gnuLong.Format, gnuLink.Format = tar.FormatGNU, tar.FormatGNU
	pax, gnu := countFiles(t, layertest.MakeTar(t, long, link)), countFiles(t, layertest.MakeTar(t, gnuLong, gnuLink))
	if pax.DiskBytes != gnu.DiskBytes || *pax.Inodes != *gnu.Inodes || *pax.Inodes != 1+60+2 {
		t.Errorf("PAX: %+v and %d inodes, GNU: %+v and %d", pax.DiskBytes, *pax.Inodes, gnu.DiskBytes, *gnu.Inodes)
	}
}

func TestSparseFilesTakeTheirFullSize(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		data     []byte
		exact    bool
		refusals []layersize.Refusal
	}{
		"PAX": {layertest.SparsePAX, true, nil},
		"GNU": {layertest.SparseGNU, false, []layersize.Refusal{{Entry: `"holes"`, Reason: layersize.RefusedSparse}}},
	} {
		m, err := Measure(t.Context(), layertest.NewLayer(layertest.TypeOCIGzip, test.data), Limits{})
		if err != nil {
			t.Fatal(err)
		}
		want := 4096 + disksize.Blocks(1_000_000)
		if m.DiskBytes.Value != want || m.UnpackedBytes.Value > 20000 || m.Exact != test.exact ||
			!slices.Equal(m.Refusals, test.refusals) {
			t.Errorf(
				"%s: %+v, want %d bytes on the disk, exact %v, refusals %q",
				name,
				m,
				want,
				test.exact,
				test.refusals,
			)
		}
	}
}

func TestALayerWithALargeDirectoryIsCountedAndNotExact(t *testing.T) {
	t.Parallel()
	var files []layertest.File
	for _, one := range layertest.Mixture(400, 0)[1:] {
		one.Name = "d/" + one.Name[len(one.Name)-3:] + "-and-a-name-of-some-length"
		files = append(files, one)
	}
	m := countFiles(t, layertest.MakeTar(t, files...))
	if m.Exact || m.Inodes == nil || m.Note != "" || len(m.Refusals) > 0 {
		t.Errorf("%+v", m)
	}
	if m.DiskBytes.Min >= m.DiskBytes.Value || m.DiskBytes.Value >= m.DiskBytes.Max ||
		m.DiskBytes.Max-m.DiskBytes.Min > 8*4096 {
		t.Errorf("%+v", m.DiskBytes)
	}
}
