package jsontoc

import (
	"os"
	"strings"
	"testing"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/layersize"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/layersize/inventory"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/layersize/layertest"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/layersize/streamtest"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/layersize/toc"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/mediatype"
)

// FuzzTOC counts anything as the JSON of a table of contents.
func FuzzTOC(f *testing.F) {
	f.Add([]byte(`{"version":1,"entries":[{"name":"a","type":"dir"},` +
		`{"name":"a/b","type":"reg","size":5,"xattrs":{"user.a":"Yg=="}}]}`))
	f.Add([]byte(`{"entries":[{"name":"a","type":"hardlink","linkName":"b"},{"name":"a","type":"chunk"}],"x":[{}]}`))
	f.Add([]byte(`{"entries":[{"name":"../../.wh.x","type":"reg","size":9223372036854775807}]}`))
	f.Fuzz(func(t *testing.T, json []byte) {
		c := &tableCount{Inventory: inventory.New(), segments: toc.NewSegments(1 << 20), length: int64(len(json))}
		err := c.decodeJSON(&jsonMeter{ctx: t.Context(), r: strings.NewReader(string(json)), total: maxTOC})
		if err != nil {
			return
		}
		for _, packed := range []mediatype.Compression{mediatype.Gzip, mediatype.Zstandard} {
			if m, err := c.measureListed(layersize.Layer{Size: 2 << 20}, packed, false); err == nil {
				layertest.CheckSane(t, m)
			}
		}
	})
}

func TestAPositionOfAnotherTypeIsNoTable(t *testing.T) {
	t.Parallel()
	for _, position := range []string{"", "1:2:3", "1:2:3:4", "1:2:3:4:5", "a:b:c:1", "1::3:1"} {
		if table, ok := annotatedTable(map[string]string{AnnotationPodman + AnnotationPosition: position}); ok {
			t.Errorf("%q gave %+v", position, table)
		}
	}
}

func TestATableOfContentsIsReadStrictly(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		json string
		want int64 // inodes; 0 when it is refused
	}{
		"two entries": {
			`{"version":1,"entries":[{"name":"a","type":"dir"},{"name":"a/b","type":"reg","size":5,"offset":50}]}`, 3,
		},
		"no entries": {`{"version":1,"entries":[]}`, 1},
		"fields of its own": {
			`{"x":{"y":[1,2]},"entries":[{"name":"a","type":"reg","new":true}],"tarSplitDigest":"sha256:0"}`, 2,
		},
		"chunks": {
			`{"entries":[{"name":"a","type":"reg","size":9,"offset":3,"chunkSize":4},` +
				`{"name":"a","type":"chunk","offset":9,"chunkOffset":4}]}`,
			2,
		},
		"white space":           {" {\n\t\"entries\": [ ] } \n", 1},
		"entries twice":         {`{"entries":[],"entries":[]}`, 0},
		"entries missing":       {`{"version":1}`, 0},
		"entries that are none": {`{"entries":5}`, 0},
		"a list":                {`[]`, 0},
		"nothing":               {``, 0},
		"half of it":            {`{"entries":[{"name":"a","type":"reg"}`, 0},
		"an unknown type":       {`{"entries":[{"name":"a","type":"socket"}]}`, 0},
		"a negative size":       {`{"entries":[{"name":"a","type":"reg","size":-1}]}`, 0},
		"a size beyond numbers": {`{"entries":[{"name":"a","type":"reg","size":9223372036854775808}]}`, 0},
		"sizes that overflow": {
			`{"entries":[{"name":"a","type":"reg","size":9e18},{"name":"b","type":"reg","size":9000000000000000000}]}`,
			0,
		},
		"more than any disk has": {
			`{"entries":[{"name":"a","type":"reg","size":9000000000000000},` +
				`{"name":"b","type":"reg","size":90000000000000000}]}`,
			0,
		},
		"a chunk of no file": {`{"entries":[{"name":"a","type":"chunk","offset":3}]}`, 0},
		"a chunk too few": {
			`{"entries":[{"name":"a","type":"reg","size":9,"offset":3,"chunkSize":4},{"name":"b","type":"dir"}]}`, 0,
		},
		"a chunk too many": {
			`{"entries":[{"name":"a","type":"reg","size":9,"offset":3},{"name":"a","type":"chunk","offset":9}]}`, 0,
		},
		"a chunk too large": {`{"entries":[{"name":"a","type":"reg","size":9,"offset":3,"chunkSize":10}]}`, 0},
		"a chunk of another place": {
			`{"entries":[{"name":"a","type":"reg","size":9,"offset":3,"chunkSize":4},` +
				`{"type":"chunk","offset":9,"chunkOffset":5}]}`,
			0,
		},
		"an offset twice": {
			`{"entries":[{"name":"a","type":"reg","size":9,"offset":3},{"name":"b","type":"reg","size":9,"offset":3}]}`,
			0,
		},
		"an offset that goes back": {
			`{"entries":[{"name":"a","type":"reg","size":9,"offset":30},` +
				`{"name":"b","type":"reg","size":9,"offset":3}]}`,
			0,
		},
		"an end before the start": {`{"entries":[{"name":"a","type":"reg","size":9,"offset":30,"endOffset":30}]}`, 0},
		"an offset in the table":  {`{"entries":[{"name":"a","type":"reg","offset":1001}]}`, 0},
		"an entry without end":    {`{"entries":[{"name":"` + strings.Repeat("a", entryAllowance) + `"}]}`, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := &tableCount{Inventory: inventory.New(), segments: toc.NewSegments(1000)}
			err := c.decodeJSON(&jsonMeter{ctx: t.Context(), r: strings.NewReader(test.json), total: maxTOC})
			if (err == nil) != (test.want > 0) {
				t.Fatalf("got %v", err)
			}
			if err == nil && c.Count != test.want {
				t.Errorf("%d inodes, want %d", c.Count, test.want)
			}
		})
	}
}

func TestATableThatUnpacksWithoutEndIsRefused(t *testing.T) {
	t.Parallel()
	head := []byte(`{"entries":[`)
	element := []byte(strings.Repeat(`{"name":"a","type":"reg"},`, 1000))
	sent := 0
	endless := &layertest.Generator{Next: func() []byte {
		if sent++; sent == 1 {
			return head
		}
		return element
	}}
	m := &jsonMeter{ctx: t.Context(), r: endless, total: 4 << 20}
	err := (&tableCount{Inventory: inventory.New(), segments: toc.NewSegments(1 << 20)}).decodeJSON(m)
	if err == nil || m.read > 4<<20 {
		t.Errorf("%d bytes, error %v", m.read, err)
	}
}

// TestLayersOfContainersStorageAreExact: real ones, by skopeo 1.9.3 and by containers/storage 1.65,
// which has a frame for tar-split beside the table; with holes and chunks, and a table whose frame
// asks for 32 MiB.
func TestLayersOfContainersStorageAreExact(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"chunked-skopeo-1.9.3.zst", "chunked-storage-1.65.zst"} {
		blob, err := os.ReadFile("testdata/" + name)
		if err != nil {
			t.Fatal(err)
		}
		for _, many := range []bool{true, false} {
			l := layertest.NewLayer(layertest.TypeOCIZstd, blob)
			l.Blob.(*layertest.Memory).Many = many
			want := streamtest.CountLayer(t, l)
			in := layersize.NewInput(t.Context(), l, 16<<20)
			m, err := layersize.MeasureFirst(t.Context(), in, []layersize.Source{Chunked{}})
			if err != nil || !m.Exact || m.DiskBytes != want.DiskBytes || *m.Inodes != *want.Inodes {
				t.Errorf("%s: %+v, %v, streamed %+v, notes %q", name, m, err, want, in.Notes)
			}
		}
	}
}
