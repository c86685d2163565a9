// Package layertest makes layers for tests.
package layertest

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"sync"
	"testing"

	"github.com/klauspost/compress/zstd"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/layersize"
)

// Media types of layers.
const (
	TypeOCIPlain = "application/vnd.oci.image.layer.v1.tar"
	TypeOCIGzip  = "application/vnd.oci.image.layer.v1.tar+gzip"
	TypeOCIZstd  = "application/vnd.oci.image.layer.v1.tar+zstd"
	TypeDocker   = "application/vnd.docker.image.rootfs.diff.tar.gzip"
)

// File is an entry of a tar to be made: a header, and content of the header's size.
type File struct {
	tar.Header
	Content []byte // random bytes of the header's size when nil
}

// Directory returns a directory.
func Directory(name string) File {
	return File{Header: tar.Header{Typeflag: tar.TypeDir, Name: name, Mode: 0o755}}
}

// Regular returns a file of random bytes.
func Regular(name string, size int64) File {
	return File{Header: tar.Header{Typeflag: tar.TypeReg, Name: name, Size: size, Mode: 0o644}}
}

// Symlink returns a symbolic link.
func Symlink(name, target string) File {
	return File{Header: tar.Header{Typeflag: tar.TypeSymlink, Name: name, Linkname: target, Mode: 0o777}}
}

// Hardlink returns a hard link.
func Hardlink(name, target string) File {
	return File{Header: tar.Header{Typeflag: tar.TypeLink, Name: name, Linkname: target, Mode: 0o644}}
}

// Device returns a character device.
func Device(name string) File {
	return File{Header: tar.Header{Typeflag: tar.TypeChar, Name: name, Devmajor: 1, Devminor: 3, Mode: 0o666}}
}

// FIFO returns a pipe.
func FIFO(name string) File {
	return File{Header: tar.Header{Typeflag: tar.TypeFifo, Name: name, Mode: 0o600}}
}

// With returns the file with extended attributes.
func (f File) With(attributes map[string]string) File {
	f.PAXRecords = map[string]string{}
	for name, value := range attributes {
		f.PAXRecords["SCHILY.xattr."+name] = value
	}
	return f
}

// MakeTar writes a tar of these files. Random content is the same each time.
func MakeTar(t testing.TB, files ...File) []byte {
	t.Helper()
	var out bytes.Buffer
	w := tar.NewWriter(&out)
	random := rand.NewChaCha8([32]byte{1})
	for _, f := range files {
		h := f.Header
		if f.Content != nil {
			h.Size = int64(len(f.Content))
		}
		if err := w.WriteHeader(&h); err != nil {
			t.Fatal(err)
		}
		switch {
		case h.Typeflag != tar.TypeReg && h.Typeflag != 'V':
		case f.Content != nil:
			if _, err := w.Write(f.Content); err != nil {
				t.Fatal(err)
			}
		default:
			if _, err := io.CopyN(w, random, h.Size); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// Gzip compresses data.
func Gzip(t testing.TB, data []byte) []byte {
	t.Helper()
	var out bytes.Buffer
	w := gzip.NewWriter(&out)
	if _, err := w.Write(data); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// Zstd compresses data.
func Zstd(t testing.TB, data []byte) []byte {
	t.Helper()
	var out bytes.Buffer
	w, err := zstd.NewWriter(&out)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write(data); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// Memory is a blob in memory, which counts what is asked of it.
type Memory struct {
	Data    []byte
	NoRange bool // ReadAt fails, as where Range is ignored
	Many    bool // ReadRanges works, in one request

	mutex    sync.Mutex
	Read     int64
	Requests int
	Opened   int
	Closed   int
}

// ReadAt implements io.ReaderAt.
func (m *Memory) ReadAt(p []byte, at int64) (int, error) {
	m.mutex.Lock()
	defer m.mutex.Unlock()
	m.Requests++
	if m.NoRange {
		return 0, errors.New("the server ignores Range")
	}
	n, err := bytes.NewReader(m.Data).ReadAt(p, at)
	m.Read += int64(n)
	return n, err
}

// ReadRanges reads many ranges in one request, if Many is set.
func (m *Memory) ReadRanges(buffers [][]byte, offsets []int64) error {
	if !m.Many {
		return errors.ErrUnsupported
	}
	m.mutex.Lock()
	defer m.mutex.Unlock()
	m.Requests++
	for i, p := range buffers {
		m.Read += int64(copy(p, m.Data[offsets[i]:]))
	}
	return nil
}

// Open implements layersize.Blob.
func (m *Memory) Open() (io.ReadCloser, error) {
	m.Opened++
	return &memoryBody{Reader: bytes.NewReader(m.Data), blob: m}, nil
}

type memoryBody struct {
	*bytes.Reader
	blob *Memory
}

func (b *memoryBody) Close() error {
	b.blob.Closed++
	return nil
}

// NewLayer returns a layer whose blob is in memory.
func NewLayer(mediaType string, data []byte) layersize.Layer {
	return layersize.Layer{MediaType: mediaType, Size: int64(len(data)), Blob: &Memory{Data: data}}
}

// Mixture is a tree of files of random lengths, half of them text.
func Mixture(files int, mean int64) []File {
	random := rand.New(rand.NewPCG(uint64(files), uint64(mean)))
	words := []string{"layer ", "image ", "disk ", "block ", "inode ", "cache\n", "size ", "the ", "of ", "0x%x "}
	list := []File{Directory("./")}
	for i := range files {
		if i%50 == 0 {
			list = append(list, Directory(fmt.Sprintf("dir-%d/", i/50)))
		}
		name := fmt.Sprintf("dir-%d/file-%d", i/50, i)
		size := int64(float64(mean) * random.ExpFloat64())
		if i%2 == 0 {
			list = append(list, Regular(name, size))
			continue
		}
		text := make([]byte, 0, size+16)
		for int64(len(text)) < size {
			text = append(text, words[random.IntN(len(words))]...)
		}
		list = append(list, File{Header: Regular(name, 0).Header, Content: text})
	}
	return list
}

// Incompressible is a tar of files that no encoder makes smaller, large enough not to be read
// whole.
func Incompressible(t testing.TB) []byte {
	t.Helper()
	var files []File
	for i := range 80 {
		files = append(files, Regular(fmt.Sprintf("d%d/f%d", i/10, i), 10_000))
	}
	return MakeTar(t, files...)
}

// Generator is a reader of pieces.
type Generator struct {
	Next  func() []byte
	piece []byte
}

// Read implements io.Reader.
func (g *Generator) Read(p []byte) (int, error) {
	if len(g.piece) == 0 {
		if g.piece = g.Next(); g.piece == nil {
			return 0, io.EOF
		}
	}
	n := copy(p, g.piece)
	g.piece = g.piece[n:]
	return n, nil
}
