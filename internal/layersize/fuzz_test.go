package layersize

import (
	"context"
	"os"
	"strings"
	"testing"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/layersize/ztoctest"
	"time"
)

var mediaTypes = []string{typeOCIPlain, typeOCIGzip, typeOCIZstd, typeDocker, ""}

// seeds are blobs of every kind, and some that are cut.
func seeds(f *testing.F) [][]byte {
	f.Helper()
	data := makeTar(f, directory("a"), regular("a/b", 700), hardlink("c", "a/b"), symlink("d", "c"),
		regular("e", 0).with(map[string]string{"user.x": strings.Repeat("y", 200)}), regular(".wh.f", 0))
	table, _ := stargz(f, data)
	list := [][]byte{nil, data, gzipped(f, data), zstdCompressed(f, data), table.Blob.(*memory).data, chunkedLayer(f, data).Blob.(*memory).data}
	for _, name := range []string{"testdata/sparse-pax.tar.gz", "testdata/sparse-gnu.tar.gz"} {
		blob, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		list = append(list, blob)
	}
	for _, blob := range list {
		list = append(list, blob[:len(blob)*2/3])
	}
	return list
}

// FuzzStream streams anything: it ends, within its limits, with an error or with a
// measurement that makes sense.
func FuzzStream(f *testing.F) {
	for _, blob := range seeds(f) {
		f.Add(uint8(0), blob)
		f.Add(uint8(4), blob)
	}
	f.Fuzz(func(t *testing.T, mediaType uint8, blob []byte) {
		l := layer(mediaTypes[int(mediaType)%len(mediaTypes)], blob)
		m, err := Stream(t.Context(), l, Limits{UnpackedBytes: 4 << 20, Entries: 10_000, WindowBytes: 8 << 20})
		if err != nil {
			return
		}
		sane(t, m)
		if m.Method != MethodStreamed || m.UnpackedBytes != exactly(m.UnpackedBytes.Value) || m.UnpackedBytes.Value > 4<<20 {
			t.Fatalf("%+v", m)
		}
	})
}

// FuzzProbe probes anything with any budget, with and without annotations.
func FuzzProbe(f *testing.F) {
	for i, blob := range seeds(f) {
		f.Add(uint8(i), blob, int64(len(blob)), "", "")
		f.Add(uint8(i), blob, int64(len(blob))-1, "5000", "8:100:1000:1")
	}
	f.Fuzz(func(t *testing.T, mediaType uint8, blob []byte, budget int64, size, position string) {
		l := layer(mediaTypes[int(mediaType)%len(mediaTypes)], blob)
		l.Annotations = map[string]string{annotationUmociSize: size, annotationPodman + annotationPosition: position}
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
		defer cancel()
		m, err := Probe(ctx, l, budget)
		if err != nil {
			t.Fatal(err) // nothing but the time it took
		}
		sane(t, m)
		used := l.Blob.(*memory)
		if used.read > max(budget, 0) {
			t.Fatalf("%d bytes were read of %d", used.read, budget)
		}
		if m.Exact && m.Method == MethodStreamed {
			streamed, err := Stream(ctx, l, Limits{})
			if err != nil || streamed.DiskBytes != m.DiskBytes {
				t.Fatalf("probed %+v, streamed %+v, error %v", m, streamed, err)
			}
		}
	})
}

// FuzzTOC counts anything as the JSON of a table of contents.
func FuzzTOC(f *testing.F) {
	f.Add([]byte(`{"version":1,"entries":[{"name":"a","type":"dir"},{"name":"a/b","type":"reg","size":5,"xattrs":{"user.a":"Yg=="}}]}`))
	f.Add([]byte(`{"entries":[{"name":"a","type":"hardlink","linkName":"b"},{"name":"a","type":"chunk"}],"x":[{}]}`))
	f.Add([]byte(`{"entries":[{"name":"../../.wh.x","type":"reg","size":9223372036854775807}]}`))
	f.Fuzz(func(t *testing.T, json []byte) {
		c := &tocCount{inventory: newInventory(), segments: newSegments(1 << 20), length: int64(len(json))}
		if err := c.decode(&meter{ctx: t.Context(), r: strings.NewReader(string(json)), total: maxTOC}); err != nil {
			return
		}
		for _, packed := range []compression{packedGzip, packedZstd} {
			if m, err := c.result(Layer{Size: 2 << 20}, packed, false); err == nil {
				sane(t, m)
			}
		}
	})
}

// FuzzZTOC reads anything as a zTOC.
func FuzzZTOC(f *testing.F) {
	blob, z, err := ztoctest.Pack(makeTar(f, regular("a", 3000), symlink("b", "a"), regular("c", 9000)), 4096)
	if err != nil {
		f.Fatal(err)
	}
	ztoc := z.Bytes()
	f.Add(ztoc)
	f.Add(ztoc[:len(ztoc)/2])
	f.Fuzz(func(t *testing.T, ztoc []byte) {
		if m, err := ZTOC(t.Context(), layer(typeOCIGzip, blob), ztoc, 1<<20); err == nil {
			sane(t, m)
		}
	})
}

// sane holds what is true of every measurement.
func sane(t *testing.T, m Measurement) {
	t.Helper()
	for _, i := range []Interval{m.UnpackedBytes, m.DiskBytes} {
		if i.Min < 0 || i.Min > i.Value || i.Value > i.Max {
			t.Fatalf("%+v", m)
		}
	}
	if d := m.DiskBytes; d.Min%blockSize != 0 || d.Value%blockSize != 0 || d.Max%blockSize != 0 || d.Min < blockSize {
		t.Fatalf("no whole blocks: %+v", m)
	}
	counted := m.Method == MethodStreamed || m.Method == MethodTOC || m.Method == MethodUncompressed
	if m.Exact && (m.Inodes == nil || !counted || d(m.DiskBytes) > 0) {
		t.Fatalf("not counted, but exact: %+v", m)
	}
	if m.Inodes != nil && *m.Inodes < 1 {
		t.Fatalf("%d inodes", *m.Inodes)
	}
}

// d is the width of an interval.
func d(i Interval) int64 { return i.Max - i.Min }
