// Package stream measures a layer by reading all of it through its decompressor, file by file.
package stream

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"sync"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/layersize"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/layersize/inventory"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/layersize/unpack"
)

// Limits bound what a stream may cost. Zero values take the defaults.
type Limits struct {
	UnpackedBytes int64 // of the tar; default DefaultUnpackedBytes
	Entries       int64 // of the tar; default DefaultEntries
	WindowBytes   int64 // of a Zstandard frame; default DefaultWindowBytes

	// AnyFrame allows WindowBytes to every Zstandard frame, and reserves the memory at once:
	// without it, only as much as the first frame asks for, and 32 MiB at least.
	AnyFrame bool

	// Progress, if set, is called now and then with the bytes of the blob and of the tar that were
	// read.
	Progress func(compressed, unpacked int64)
}

// Bounds of what an honest layer needs. Memory is a Zstandard window, buffers, and up to 50 MiB for
// the paths of a layer of a million and more entries. Windows above 32 MiB take 128 MiB of all
// streams of the process together (package unpack).
const (
	DefaultUnpackedBytes = 256 << 30
	DefaultEntries       = 20_000_000
	DefaultWindowBytes   = unpack.LargeWindows
)

// What the registry client's own checks come before.
var (
	errNoBlob    = errors.New("the layer cannot be read")
	errTooLong   = errors.New("the blob is longer than its descriptor says")
	errTruncated = errors.New("the blob is shorter than its descriptor says")
)

const progressStep = 16 << 20

func (l Limits) withDefaults() Limits {
	set := func(n *int64, value int64) {
		if *n <= 0 {
			*n = value
		}
	}
	set(&l.UnpackedBytes, DefaultUnpackedBytes)
	set(&l.Entries, DefaultEntries)
	set(&l.WindowBytes, DefaultWindowBytes)
	l.WindowBytes = max(l.WindowBytes, 1<<10)
	return l
}

// Measure reads the whole layer through its decompressor and counts what containerd would leave on
// the disk. Nothing is written, and memory does not grow with the layer. It ends early with an
// error when the layer breaks a limit, is not what its descriptor says, or cannot be read as a tar.
func Measure(ctx context.Context, l layersize.Layer, limits Limits) (layersize.Measurement, error) {
	switch {
	case l.Blob == nil:
		return layersize.Measurement{}, errNoBlob
	case l.Size < 0:
		return layersize.Measurement{}, layersize.ErrSize
	case ctx.Err() != nil:
		return layersize.Measurement{}, ctx.Err()
	}
	body, err := l.Blob.Open()
	if err != nil {
		return layersize.Measurement{}, err
	}
	// A read that waits for the network ends when the body is closed.
	closeOnce := sync.OnceValue(body.Close)
	stop := context.AfterFunc(ctx, func() { _ = closeOnce() })
	next, join := readAhead(body)
	defer func() {
		stop()
		_ = closeOnce()
		join()
	}()
	return Count(ctx, next, l, limits)
}

// Source is a stream as a source.
type Source struct {
	Limits Limits
	// Demanded: a large window of a later frame, which is met when much was read already, has the
	// layer read again, with the memory for it.
	Demanded bool
}

// Name implements layersize.Source.
func (Source) Name() string { return "stream" }

// Measure implements layersize.Source.
func (s Source) Measure(ctx context.Context, in *layersize.Input) (layersize.Measurement, error) {
	result, err := Measure(ctx, in.Layer, s.Limits)
	if !s.Demanded || !errors.Is(err, layersize.ErrWindow) || errors.Is(err, layersize.ErrFirstWindow) {
		return result, err
	}
	s.Limits.AnyFrame = true
	return Measure(ctx, in.Layer, s.Limits)
}

// readAhead reads in a goroutine of its own, so that the network and the verification of the
// digest, which takes as long as unpacking what hardly compresses, have another core than the
// decompressor. The returned function ends that goroutine, once the reader that it reads from is
// closed.
func readAhead(r io.Reader) (next io.Reader, join func()) {
	out, in := io.Pipe()
	done := make(chan struct{})
	go func() {
		defer close(done)
		_, err := io.CopyBuffer(struct{ io.Writer }{in}, struct{ io.Reader }{r}, make([]byte, unpack.ReadBuffer))
		_ = in.CloseWithError(err) // io.EOF for none
	}()
	return out, func() {
		_ = out.Close()
		<-done
	}
}

// Count measures the layer from the blob's bytes.
func Count(ctx context.Context, body io.Reader, l layersize.Layer, limits Limits) (layersize.Measurement, error) {
	limits = limits.withDefaults()
	in := &blobReader{ctx: ctx, r: body, size: l.Size}
	window := unpack.WindowLimit{Bytes: limits.WindowBytes, AnyFrame: limits.AnyFrame}
	stream, refused, err := unpack.Open(ctx, in, l.MediaType, window)
	if err != nil {
		return layersize.Measurement{}, in.explainFailure(unpack.ClassifyError(err))
	}
	defer func() { _ = stream.Close() }()

	out := &tap{r: stream, in: in, limits: limits, digest: sha256.New()}
	files := inventory.New()
	err = inventory.CountTar(out, files, limits.Entries)
	if err == nil { // what stands behind the end of the tar belongs to the layer all the same
		_, err = io.Copy(io.Discard, out)
	}
	if err != nil {
		err = in.explainFailure(out.explainFailure(err))
		if ctx.Err() == nil && in.isUnread() {
			err = &InterruptedError{Err: err, Read: in.read, Unpacked: out.read, Counted: files.Measurement()}
		}
		return layersize.Measurement{}, err
	}
	if err := in.checkEnd(); err != nil {
		return layersize.Measurement{}, err
	}
	files.RefuseLayer(refused()...)
	m := files.Measurement()
	m.UnpackedBytes = layersize.Exactly(out.read)
	m.TarDigest = "sha256:" + hex.EncodeToString(out.digest.Sum(nil))
	m.Method = layersize.MethodStreamed
	return m, nil
}

// blobReader reads the blob, no further than its descriptor says, and remembers what ended it: a
// network that fails is not a damaged layer.
type blobReader struct {
	ctx  context.Context
	r    io.Reader
	size int64
	read int64
	err  error
}

func (s *blobReader) Read(p []byte) (int, error) {
	if s.err == nil {
		s.err = s.ctx.Err()
	}
	if s.err != nil {
		return 0, s.err
	}
	n, err := s.r.Read(p)
	if n < 0 || n > len(p) {
		n, err = 0, io.ErrNoProgress
	}
	s.read += int64(n)
	switch {
	case s.read > s.size:
		s.err = fmt.Errorf("%w: %d bytes", errTooLong, s.size)
		return 0, s.err
	case err == io.EOF && s.read < s.size:
		s.err = fmt.Errorf("%w: %d of %d bytes", errTruncated, s.read, s.size)
		return n, s.err
	case err != nil && err != io.EOF:
		s.err = err
	}
	return n, err
}

// checkEnd makes sure that the blob ends where its descriptor says.
func (s *blobReader) checkEnd() error {
	var rest [1]byte
	for {
		n, err := s.Read(rest[:])
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return s.explainFailure(err)
		case n > 0:
			return fmt.Errorf("%w: there is more behind the end of the compressed stream", layersize.ErrCompression)
		}
	}
}

// explainFailure prefers the reason that lies deepest.
func (s *blobReader) explainFailure(err error) error {
	switch {
	case s.ctx.Err() != nil:
		return s.ctx.Err()
	case s.err != nil:
		return s.err
	default:
		return err
	}
}

// tap counts, digests and bounds what comes out of the decompressor.
type tap struct {
	r        io.Reader
	digest   hash.Hash
	in       *blobReader
	limits   Limits
	read     int64
	reported int64
	err      error
}

func (t *tap) Read(p []byte) (int, error) {
	if t.err != nil {
		return 0, t.err
	}
	n, err := t.r.Read(p)
	t.read += int64(n)
	t.digest.Write(p[:n])
	if err != nil && err != io.EOF {
		t.err = unpack.ClassifyError(err)
		return n, t.err
	}
	if t.read > t.limits.UnpackedBytes {
		t.err = fmt.Errorf("%w: %d bytes", layersize.ErrBomb, t.limits.UnpackedBytes)
		return n, t.err
	}
	if t.read-t.reported >= progressStep {
		t.reported = t.read
		// The decompressor may work for long from what it has buffered.
		if t.err = t.in.ctx.Err(); t.err != nil {
			return n, t.err
		}
		if t.limits.Progress != nil {
			t.limits.Progress(t.in.read, t.read)
		}
	}
	return n, err
}

func (t *tap) explainFailure(err error) error {
	if t.err != nil {
		return t.err
	}
	return err
}
