package giant_test

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/v1/remote"

	"github.com/tkeimage/terraform-provider-tkeimage/lab/giant"
)

const mib = 1 << 20

// TestALayerIsATarThatGzipReads: what it says of itself is what others find.
func TestALayerIsATarThatGzipReads(t *testing.T) {
	t.Parallel()
	for _, size := range []int64{1, 5 * mib, 200 * mib} {
		l := giant.NewLayer(7, size)
		if err := l.Seal(t.Context()); err != nil {
			t.Fatal(err)
		}
		if l.Size < size-5*mib || l.Size > size+9*mib {
			t.Errorf("%d bytes were asked for, it has %d", size, l.Size)
		}
		blob, err := l.Open()
		if err != nil {
			t.Fatal(err)
		}
		digest := sha256.New()
		unpacked, err := gzip.NewReader(io.TeeReader(blob, digest))
		if err != nil {
			t.Fatal(err)
		}
		unpacked.Multistream(false)
		counted := new(counter)
		tape := tar.NewReader(io.TeeReader(unpacked, counted))
		files := 0
		for {
			if _, err := tape.Next(); errors.Is(err, io.EOF) {
				break
			} else if err != nil {
				t.Fatal(err)
			}
			files++
		}
		if _, err := io.Copy(counted, unpacked); err != nil { // with it, the checksum
			t.Fatal(err)
		}
		if files == 0 || int64(*counted) != l.Unpacked {
			t.Errorf("%d files, %d bytes, said %d", files, *counted, l.Unpacked)
		}
		if got := "sha256:" + hex.EncodeToString(digest.Sum(nil)); got != l.Digest {
			t.Errorf("digest %s, said %s", got, l.Digest)
		}
	}
}

type counter int64

func (c *counter) Write(p []byte) (int, error) {
	*c += counter(len(p))
	return len(p), nil
}

func TestReadingAtAPlaceIsReadingFromTheStart(t *testing.T) {
	t.Parallel()
	l := giant.NewLayer(1, 20*mib)
	whole := make([]byte, l.Size)
	if n, err := l.ReadAt(whole, 0); int64(n) != l.Size || err != nil {
		t.Fatalf("%d, %v", n, err)
	}
	for off := int64(0); off < l.Size; off += 1_234_567 {
		part := make([]byte, 2*mib)
		n, err := l.ReadAt(part, off)
		if errors.Is(err, io.EOF) != (n < len(part)) || !bytes.Equal(part[:n], whole[off:off+int64(n)]) {
			t.Fatalf("at %d: %d bytes, %v", off, n, err)
		}
	}
	if n, err := l.ReadAt(make([]byte, 1), l.Size); n > 0 || !errors.Is(err, io.EOF) {
		t.Errorf("behind the end: %d, %v", n, err)
	}
	if _, err := l.ReadAt(make([]byte, 1), -1); err == nil {
		t.Error("a negative offset was read at")
	}
}

// TestOthersPullIt: a client that verifies what it reads finds nothing wrong.
func TestOthersPullIt(t *testing.T) {
	t.Parallel()
	r, err := giant.Serve(0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(r.Close)
	one, two := giant.NewLayer(1, 10*mib), giant.NewLayer(2, 10*mib)
	for _, l := range []*giant.Layer{one, two} {
		if err := l.Seal(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	reference, err := r.Add("big/image", one, two)
	if err != nil {
		t.Fatal(err)
	}
	tag, err := name.ParseReference(reference)
	if err != nil {
		t.Fatal(err)
	}
	image, err := remote.Image(tag, remote.WithContext(t.Context()))
	if err != nil {
		t.Fatal(err)
	}
	layers, err := image.Layers()
	if err != nil || len(layers) != 2 {
		t.Fatalf("%v, %v", layers, err)
	}
	for _, l := range layers {
		blob, err := l.Compressed()
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.Copy(io.Discard, blob); err != nil {
			t.Error(err)
		}
	}
	if bytes, requests := r.Cost(); bytes < one.Size+two.Size || requests < 3 {
		t.Errorf("%d bytes and %d requests were counted", bytes, requests)
	}
}

// TestGzipItselfReadsIt with the program that everybody has.
func TestGzipItselfReadsIt(t *testing.T) {
	t.Parallel()
	program, err := exec.LookPath("gzip")
	if err != nil {
		t.Skip("there is no gzip")
	}
	l := giant.NewLayer(3, 10*mib)
	if err := l.Seal(t.Context()); err != nil {
		t.Fatal(err)
	}
	blob, err := l.Open()
	if err != nil {
		t.Fatal(err)
	}
	file, err := os.Create(filepath.Join(t.TempDir(), "layer.gz"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	if _, err := io.Copy(file, blob); err != nil {
		t.Fatal(err)
	}
	if output, err := exec.CommandContext(t.Context(), program, "-t", file.Name()).CombinedOutput(); err != nil {
		t.Errorf("%v: %s", err, output)
	}
}
