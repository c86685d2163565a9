package layersize

import (
	"archive/tar"
	"errors"
	"os"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"
)

func TestStreamCountsWhatExt4Holds(t *testing.T) {
	t.Parallel()
	attribute := func(length int) map[string]string { return map[string]string{"user.a": strings.Repeat("v", length)} }
	var manyNames []file
	for i := range 200 { // 200 names of 14 bytes take 24 bytes each, more than a block has
		manyNames = append(manyNames, regular("name-of-14-"+strconv.Itoa(100+i), 0))
	}
	for name, test := range map[string]struct {
		files          []file
		blocks, inodes int64 // the root directory, and what follows
	}{
		"nothing":                        {nil, 1, 1},
		"files in whole blocks":          {[]file{regular("a", 0), regular("b", 1), regular("c", 4096), regular("d", 4097)}, 1 + 0 + 1 + 1 + 2, 5},
		"directories":                    {[]file{directory("a/"), directory("a/b/")}, 3, 3},
		"the root listed":                {[]file{directory("./"), regular("./a", 1)}, 2, 2},
		"a directory listed twice":       {[]file{directory("a"), regular("a/b", 1), directory("a/")}, 3, 3},
		"parents that are not listed":    {[]file{regular("a/b/c", 1), regular("a/b/d", 1), directory("a/b")}, 1 + 2 + 2, 5},
		"a directory of many names":      {manyNames, 3, 201},
		"hard links":                     {[]file{regular("a", 5000), hardlink("b", "a"), hardlink("c/d", "./b"), hardlink("e", "/c/d")}, 1 + 2 + 1, 3},
		"a link to a symbolic link":      {[]file{symlink("a", "x"), hardlink("b", "a")}, 1, 2},
		"symbolic links":                 {[]file{symlink("a", strings.Repeat("t", 59)), symlink("b", strings.Repeat("t", 60))}, 1 + 0 + 1, 3},
		"devices and pipes":              {[]file{device("a"), fifo("b")}, 1, 3},
		"whiteouts":                      {[]file{regular("a/.wh.b", 0), regular(".wh.c", 0)}, 2, 4},
		"an opaque directory":            {[]file{regular("a/.wh..wh..opq", 0)}, 2, 2},
		"attributes in the inode":        {[]file{regular("a", 1).with(attribute(68))}, 2, 2},
		"attributes in a block":          {[]file{regular("a", 1).with(attribute(69))}, 3, 2},
		"attributes in one block":        {[]file{regular("a", 0).with(attribute(500)), regular("b", 0).with(attribute(500))}, 2, 3},
		"attributes of a directory":      {[]file{directory("a").with(attribute(500)), directory("a").with(attribute(500))}, 3, 2},
		"attributes that differ":         {[]file{regular("a", 0).with(attribute(500)), regular("b", 0).with(attribute(501))}, 3, 3},
		"a file replaced":                {[]file{regular("a", 50000), regular("a", 1)}, 2, 2},
		"a file replaced by a link":      {[]file{regular("a", 50000), symlink("a", "b")}, 1, 2},
		"a linked file replaced":         {[]file{regular("a", 8192), hardlink("b", "a"), regular("a", 1)}, 1 + 2 + 1, 3},
		"both names replaced":            {[]file{regular("a", 8192), hardlink("b", "a"), regular("a", 1), regular("b", 1)}, 3, 3},
		"a directory replaced":           {[]file{regular("a/b", 9000), regular("a/c/d", 9000), regular("a", 1)}, 2, 2},
		"a file replaced by a directory": {[]file{regular("a", 9000), directory("a"), regular("a/b", 1)}, 3, 3},
		"a replaced directory's orphan":  {[]file{regular("a/b", 8192), hardlink("c", "a/b"), regular("a", 0)}, 1 + 2, 3},
		"a path that climbs":             {[]file{regular("../../a", 1), regular("b/../../a", 4097)}, 1 + 2, 2},
		"a global header": {[]file{{Header: tar.Header{Typeflag: tar.TypeXGlobalHeader, PAXRecords: map[string]string{"path": "x"}}},
			regular("a", 1)}, 2, 2},
		"long names": {[]file{regular(strings.Repeat("n", 255), 1), regular(strings.Repeat("d/", 99)+"f", 1)}, 1 + 1 + 99 + 1, 102},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			data := makeTar(t, test.files...)
			m := stream(t, data)
			if m.DiskBytes.Value != test.blocks*4096 || *m.Inodes != test.inodes {
				t.Errorf("got %d blocks and %d inodes, want %d and %d", m.DiskBytes.Value/4096, *m.Inodes, test.blocks, test.inodes)
			}
			if m.UnpackedBytes != exactly(int64(len(data))) {
				t.Errorf("the tar has %+v bytes, want %d", m.UnpackedBytes, len(data))
			}
			if !m.Exact || m.DiskBytes != exactly(m.DiskBytes.Value) || m.Note != "" {
				t.Errorf("exact %v, between %d and %d, note %q", m.Exact, m.DiskBytes.Min, m.DiskBytes.Max, m.Note)
			}
		})
	}
}

func TestGNULongNamesCountAsPAXOnes(t *testing.T) {
	t.Parallel()
	long := regular(strings.Repeat("long/", 60)+"name", 100)
	link := symlink("link", strings.Repeat("target/", 30))
	gnuLong, gnuLink := long, link
	gnuLong.Format, gnuLink.Format = tar.FormatGNU, tar.FormatGNU
	pax, gnu := stream(t, makeTar(t, long, link)), stream(t, makeTar(t, gnuLong, gnuLink))
	if pax.DiskBytes != gnu.DiskBytes || *pax.Inodes != *gnu.Inodes || *pax.Inodes != 1+60+2 {
		t.Errorf("PAX: %+v and %d inodes, GNU: %+v and %d", pax.DiskBytes, *pax.Inodes, gnu.DiskBytes, *gnu.Inodes)
	}
}

func TestSparseFilesTakeTheirFullSize(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		exact    bool
		refusals []Refusal
	}{
		"testdata/sparse-pax.tar.gz": {true, nil},
		"testdata/sparse-gnu.tar.gz": {false, []Refusal{{`"holes"`, RefusedSparse}}},
	} {
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		m, err := Stream(t.Context(), layer(typeOCIGzip, data), Limits{})
		if err != nil {
			t.Fatal(err)
		}
		want := (1 + blocks(1_000_000)) * 4096
		if m.DiskBytes.Value != want || m.UnpackedBytes.Value > 20000 || m.Exact != test.exact || !slices.Equal(m.Refusals, test.refusals) {
			t.Errorf("%s: %+v, want %d bytes on the disk, exact %v, refusals %q", name, m, want, test.exact, test.refusals)
		}
	}
}

func TestDirectoriesReplacedWithoutEndAreBounded(t *testing.T) {
	t.Parallel()
	v := newInventory()
	for i := range 3000 {
		for _, e := range []entry{
			{name: "a/" + strconv.Itoa(i), kind: kindFile, size: 1},
			{name: "a", kind: kindFile},
			{name: "a", kind: kindDirectory},
		} {
			if err := v.add(e); err != nil {
				t.Fatal(err)
			}
		}
	}
	if m := v.measurement(); m.Exact || !strings.Contains(m.Note, oddSweeps) || v.sweeps != 3000 {
		t.Errorf("%+v after %d sweeps", m, v.sweeps)
	}
}

func TestEntriesWithoutEndStayInMemory(t *testing.T) {
	if testing.Short() {
		t.Skip("adds more than a million entries")
	}
	before := heap()
	v := newInventory()
	const extra = 1000
	for i := range maxTracked + extra {
		if err := v.add(entry{name: "d/" + strconv.Itoa(i), kind: kindFile, size: 1}); err != nil {
			t.Fatal(err)
		}
	}
	if grown := heap() - before; grown > 56<<20 {
		t.Errorf("%d entries take %d MiB", v.entries, grown>>20)
	}
	m := v.measurement()
	// The root, d, and all but the two are told apart.
	if *m.Inodes != maxTracked+extra+2 || m.Exact {
		t.Errorf("%+v, %d inodes", m, *m.Inodes)
	}
	fewer, _ := v.directorySlack()
	if below := (m.DiskBytes.Value-m.DiskBytes.Min)/4096 - fewer; below != extra+2 {
		t.Errorf("%d entries may have been replaced unseen, want %d", below, extra+2)
	}
	// Directories are told apart still, up to a bound of their own.
	var err error
	for i := 0; err == nil && i < maxNodes; i++ {
		err = v.add(entry{name: "e/" + strconv.Itoa(i), kind: kindDirectory})
	}
	if !errors.Is(err, ErrTooManyEntries) {
		t.Errorf("directories without end gave %v", err)
	}
	runtime.KeepAlive(v)
}

func heap() int64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

func TestNoDiskHoldsWhatAnInventoryRefuses(t *testing.T) {
	t.Parallel()
	v := newInventory()
	var err error
	for i := 0; err == nil && i < 10; i++ {
		err = v.add(entry{name: strconv.Itoa(i), kind: kindFile, size: 1 << 62})
	}
	if !errors.Is(err, ErrBomb) {
		t.Errorf("got %v, want ErrBomb", err)
	}
}
