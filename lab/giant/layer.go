package giant

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"hash/crc32"
	"io"
	"slices"
)

// Layer is a compressed layer that is nowhere kept as a whole.
type Layer struct {
	Format   Format
	Size     int64 // bytes of the blob
	Unpacked int64 // bytes of the tar
	DiffID   string
	Digest   string // both the true ones once it is sealed

	parts  []io.ReaderAt
	starts []int64 // of the parts within the blob
}

// newLayer begins a layer. Its digests have the form of digests, and follow from its name.
func newLayer(format Format, name string) *Layer {
	l := &Layer{Format: format, Digest: digestOf([]byte("blob of " + name)), DiffID: digestOf([]byte("tar of " + name))}
	l.addBytes(format.header(), 0)
	return l
}

func (l *Layer) addBytes(packed []byte, unpacked int64) {
	l.addPart(bytes.NewReader(packed), int64(len(packed)), unpacked)
}

func (l *Layer) addPart(packed io.ReaderAt, size, unpacked int64) {
	l.starts = append(l.starts, l.Size)
	l.parts = append(l.parts, packed)
	l.Size += size
	l.Unpacked += unpacked
}

// finish ends the stream. Before the layer is sealed its trailer has the length of the tar, and no
// true checksum.
func (l *Layer) finish() {
	l.addBytes(l.Format.lastBlock(), 0)
	l.addBytes(l.Format.trailer(0, l.Unpacked), 0)
}

// ReadAt reads the blob at any place.
func (l *Layer) ReadAt(p []byte, off int64) (n int, err error) {
	if off < 0 {
		return 0, errors.New("a negative offset")
	}
	i, found := slices.BinarySearch(l.starts, off)
	if !found {
		i--
	}
	for ; n < len(p) && i < len(l.parts); i++ {
		end := l.Size
		if i+1 < len(l.starts) {
			end = l.starts[i+1]
		}
		at := off + int64(n)
		if left := end - at; left > 0 {
			want := min(int64(len(p)-n), left)
			if _, err := l.parts[i].ReadAt(p[n:n+int(want)], at-l.starts[i]); err != nil && !errors.Is(err, io.EOF) {
				return n, err
			}
			n += int(want)
		}
	}
	if n < len(p) {
		return n, io.EOF
	}
	return n, nil
}

// Open reads the blob from its start.
func (l *Layer) Open() (io.ReadCloser, error) {
	return io.NopCloser(io.NewSectionReader(l, 0, l.Size)), nil
}

// Seal works out the checksum and the digests, which takes a pass over all that the layer holds. A
// layer that is only sampled does without: they are never looked at.
func (l *Layer) Seal(ctx context.Context) error {
	trailer := len(l.Format.trailer(0, 0))
	content, err := l.Format.open(io.NewSectionReader(l, 0, l.Size-int64(trailer)))
	if err != nil {
		return err
	}
	checksum, tar, blob := crc32.NewIEEE(), sha256.New(), sha256.New()
	if _, err := io.Copy(io.MultiWriter(checksum, tar), NewReader(ctx, content)); err != nil {
		return err
	}
	l.parts[len(l.parts)-1] = bytes.NewReader(l.Format.trailer(checksum.Sum32(), l.Unpacked))
	if _, err := io.Copy(blob, NewReader(ctx, io.NewSectionReader(l, 0, l.Size))); err != nil {
		return err
	}
	l.DiffID = "sha256:" + hex.EncodeToString(tar.Sum(nil))
	l.Digest = "sha256:" + hex.EncodeToString(blob.Sum(nil))
	return nil
}

// NewReader returns a reader of r that ends with the context, so that gigabytes do not outlive a
// signal.
func NewReader(ctx context.Context, r io.Reader) io.Reader { return cancelable{ctx, r} }

type cancelable struct {
	ctx context.Context //nolint:containedctx // a reader has no other way to know it
	r   io.Reader
}

func (c cancelable) Read(p []byte) (int, error) {
	if err := c.ctx.Err(); err != nil {
		return 0, err
	}
	return c.r.Read(p)
}

func digestOf(data []byte) string {
	sum := sha256.Sum256(data)
	return "sha256:" + hex.EncodeToString(sum[:])
}
