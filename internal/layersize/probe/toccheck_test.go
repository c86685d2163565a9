package probe

import (
	"archive/tar"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/containerd/stargz-snapshotter/estargz"
	"github.com/containerd/stargz-snapshotter/estargz/zstdchunked"
	kzstd "github.com/klauspost/compress/zstd"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/layersize"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/layersize/compression"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/layersize/jsontoc"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/layersize/layertest"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/layersize/stream"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/layersize/streamtest"
)

// packer makes one kind of layer with a table of contents, and makes it again with another table.
type packer struct {
	build func(t testing.TB, data []byte) layersize.Layer
	write func(w io.Writer, at int64, toc *estargz.JTOC) (map[string]string, error)
	read  func(t testing.TB, l layersize.Layer) (payload []byte, toc *estargz.JTOC)
}

func packers() map[string]packer {
	return map[string]packer{
		"eStargz": {
			build: func(t testing.TB, data []byte) layersize.Layer { l, _ := layertest.NewEStargz(t, data); return l },
			write: func(w io.Writer, at int64, toc *estargz.JTOC) (map[string]string, error) {
				_, err := estargz.NewGzipCompressor().WriteTOCAndFooter(w, at, toc, nil)
				return nil, err
			},
			read: func(t testing.TB, l layersize.Layer) ([]byte, *estargz.JTOC) {
				t.Helper()
				return tableOf(t, l, &estargz.GzipDecompressor{}, 0)
			},
		},
		"zstd:chunked": {
			build: layertest.NewChunked,
			write: func(w io.Writer, at int64, toc *estargz.JTOC) (map[string]string, error) {
				metadata := map[string]string{}
				c := &zstdchunked.Compressor{CompressionLevel: kzstd.SpeedDefault, Metadata: metadata}
				_, err := c.WriteTOCAndFooter(w, at, toc, nil)
				return metadata, err
			},
			read: func(t testing.TB, l layersize.Layer) ([]byte, *estargz.JTOC) {
				t.Helper()
				return tableOf(t, l, &zstdchunked.Decompressor{}, compression.SkippableHeader)
			},
		},
	}
}

func tableOf(t testing.TB, l layersize.Layer, d estargz.Decompressor, before int64) ([]byte, *estargz.JTOC) {
	t.Helper()
	data := l.Blob.(*layertest.Memory).Data
	_, at, size, err := d.ParseFooter(data[int64(len(data))-d.FooterSize():])
	if err != nil {
		t.Fatal(err)
	}
	if size == 0 {
		size = int64(len(data)) - d.FooterSize() - at
	}
	toc, _, err := d.ParseTOC(bytes.NewReader(data[at : at+size]))
	if err != nil {
		t.Fatal(err)
	}
	return data[:at-before], toc
}

// with is the layer with another table, and with another payload.
func (p packer) with(t testing.TB, l layersize.Layer, payload []byte, toc *estargz.JTOC) layersize.Layer {
	t.Helper()
	blob := bytes.NewBuffer(bytes.Clone(payload))
	metadata, err := p.write(blob, int64(len(payload)), toc)
	if err != nil {
		t.Fatal(err)
	}
	return layersize.Layer{
		MediaType:   l.MediaType,
		Size:        int64(blob.Len()),
		Annotations: metadata,
		Blob:        &layertest.Memory{Data: blob.Bytes()},
	}
}

func isFile(e *estargz.TOCEntry) bool { return e.Type == "reg" && e.Size > 0 }

// lies are what is done to a true table.
var lies = map[string]func(toc *estargz.JTOC){
	"nothing": nil,
	"all files are a block larger": func(toc *estargz.JTOC) {
		for _, e := range toc.Entries {
			if isFile(e) {
				e.Size += 4096
			}
		}
	},
	"all files are a byte shorter": func(toc *estargz.JTOC) {
		for _, e := range toc.Entries {
			if isFile(e) && e.Size > 1 {
				e.Size--
			}
		}
	},
	"every second entry is missing": func(toc *estargz.JTOC) {
		toc.Entries = slices.DeleteFunc(
			toc.Entries,
			func(e *estargz.TOCEntry) bool { return isFile(e) && e.Size%2 == 1 },
		)
	},
	"the last files are missing":  func(toc *estargz.JTOC) { toc.Entries = toc.Entries[:len(toc.Entries)/2] },
	"the first files are missing": func(toc *estargz.JTOC) { toc.Entries = toc.Entries[len(toc.Entries)/2:] },
	"every entry stands twice": func(toc *estargz.JTOC) {
		var twice []*estargz.TOCEntry
		for _, e := range toc.Entries {
			twice = append(twice, e, e)
		}
		toc.Entries = twice
	},
	"directories are added": func(toc *estargz.JTOC) {
		for i := range 5000 {
			toc.Entries = append(toc.Entries, &estargz.TOCEntry{Name: fmt.Sprint("more/", i), Type: "dir"})
		}
	},
	"directories are added everywhere": func(toc *estargz.JTOC) {
		var more []*estargz.TOCEntry
		for i, e := range toc.Entries {
			more = append(more, &estargz.TOCEntry{Name: fmt.Sprint("more/", i), Type: "dir"}, e)
		}
		toc.Entries = more
	},
	"the offsets are elsewhere": func(toc *estargz.JTOC) {
		for _, e := range toc.Entries {
			if isFile(e) {
				e.Offset += 3
			}
		}
	},
	"the offsets overlap": func(toc *estargz.JTOC) {
		last := int64(0)
		for _, e := range toc.Entries {
			if isFile(e) {
				e.Offset, last = max(last, 1), e.Offset
			}
		}
	},
	"one file is huge": func(toc *estargz.JTOC) {
		i := slices.IndexFunc(toc.Entries, isFile)
		toc.Entries[i].Size = 1 << 40
	},
	"sizes are exchanged": func(toc *estargz.JTOC) {
		var before *estargz.TOCEntry
		for _, e := range toc.Entries {
			if isFile(e) && before != nil {
				before.Size, e.Size = e.Size, before.Size
			}
			if isFile(e) {
				before = e
			}
		}
	},
	"names are others": func(toc *estargz.JTOC) {
		for _, e := range toc.Entries {
			e.Name = "x" + e.Name
		}
	},
}

func TestATableThatLiesIsRefuted(t *testing.T) {
	t.Parallel()
	data := layertest.Everything(t)
	for kind, packer := range packers() {
		l := packer.build(t, data)
		for name, lie := range lies {
			for _, many := range []bool{true, false} {
				t.Run(fmt.Sprintf("%s/%s/%v", kind, name, many), func(t *testing.T) {
					t.Parallel()
					payload, toc := packer.read(t, l)
					if lie != nil {
						lie(toc)
					}
					changed := packer.with(t, l, payload, toc)
					changed.Blob.(*layertest.Memory).Many = many
					m, _ := probed(t, changed, probeBudget)
					if lie == nil && (!m.Exact || m.Refuted != "") ||
						lie != nil && (m.Exact || m.Refuted == "" || m.Method == layersize.MethodTOC) {
						t.Errorf("got %+v", m)
					}
				})
			}
		}
	}
}

// TestARightTableOfAnotherBlobIsRefuted, though both have files of the same sizes at the same
// offsets.
func TestARightTableOfAnotherBlobIsRefuted(t *testing.T) {
	t.Parallel()
	tarOf := func(seed uint64) []byte {
		var files []layertest.File
		for i := range 300 {
			content := make([]byte, 3000)
			_, _ = rand.NewChaCha8([32]byte{byte(seed), byte(i), byte(i >> 8)}).Read(content)
			files = append(
				files,
				layertest.File{Header: layertest.Regular(fmt.Sprint("f", i), 0).Header, Content: content},
			)
		}
		return layertest.MakeTar(t, files...)
	}
	for kind, packer := range packers() {
		one, other := packer.build(t, tarOf(1)), packer.build(t, tarOf(2))
		payload, _ := packer.read(t, one)
		_, toc := packer.read(t, other)
		m, _ := probed(t, packer.with(t, one, payload, toc), probeBudget)
		if m.Method == layersize.MethodTOC || m.Refuted == "" {
			t.Errorf("%s: got %+v", kind, m)
		}
	}
}

// TestALieInOneOfTwentyFilesIsFound almost always, where many ranges come in a request.
func TestALieInOneOfTwentyFilesIsFound(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("checks 100 tables")
	}
	var files []layertest.File
	for i := range 2000 {
		files = append(files, layertest.Regular(fmt.Sprintf("usr/f%d", i), 600))
	}
	packer := packers()["zstd:chunked"]
	l := packer.build(t, layertest.MakeTar(t, files...))
	payload, toc := packer.read(t, l)
	for i, e := range toc.Entries {
		if i%20 == 7 && e.Type == "reg" {
			e.Size = 5000
		}
	}
	l = packer.with(t, l, payload, toc)
	found := 0
	for range 100 {
		l.Blob = &layertest.Memory{Data: l.Blob.(*layertest.Memory).Data, Many: true}
		if m, _ := probed(t, l, 8<<20); m.Refuted != "" {
			found++
		}
	}
	if found < 92 {
		t.Errorf("it was found %d times in 100", found)
	}
}

// storageLayer packs files as containers/storage does: each file and what is between two of them is
// a frame of its own.
type storageLayer struct {
	payload bytes.Buffer
	entries []map[string]any
	tarred  bytes.Buffer
	w       *tar.Writer
	taken   int
}

func newStorageLayer() *storageLayer {
	s := &storageLayer{}
	s.w = tar.NewWriter(&s.tarred)
	return s
}

func (s *storageLayer) frame(t testing.TB) {
	t.Helper()
	if s.tarred.Len() == s.taken {
		return
	}
	e, err := kzstd.NewWriter(&s.payload, kzstd.WithEncoderConcurrency(1))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.Copy(e, bytes.NewReader(s.tarred.Bytes()[s.taken:])); err != nil {
		t.Fatal(err)
	}
	if err := e.Close(); err != nil {
		t.Fatal(err)
	}
	s.taken = s.tarred.Len()
}

// add adds a file, of which the table has another size.
func (s *storageLayer) add(t testing.TB, name string, content []byte, listed int64) {
	t.Helper()
	err := s.w.WriteHeader(&tar.Header{Name: name, Size: int64(len(content)), Mode: 0o644, Typeflag: tar.TypeReg})
	if err != nil {
		t.Fatal(err)
	}
	s.frame(t)
	at := s.payload.Len()
	if _, err := s.w.Write(content); err != nil {
		t.Fatal(err)
	}
	s.frame(t)
	s.entries = append(
		s.entries,
		map[string]any{"type": "reg", "name": name, "size": listed, "offset": at, "endOffset": s.payload.Len()},
	)
}

// layer ends the tar and adds the table, and what else lies behind it.
func (s *storageLayer) layer(t testing.TB, behind ...byte) layersize.Layer {
	t.Helper()
	if err := s.w.Close(); err != nil {
		t.Fatal(err)
	}
	s.frame(t)
	table, err := json.Marshal(map[string]any{"version": 1, "entries": s.entries})
	if err != nil {
		t.Fatal(err)
	}
	e, err := kzstd.NewWriter(nil, kzstd.WithEncoderLevel(kzstd.SpeedBestCompression), kzstd.WithWindowSize(32<<20))
	if err != nil {
		t.Fatal(err)
	}
	packed := e.EncodeAll(table, nil)
	at := s.payload.Len() + compression.SkippableHeader
	frame := func(content []byte) {
		s.payload.Write(
			[]byte{0x50, 0x2a, 0x4d, 0x18, byte(len(content)), byte(len(content) >> 8), byte(len(content) >> 16), 0},
		)
		s.payload.Write(content)
	}
	frame(packed)
	s.payload.Write(behind)
	frame([]byte("the tar-split frame"))
	l := layertest.NewLayer(layertest.TypeOCIZstd, s.payload.Bytes())
	l.Annotations = map[string]string{
		jsontoc.AnnotationPodman + jsontoc.AnnotationPosition: fmt.Sprintf("%d:%d:%d:1", at, len(packed), len(table)),
	}
	return l
}

func noise(seed byte, length int) []byte {
	content := make([]byte, length)
	_, _ = rand.NewChaCha8([32]byte{seed, byte(length)}).Read(content)
	return content
}

func TestSmallLiesInALayerOfFewFilesAreRefuted(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		make    func(s *storageLayer)
		behind  []byte
		refuted bool
	}{
		"none": {func(*storageLayer) {}, nil, false},
		"zeros behind a small entry": {
			func(s *storageLayer) { s.add(t, "bomb", make([]byte, 100<<20), 700) }, nil, true,
		},
		"zeros behind a larger one": {
			func(s *storageLayer) { s.add(t, "bomb", make([]byte, 100<<20), 30_000) }, nil, true,
		},
		"zeros that are said": {
			func(s *storageLayer) { s.add(t, "zeros", make([]byte, 100<<20), 100<<20) }, nil, false,
		},
		"zeros that are fewer": {
			func(s *storageLayer) { s.add(t, "zeros", make([]byte, 100<<20), 200<<20) }, nil, true,
		},
		"an entry that is not listed": {
			func(s *storageLayer) { s.add(t, "more", noise(1, 500), 0); s.entries = s.entries[:len(s.entries)-1] },
			nil, true,
		},
		"a frame behind the table": {func(*storageLayer) {}, []byte{0x28, 0xb5, 0x2f, 0xfd, 0, 0x58, 1, 0, 0}, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newStorageLayer()
			for i := range 30 {
				s.add(t, fmt.Sprint("usr/f", i), noise(byte(i), 40_000), 40_000)
				if i == 20 {
					test.make(s)
				}
			}
			l := s.layer(t, test.behind...)
			l.Blob.(*layertest.Memory).Many = true
			m, _ := probed(t, l, probeBudget)
			if (m.Method == layersize.MethodTOC && m.Exact) == test.refuted || (m.Refuted != "") != test.refuted {
				t.Fatalf("got %+v", m)
			}
			if !test.refuted {
				want, err := stream.Measure(t.Context(), l, stream.Limits{})
				if err != nil || m.DiskBytes != want.DiskBytes || *m.Inodes != *want.Inodes {
					t.Errorf("got %+v, streamed %+v, error %v", m, want, err)
				}
			}
		})
	}
}

// TestALargeFrameThatNothingConfirmsIsNotExact: a table that has one is neither exact nor refuted
// while samples agree with it.
func TestALargeFrameThatNothingConfirmsIsNotExact(t *testing.T) {
	t.Parallel()
	words := []byte(strings.Repeat("some text that repeats itself, ", 1000))
	for name, listed := range map[string]int64{"the truth": 12 << 20, "a lie": 100 << 20} {
		s := newStorageLayer()
		content := noise(3, 12<<20)
		for i := 0; i+len(words) < len(content); i += 3 * len(words) {
			copy(content[i:], words)
		}
		s.add(t, "large", content, listed)
		for i := range 30 {
			s.add(t, fmt.Sprint("usr/f", i), noise(byte(i), 40_000), 40_000)
		}
		l := s.layer(t)
		l.Blob.(*layertest.Memory).Many = true
		m, _ := probed(t, l, probeBudget)
		want := streamtest.CountLayer(t, l)
		if m.Exact || m.Inodes != nil || m.DiskBytes.Min > want.DiskBytes.Value ||
			m.DiskBytes.Max < want.DiskBytes.Value {
			t.Errorf("%s: got %+v", name, m)
		}
		if lie := listed > 12<<20; (m.Refuted != "") != lie || (m.Method == layersize.MethodTOC) == lie {
			t.Errorf("%s: got %+v", name, m)
		}
	}
}

// TestTheTableOfBuildKitIsBehindTheTar: BuildKit keeps the tar as it is, with its end, so that
// containerd does not unpack the table; stargz's own builder leaves the end out.
func TestTheTableOfBuildKitIsBehindTheTar(t *testing.T) {
	t.Parallel()
	data := layertest.Everything(t)
	for name, option := range map[string]func(w *estargz.Writer){
		"chunks of 4 MiB":       func(*estargz.Writer) {},
		"small chunks":          func(w *estargz.Writer) { w.ChunkSize = 9000 },
		"many files in a part":  func(w *estargz.Writer) { w.MinChunkSize = 50_000 },
		"and small chunks, too": func(w *estargz.Writer) { w.MinChunkSize = 50_000; w.ChunkSize = 9000 },
	} {
		var blob bytes.Buffer
		w := estargz.NewWriter(&blob)
		option(w)
		if err := w.AppendTarLossLess(bytes.NewReader(data)); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Close(); err != nil {
			t.Fatal(err)
		}
		l := layertest.NewLayer(layertest.TypeOCIGzip, blob.Bytes())
		want := streamtest.CountLayer(t, l)
		l.Blob.(*layertest.Memory).Many = true
		m, _ := probed(
			t,
			layersize.Layer{
				MediaType:   l.MediaType,
				Size:        l.Size,
				Annotations: nil,
				Blob:        &layertest.Memory{Data: blob.Bytes(), Many: true},
			},
			probeBudget,
		)
		if !m.Exact || m.DiskBytes != want.DiskBytes || *m.Inodes != *want.Inodes {
			t.Errorf("%s: %+v, streamed %+v", name, m, want)
		}
	}
}

// FuzzTableLies changes a byte of a true layer's table or payload: what is then exact is what a
// stream counts.
func FuzzTableLies(f *testing.F) {
	s := newStorageLayer()
	for i := range 6 {
		s.add(f, fmt.Sprint("usr/f", i), noise(byte(i), 60_000), 60_000)
	}
	blob := s.layer(f)
	data := blob.Blob.(*layertest.Memory).Data
	f.Add(10, byte(1))
	f.Add(len(data)-300, byte(4))
	f.Fuzz(func(t *testing.T, at int, change byte) {
		changed := bytes.Clone(data)
		changed[(at%len(data)+len(data))%len(data)] ^= change
		l := layersize.Layer{
			MediaType:   layertest.TypeOCIZstd,
			Size:        blob.Size,
			Annotations: blob.Annotations,
			Blob:        &layertest.Memory{Data: changed, Many: true},
		}
		m, err := Measure(context.Background(), l, 1<<20)
		if err != nil {
			t.Fatal(err)
		}
		layertest.CheckSane(t, m)
		if !m.Exact {
			return
		}
		if want, err := stream.Measure(t.Context(), l, stream.Limits{}); err == nil && want.DiskBytes != m.DiskBytes {
			t.Fatalf("%+v, streamed %+v", m, want)
		}
	})
}
