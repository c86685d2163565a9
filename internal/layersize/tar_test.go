package layersize

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"sync"
	"testing"

	"github.com/klauspost/compress/zstd"
)

const (
	typeOCIPlain = "application/vnd.oci.image.layer.v1.tar"
	typeOCIGzip  = "application/vnd.oci.image.layer.v1.tar+gzip"
	typeOCIZstd  = "application/vnd.oci.image.layer.v1.tar+zstd"
	typeDocker   = "application/vnd.docker.image.rootfs.diff.tar.gzip"
)

// file is an entry of a tar to be made: a header, and content of the header's size.
type file struct {
	tar.Header
	content []byte // random bytes of the header's size when nil
}

func directory(name string) file {
	return file{Header: tar.Header{Typeflag: tar.TypeDir, Name: name, Mode: 0o755}}
}

func regular(name string, size int64) file {
	return file{Header: tar.Header{Typeflag: tar.TypeReg, Name: name, Size: size, Mode: 0o644}}
}

func symlink(name, target string) file {
	return file{Header: tar.Header{Typeflag: tar.TypeSymlink, Name: name, Linkname: target, Mode: 0o777}}
}

func hardlink(name, target string) file {
	return file{Header: tar.Header{Typeflag: tar.TypeLink, Name: name, Linkname: target, Mode: 0o644}}
}

func device(name string) file {
	return file{Header: tar.Header{Typeflag: tar.TypeChar, Name: name, Devmajor: 1, Devminor: 3, Mode: 0o666}}
}

func fifo(name string) file {
	return file{Header: tar.Header{Typeflag: tar.TypeFifo, Name: name, Mode: 0o600}}
}

func (f file) with(attributes map[string]string) file {
	f.PAXRecords = map[string]string{}
	for name, value := range attributes {
		f.PAXRecords["SCHILY.xattr."+name] = value
	}
	return f
}

// makeTar writes a tar of these files. Random content is the same each time.
func makeTar(t testing.TB, files ...file) []byte {
	t.Helper()
	var out bytes.Buffer
	w := tar.NewWriter(&out)
	random := rand.NewChaCha8([32]byte{1})
	for _, f := range files {
		h := f.Header
		if f.content != nil {
			h.Size = int64(len(f.content))
		}
		if err := w.WriteHeader(&h); err != nil {
			t.Fatal(err)
		}
		switch {
		case h.Typeflag != tar.TypeReg && h.Typeflag != 'V':
		case f.content != nil:
			if _, err := w.Write(f.content); err != nil {
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

func gzipped(t testing.TB, data []byte) []byte {
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

func zstdCompressed(t testing.TB, data []byte) []byte {
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

// memory is a blob in memory, which counts what is asked of it.
type memory struct {
	data    []byte
	noRange bool // ReadAt fails, as where Range is ignored
	many    bool // ReadRanges works, in one request

	mutex    sync.Mutex
	read     int64
	requests int
	opened   int
	closed   int
}

func (m *memory) ReadAt(p []byte, at int64) (int, error) {
	m.mutex.Lock()
	defer m.mutex.Unlock()
	m.requests++
	if m.noRange {
		return 0, errors.New("the server ignores Range")
	}
	n, err := bytes.NewReader(m.data).ReadAt(p, at)
	m.read += int64(n)
	return n, err
}

func (m *memory) ReadRanges(buffers [][]byte, offsets []int64) error {
	if !m.many {
		return errors.ErrUnsupported
	}
	m.mutex.Lock()
	defer m.mutex.Unlock()
	m.requests++
	for i, p := range buffers {
		m.read += int64(copy(p, m.data[offsets[i]:]))
	}
	return nil
}

func (m *memory) Open() (io.ReadCloser, error) {
	m.opened++
	return &memoryBody{Reader: bytes.NewReader(m.data), blob: m}, nil
}

type memoryBody struct {
	*bytes.Reader
	blob *memory
}

func (b *memoryBody) Close() error {
	b.blob.closed++
	return nil
}

func layer(mediaType string, data []byte) Layer {
	return Layer{MediaType: mediaType, Size: int64(len(data)), Blob: &memory{data: data}}
}

// stream counts a tar by streaming it.
func stream(t testing.TB, data []byte) Measurement {
	t.Helper()
	m, err := Stream(context.Background(), layer(typeOCIPlain, data), Limits{})
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// mixture is a tree of files of random lengths, half of them text.
func mixture(files int, mean int64) []file {
	random := rand.New(rand.NewPCG(uint64(files), uint64(mean)))
	words := []string{"layer ", "image ", "disk ", "block ", "inode ", "cache\n", "size ", "the ", "of ", "0x%x "}
	list := []file{directory("./")}
	for i := range files {
		if i%50 == 0 {
			list = append(list, directory(fmt.Sprintf("dir-%d/", i/50)))
		}
		name := fmt.Sprintf("dir-%d/file-%d", i/50, i)
		size := int64(float64(mean) * random.ExpFloat64())
		if i%2 == 0 {
			list = append(list, regular(name, size))
			continue
		}
		text := make([]byte, 0, size+16)
		for int64(len(text)) < size {
			text = append(text, words[random.IntN(len(words))]...)
		}
		list = append(list, file{Header: regular(name, 0).Header, content: text})
	}
	return list
}
