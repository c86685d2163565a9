package tketest

import (
	"archive/tar"
	"bytes"
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"
)

// The figures were measured: what root can use of fresh file systems, in MiB.
func TestExt4(t *testing.T) {
	t.Parallel()
	for size, want := range map[int64]int64{20: 19970, 50: 50072, 100: 100205} {
		if got := usableExt4(size).bytes >> 20; got < want-1 || got > want+1 {
			t.Errorf("%d GiB: %d MiB usable, want %d", size, got, want)
		}
	}
	if got := usableExt4(20).inodes; got != 1_310_720 {
		t.Errorf("%d inodes on 20 GiB, want 1,310,720", got)
	}
}

func TestDiskHoldsAThingOnce(t *testing.T) {
	t.Parallel()
	for _, scale := range []int64{1 << 30, 1 << 20} {
		d := newDisk(20, scale)
		room := d.free
		for range 2 { // the second time it is there already
			if !d.storeOnce("all", room) {
				t.Errorf("what fits exactly does not fit, at %d bytes to the GiB", scale)
			}
		}
		if d.storeOnce("a block more", usage{bytes: blockSize}) {
			t.Error("a full disk took more")
		}
	}
	if newDisk(20, 1<<20).storeOnce("files", usage{inodes: 1281}) {
		t.Error("a disk with 1,280 inodes took 1,281 files")
	}
	if got := newDisk(32000, 1<<30).free.bytes; got>>40 < 30 {
		t.Errorf("32,000 GiB hold %d bytes", got)
	}
}

// The disk model, entry by entry.
func TestCountLayer(t *testing.T) {
	t.Parallel()
	sparse := map[string]string{
		"XNU.sparse.size":      "2147483648",
		"XNU.sparse.numblocks": "1",
		"XNU.sparse.map":       "2147483648,0",
	}
	for _, test := range []struct {
		name    string
		headers []*tar.Header
		want    usage
	}{
		{"nothing", nil, usage{}},
		{"a byte", []*tar.Header{{Name: "a", Size: 1}}, usage{4096, 1}},
		{"a block", []*tar.Header{{Name: "a", Size: 4096}}, usage{4096, 1}},
		{"a block and a byte", []*tar.Header{{Name: "a", Size: 4097}}, usage{8192, 1}},
		{"an empty file", []*tar.Header{{Name: "a"}}, usage{0, 1}},
		{"a directory", []*tar.Header{{Name: "a/", Typeflag: tar.TypeDir}}, usage{4096, 1}},
		{"a symbolic link", []*tar.Header{{Name: "a", Typeflag: tar.TypeSymlink, Linkname: "b"}}, usage{0, 1}},
		{
			"a hard link", []*tar.Header{{Name: "a", Size: 5000}, {Name: "b", Typeflag: tar.TypeLink, Linkname: "a"}},
			usage{8192, 1},
		},
		{"a whiteout", []*tar.Header{{Name: ".wh.a"}}, usage{0, 1}},
		{"a sparse file", []*tar.Header{{Name: "a", PAXRecords: sparse}}, usage{2147483648, 1}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			got, _, err := countBlob(bytes.NewReader(archive(t, test.headers)))
			if err != nil || got != test.want {
				t.Errorf("got %+v, %v, want %+v", got, err, test.want)
			}
		})
	}
}

func TestWaitingForALayerEndsWithTheBuild(t *testing.T) {
	t.Parallel()
	counts := layerCounts{counts: map[v1.Hash]*layerCount{}}
	counts.countOf(v1.Hash{}).slot <- struct{}{} // another build reads it
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := counts.countLayer(ctx, layer{}); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

func TestCountLayerRefuses(t *testing.T) {
	t.Parallel()
	file := archive(t, []*tar.Header{{Name: "a", Size: 10_000}})
	old := archive(t, []*tar.Header{{Name: "a", Format: tar.FormatGNU}})
	retype(old, tar.TypeGNUSparse)
	for name, test := range map[string]struct {
		layer []byte
		says  string
	}{
		"a truncated archive":  {file[:5000], "unexpected EOF"},
		"no archive":           {[]byte(strings.Repeat("text ", 200)), "invalid tar header"},
		"an empty gzip stream": {[]byte{0x1f, 0x8b, 8, 0}, "EOF"},
		"no zstd frame":        {[]byte{0x28, 0xb5, 0x2f, 0xfd}, "EOF"},
		"an old sparse file":   {old, "unhandled tar header"},
	} {
		got, _, err := countBlob(bytes.NewReader(test.layer))
		if err == nil || !strings.Contains(err.Error(), test.says) {
			t.Errorf("%s: got %+v, %v, want %q", name, got, err, test.says)
		}
	}
}

// retype changes the type of an archive's first entry, and its checksum.
func retype(archive []byte, to byte) {
	sum, _ := strconv.ParseUint(string(archive[148:154]), 8, 64)
	copy(archive[148:], fmt.Sprintf("%06o", sum+uint64(to)-uint64(archive[156])))
	archive[156] = to
}

// archive writes a tar. Sparse files have to be smuggled past the writer, which does not write
// them.
func archive(t *testing.T, headers []*tar.Header) []byte {
	t.Helper()
	var out bytes.Buffer
	w := tar.NewWriter(&out)
	for _, header := range headers {
		if header.Typeflag == 0 {
			header.Typeflag = tar.TypeReg
		}
		if err := w.WriteHeader(header); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write(make([]byte, header.Size)); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return bytes.ReplaceAll(out.Bytes(), []byte("XNU.sparse"), []byte("GNU.sparse"))
}
