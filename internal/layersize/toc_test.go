package layersize

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/containerd/stargz-snapshotter/estargz"
	"github.com/containerd/stargz-snapshotter/estargz/zstdchunked"
	kzstd "github.com/klauspost/compress/zstd"
)

// contents is a layer with something of everything, too large to be read whole.
func contents(t testing.TB) []byte {
	t.Helper()
	files := []file{
		directory("usr/"), directory("usr/bin/"),
		regular("usr/bin/tool", 150_000), hardlink("usr/bin/alias", "usr/bin/tool"),
		symlink("usr/bin/short", "tool"), symlink("usr/bin/long", strings.Repeat("../", 30)+"tool"),
		regular("usr/bin/ping", 20_000).with(map[string]string{"security.capability": strings.Repeat("c", 20)}),
		regular("usr/noted", 100).with(map[string]string{"user.note": strings.Repeat("n", 400)}),
		// These just fit beside the inode; base64 fills the last of their values up.
		regular("usr/fits", 100).with(map[string]string{"user.a": strings.Repeat("f", 68)}),
		regular("usr/fits-too", 100).with(map[string]string{"user.abcdef": strings.Repeat("f", 64)}),
		directory("dev/"), device("dev/null"), fifo("dev/pipe"),
		directory("etc/"), regular("etc/.wh.old", 0), regular("gone/.wh..wh..opq", 0),
		regular("opt/"+strings.Repeat("long/", 30)+"name", 5000), regular("empty", 0),
	}
	for i := range 400 {
		files = append(files, regular(fmt.Sprintf("usr/share/f%d", i), int64(25*i)))
	}
	return makeTar(t, files...)
}

// stargz makes an eStargz layer of a tar.
func stargz(t testing.TB, data []byte, options ...estargz.Option) (Layer, *estargz.Blob) {
	t.Helper()
	built, err := estargz.Build(io.NewSectionReader(bytes.NewReader(data), 0, int64(len(data))), options...)
	if err != nil {
		t.Fatal(err)
	}
	blob, err := io.ReadAll(built)
	if err != nil {
		t.Fatal(err)
	}
	if err := built.Close(); err != nil {
		t.Fatal(err)
	}
	return layer(typeOCIGzip, blob), built
}

// chunkedLayer makes a zstd:chunked layer, annotated as nerdctl annotates it.
func chunkedLayer(t testing.TB, data []byte) Layer {
	t.Helper()
	metadata := map[string]string{}
	l, built := stargz(t, data, estargz.WithCompression(struct {
		*zstdchunked.Compressor
		*zstdchunked.Decompressor
	}{&zstdchunked.Compressor{CompressionLevel: kzstd.SpeedDefault, Metadata: metadata}, &zstdchunked.Decompressor{}}))
	l.MediaType = typeOCIZstd
	metadata[annotationTOCDigest] = built.TOCDigest().String()
	l.Annotations = metadata
	return l
}

func TestATableOfContentsCountsWhatAStreamDoes(t *testing.T) {
	t.Parallel()
	data := contents(t)
	plain, built := stargz(t, data)
	annotated := plain
	annotated.Annotations = map[string]string{annotationTOCDigest: built.TOCDigest().String()}
	sized := plain
	streamed, err := Stream(t.Context(), plain, Limits{})
	if err != nil {
		t.Fatal(err)
	}
	sized.Annotations = map[string]string{annotationStargzSize: fmt.Sprint(streamed.UnpackedBytes.Value)}
	legacy, _ := stargz(t, data, estargz.WithChunkSize(50_000))
	chunked := chunkedLayer(t, data)
	footer := chunked
	footer.Annotations = nil
	podman := chunked
	podman.Annotations = map[string]string{}
	for key, value := range chunked.Annotations {
		podman.Annotations[strings.Replace(key, annotationNerdctl, annotationPodman, 1)] = value
	}
	podmanFooter := footer
	podmanFooter.Blob = &memory{data: withPodmanFooter(t, chunked.Blob.(*memory).data)}
	podmanFooter.Size = int64(len(podmanFooter.Blob.(*memory).data))

	for name, l := range map[string]Layer{
		"eStargz": plain, "eStargz with its digest": annotated, "eStargz with its size": sized, "eStargz of small chunks": legacy,
		"zstd:chunked": chunked, "zstd:chunked by its footer": footer,
		"zstd:chunked by Podman": podman, "zstd:chunked by Podman's footer": podmanFooter,
	} {
		t.Run(name, func(t *testing.T) {
			want, err := Stream(t.Context(), l, Limits{})
			if err != nil {
				t.Fatal(err)
			}
			m, used := probed(t, Layer{l.MediaType, l.Size, l.Annotations, &memory{data: l.Blob.(*memory).data, many: true}}, probeBudget)
			single, alone := probed(t, Layer{l.MediaType, l.Size, l.Annotations, &memory{data: l.Blob.(*memory).data}}, probeBudget)
			if single.DiskBytes != m.DiskBytes || !single.Exact || alone.requests > 9 {
				t.Errorf("by single ranges, %d requests, got %+v", alone.requests, single)
			}
			if m.Method != MethodTOC || !m.Exact || m.Inodes == nil || m.Note != "" {
				t.Fatalf("got %+v", m)
			}
			if m.DiskBytes != want.DiskBytes || *m.Inodes != *want.Inodes {
				t.Errorf("%+v and %d inodes, streamed %+v and %d", m.DiskBytes, *m.Inodes, want.DiskBytes, *want.Inodes)
			}
			if u := m.UnpackedBytes; u.Min > want.UnpackedBytes.Value || u.Max < want.UnpackedBytes.Value {
				t.Errorf("the tar has %d bytes, which is not within %+v", want.UnpackedBytes.Value, u)
			}
			if l.Annotations[annotationStargzSize] != "" && m.UnpackedBytes != want.UnpackedBytes {
				t.Errorf("the annotated size is %d, got %+v", want.UnpackedBytes.Value, m.UnpackedBytes)
			}
			if used.requests > 5 {
				t.Errorf("%d requests", used.requests)
			}
		})
	}
}

// withPodmanFooter replaces nerdctl's footer of 40 bytes by Podman's of 64.
func withPodmanFooter(t *testing.T, blob []byte) []byte {
	t.Helper()
	old := len(blob) - zstdchunked.FooterSize
	footer := append([]byte{0x50, 0x2a, 0x4d, 0x18}, binary.LittleEndian.AppendUint32(nil, 64)...)
	footer = append(footer, blob[old:old+32]...)
	footer = append(footer, make([]byte, 24)...)
	return append(bytes.Clone(blob[:old-8]), append(footer, "GNUlInUx"...)...)
}

func TestATableOfContentsThatCannotBeIsPassedOver(t *testing.T) {
	t.Parallel()
	data := contents(t)
	plain, _ := stargz(t, data)
	chunked := chunkedLayer(t, data)
	const position = annotationNerdctl + annotationPosition
	with := func(l Layer, key, value string) Layer {
		annotations := map[string]string{key: value}
		for k, v := range l.Annotations {
			if _, ok := annotations[k]; !ok {
				annotations[k] = v
			}
		}
		l.Annotations = annotations
		l.Blob = &memory{data: l.Blob.(*memory).data}
		return l
	}
	truth := int64(len(data))
	wrongDigest := fmt.Sprintf("sha256:%x", sha256.Sum256(nil))
	for name, test := range map[string]struct {
		layer  Layer
		budget int64
		note   string
	}{
		"another digest":          {with(plain, annotationTOCDigest, wrongDigest), probeBudget, "digest"},
		"another digest, chunked": {with(chunked, annotationTOCDigest, wrongDigest), probeBudget, "digest"},
		"another checksum":        {with(chunked, annotationNerdctl+annotationChecksum, wrongDigest), probeBudget, "digest"},
		"a size that contradicts": {with(plain, annotationStargzSize, fmt.Sprint(truth*2)), probeBudget, "it lists"},
		"a budget too small":      {with(plain, "", ""), 18_000, "the read budget is spent"},
		"outside of the blob":     {with(chunked, position, "99999999999:100:1000:1"), probeBudget, "within the blob"},
		"an overflowing place":    {with(chunked, position, "9223372036854775807:9223372036854775807:1:1"), probeBudget, "within the blob"},
		"a negative place":        {with(chunked, position, "-5:100:1000:1"), probeBudget, "within the blob"},
		"not a table":             {with(chunked, position, "100:1000:1000:1"), probeBudget, "table of contents"},
		"another length":          {with(chunked, position, strings.Replace(chunked.Annotations[position], ":1", "5:1", 1)), probeBudget, "table of contents"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m, _ := probed(t, test.layer, test.budget)
			if m.Method == MethodTOC || m.Exact || !strings.Contains(m.Note, test.note) {
				t.Errorf("got %+v", m)
			}
			if m.UnpackedBytes.Max < truth/2 {
				t.Errorf("the tar has %d bytes, got %+v", truth, m.UnpackedBytes)
			}
		})
	}
}

func TestAPositionOfAnotherTypeIsNoTable(t *testing.T) {
	t.Parallel()
	for _, position := range []string{"", "1:2:3", "1:2:3:4", "1:2:3:4:5", "a:b:c:1", "1::3:1"} {
		p := &probe{layer: Layer{Annotations: map[string]string{annotationPodman + annotationPosition: position}}}
		if table, ok := p.annotatedTable(); ok {
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
		"two entries":              {`{"version":1,"entries":[{"name":"a","type":"dir"},{"name":"a/b","type":"reg","size":5,"offset":50}]}`, 3},
		"no entries":               {`{"version":1,"entries":[]}`, 1},
		"fields of its own":        {`{"x":{"y":[1,2]},"entries":[{"name":"a","type":"reg","new":true}],"tarSplitDigest":"sha256:0"}`, 2},
		"chunks":                   {`{"entries":[{"name":"a","type":"reg","size":9,"offset":3,"chunkSize":4},{"name":"a","type":"chunk","offset":9,"chunkOffset":4}]}`, 2},
		"white space":              {" {\n\t\"entries\": [ ] } \n", 1},
		"entries twice":            {`{"entries":[],"entries":[]}`, 0},
		"entries missing":          {`{"version":1}`, 0},
		"entries that are none":    {`{"entries":5}`, 0},
		"a list":                   {`[]`, 0},
		"nothing":                  {``, 0},
		"half of it":               {`{"entries":[{"name":"a","type":"reg"}`, 0},
		"an unknown type":          {`{"entries":[{"name":"a","type":"socket"}]}`, 0},
		"a negative size":          {`{"entries":[{"name":"a","type":"reg","size":-1}]}`, 0},
		"a size beyond numbers":    {`{"entries":[{"name":"a","type":"reg","size":9223372036854775808}]}`, 0},
		"sizes that overflow":      {`{"entries":[{"name":"a","type":"reg","size":9e18},{"name":"b","type":"reg","size":9000000000000000000}]}`, 0},
		"more than any disk has":   {`{"entries":[{"name":"a","type":"reg","size":9000000000000000},{"name":"b","type":"reg","size":90000000000000000}]}`, 0},
		"a chunk of no file":       {`{"entries":[{"name":"a","type":"chunk","offset":3}]}`, 0},
		"a chunk too few":          {`{"entries":[{"name":"a","type":"reg","size":9,"offset":3,"chunkSize":4},{"name":"b","type":"dir"}]}`, 0},
		"a chunk too many":         {`{"entries":[{"name":"a","type":"reg","size":9,"offset":3},{"name":"a","type":"chunk","offset":9}]}`, 0},
		"a chunk too large":        {`{"entries":[{"name":"a","type":"reg","size":9,"offset":3,"chunkSize":10}]}`, 0},
		"a chunk of another place": {`{"entries":[{"name":"a","type":"reg","size":9,"offset":3,"chunkSize":4},{"type":"chunk","offset":9,"chunkOffset":5}]}`, 0},
		"an offset twice":          {`{"entries":[{"name":"a","type":"reg","size":9,"offset":3},{"name":"b","type":"reg","size":9,"offset":3}]}`, 0},
		"an offset that goes back": {`{"entries":[{"name":"a","type":"reg","size":9,"offset":30},{"name":"b","type":"reg","size":9,"offset":3}]}`, 0},
		"an end before the start":  {`{"entries":[{"name":"a","type":"reg","size":9,"offset":30,"endOffset":30}]}`, 0},
		"an offset in the table":   {`{"entries":[{"name":"a","type":"reg","offset":1001}]}`, 0},
		"an entry without end":     {`{"entries":[{"name":"` + strings.Repeat("a", entryAllowance) + `"}]}`, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := &tocCount{inventory: newInventory(), segments: newSegments(1000)}
			err := c.decode(&meter{ctx: t.Context(), r: strings.NewReader(test.json), total: maxTOC})
			if (err == nil) != (test.want > 0) {
				t.Fatalf("got %v", err)
			}
			if err == nil && c.count != test.want {
				t.Errorf("%d inodes, want %d", c.count, test.want)
			}
		})
	}
}

func TestATableThatUnpacksWithoutEndIsRefused(t *testing.T) {
	t.Parallel()
	head := []byte(`{"entries":[`)
	element := []byte(strings.Repeat(`{"name":"a","type":"reg"},`, 1000))
	sent := 0
	endless := &generator{next: func() []byte {
		if sent++; sent == 1 {
			return head
		}
		return element
	}}
	m := &meter{ctx: t.Context(), r: endless, total: 4 << 20}
	if err := (&tocCount{inventory: newInventory(), segments: newSegments(1 << 20)}).decode(m); err == nil || m.read > 4<<20 {
		t.Errorf("%d bytes, error %v", m.read, err)
	}
}
