package layertest

import (
	_ "embed"
	"runtime"
	"strings"
	"testing"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/disksize"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/layersize"
)

// Layers of a file with holes, as GNU tar packs it in two formats.
var (
	//go:embed testdata/sparse-pax.tar.gz
	SparsePAX []byte

	//go:embed testdata/sparse-gnu.tar.gz
	SparseGNU []byte
)

// MediaTypes are of layers, known and unknown.
var MediaTypes = []string{TypeOCIPlain, TypeOCIGzip, TypeOCIZstd, TypeDocker, ""}

// Seeds are blobs of every kind, and some that are cut.
func Seeds(f *testing.F) [][]byte {
	f.Helper()
	data := MakeTar(f, Directory("a"), Regular("a/b", 700), Hardlink("c", "a/b"), Symlink("d", "c"),
		Regular("e", 0).With(map[string]string{"user.x": strings.Repeat("y", 200)}), Regular(".wh.f", 0))
	table, _ := NewEStargz(f, data)
	list := [][]byte{
		nil, data, Gzip(f, data), Zstd(f, data), blobData(table), blobData(NewChunked(f, data)),
	}
	list = append(list, SparsePAX, SparseGNU)
	for _, blob := range list {
		list = append(list, blob[:len(blob)*2/3])
	}
	return list
}

// blobData returns the bytes of a layer that is in memory.
func blobData(l layersize.Layer) []byte {
	blob, ok := l.Blob.(*Memory)
	if !ok {
		return nil
	}
	return blob.Data
}

// CheckSane holds what is true of every measurement.
func CheckSane(t *testing.T, m layersize.Measurement) {
	t.Helper()
	for _, i := range []layersize.Interval{m.UnpackedBytes, m.DiskBytes} {
		if i.Min < 0 || i.Min > i.Value || i.Value > i.Max {
			t.Fatalf("%+v", m)
		}
	}
	const block = disksize.BlockSize
	if d := m.DiskBytes; d.Min%block != 0 || d.Value%block != 0 || d.Max%block != 0 || d.Min < block {
		t.Fatalf("no whole blocks: %+v", m)
	}
	counted := m.Method == layersize.MethodStreamed || m.Method == layersize.MethodTOC ||
		m.Method == layersize.MethodUncompressed
	if m.Exact && (m.Inodes == nil || !counted || width(m.DiskBytes) > 0) {
		t.Fatalf("not counted, but exact: %+v", m)
	}
	if m.Inodes != nil && *m.Inodes < 1 {
		t.Fatalf("%d inodes", *m.Inodes)
	}
}

// width is the width of an interval.
func width(i layersize.Interval) int64 { return i.Max - i.Min }

// HeapBytes returns what is allocated.
func HeapBytes() int64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}
