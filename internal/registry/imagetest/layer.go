package imagetest

import (
	"archive/tar"
	"bufio"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"math/rand/v2"
	"os"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/types"
	"github.com/klauspost/compress/gzip"
)

// File is one regular file of a generated layer. Content is made while the layer is written, so
// that its size costs no memory.
type File struct {
	Name string
	Size int64
	Like Content
}

// Content is what the bytes of a generated file are like.
type Content int

const (
	Text    Content = iota // source code and configuration: compresses about four to one
	Weights                // a heavily quantized model: each run recurs for a while, compresses about forty to one
	Noise                  // does not compress
)

// Layer is a generated gzip layer, kept in a file of its own.
type Layer struct {
	file           string
	digest, diffID v1.Hash
	size           int64
	Unpacked       int64 // length of the tar
}

var _ v1.Layer = (*Layer)(nil)

// WriteLayer generates a layer into a new file in folder, until ctx ends. The same seed makes the
// same bytes.
func WriteLayer(ctx context.Context, folder string, seed uint64, files []File) (_ *Layer, err error) {
	blob, err := os.CreateTemp(folder, "layer-*.tar.gz")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, blob.Close()) }()
	digest, diffID := sha256.New(), sha256.New()
	out := bufio.NewWriterSize(io.MultiWriter(blob, digest), 1<<20)
	compressed, err := gzip.NewWriterLevel(out, gzip.BestSpeed)
	if err != nil {
		return nil, err
	}
	hashed := newHashing(diffID) // hashing takes as long as compressing, so each has a core
	count := &counter{}
	if err := writeTar(ctx, io.MultiWriter(compressed, hashed, count), seed, files); err != nil {
		return nil, errors.Join(err, hashed.Close())
	}
	if err := errors.Join(compressed.Close(), out.Flush(), hashed.Close()); err != nil {
		return nil, err
	}
	info, err := blob.Stat()
	if err != nil {
		return nil, err
	}
	return &Layer{
		file: blob.Name(), digest: Sum(digest), diffID: Sum(diffID), size: info.Size(), Unpacked: count.n,
	}, nil
}

// Digest is the blob's.
func (l *Layer) Digest() (v1.Hash, error) { return l.digest, nil }

// DiffID is the tar's.
func (l *Layer) DiffID() (v1.Hash, error) { return l.diffID, nil }

// Size is the blob's, in bytes.
func (l *Layer) Size() (int64, error) { return l.size, nil }

// MediaType is that of an OCI gzip layer.
func (l *Layer) MediaType() (types.MediaType, error) { return types.OCILayer, nil }

// Compressed opens the blob.
func (l *Layer) Compressed() (io.ReadCloser, error) { return os.Open(l.file) }

// Uncompressed opens the tar.
func (l *Layer) Uncompressed() (io.ReadCloser, error) {
	blob, err := os.Open(l.file)
	if err != nil {
		return nil, err
	}
	tarball, err := gzip.NewReader(blob)
	if err != nil {
		return nil, errors.Join(err, blob.Close())
	}
	return struct {
		io.Reader
		io.Closer
	}{tarball, blob}, nil
}

func writeTar(ctx context.Context, w io.Writer, seed uint64, files []File) error {
	archive := tar.NewWriter(w)
	random := rand.New(rand.NewPCG(seed, 0))
	for _, file := range files {
		header := &tar.Header{
			Name:     file.Name,
			Size:     file.Size,
			Mode:     0o644,
			Typeflag: tar.TypeReg,
			Format:   tar.FormatPAX,
			ModTime:  time.Unix(1_700_000_000, 0),
		}
		if err := archive.WriteHeader(header); err != nil {
			return fmt.Errorf("%s: %w", file.Name, err)
		}
		if _, err := io.CopyN(archive, &content{ctx: ctx, random: random, like: file.Like}, file.Size); err != nil {
			return fmt.Errorf("%s: %w", file.Name, err)
		}
	}
	return archive.Close()
}

// content is an endless stream of one kind of bytes.
type content struct {
	ctx    context.Context
	random *rand.Rand
	like   Content
	block  []byte
	left   []byte
}

const (
	blockBytes  = 256 << 10
	periodBytes = 4 << 10 // within the 32 KiB that deflate looks back
)

func (c *content) Read(p []byte) (int, error) {
	if len(c.left) == 0 {
		if err := c.ctx.Err(); err != nil {
			return 0, err
		}
		c.fillBlock()
	}
	n := copy(p, c.left)
	c.left = c.left[n:]
	return n, nil
}

func (c *content) fillBlock() {
	if c.block == nil {
		c.block = make([]byte, blockBytes)
	}
	switch c.like {
	case Noise:
		c.writeNoise(c.block)
	case Weights:
		c.writeNoise(c.block[:periodBytes])
		for filled := periodBytes; filled < blockBytes; filled *= 2 {
			copy(c.block[filled:], c.block[:filled])
		}
	case Text:
		for i := range c.block {
			c.block[i] = "eeeetttaaoinshrdlucm\n  (){}"[c.random.Uint32()%27]
		}
	}
	c.left = c.block
}

func (c *content) writeNoise(p []byte) {
	for i := 0; i+8 <= len(p); i += 8 {
		v := c.random.Uint64()
		for k := range 8 {
			p[i+k] = byte(v >> (8 * k))
		}
	}
}

// hashing feeds a hash from another goroutine.
type hashing struct {
	in   *io.PipeWriter
	done chan error
}

func newHashing(h hash.Hash) *hashing {
	out, in := io.Pipe()
	w := &hashing{in: in, done: make(chan error, 1)}
	go func() {
		_, err := io.Copy(h, bufio.NewReaderSize(out, 4<<20))
		w.done <- err
	}()
	return w
}

func (w *hashing) Write(p []byte) (int, error) { return w.in.Write(p) }

func (w *hashing) Close() error { return errors.Join(w.in.Close(), <-w.done) }

type counter struct{ n int64 }

func (c *counter) Write(p []byte) (int, error) {
	c.n += int64(len(p))
	return len(p), nil
}

// Sum is the digest that a SHA-256 came to.
func Sum(h hash.Hash) v1.Hash {
	return v1.Hash{Algorithm: "sha256", Hex: hex.EncodeToString(h.Sum(nil))}
}
