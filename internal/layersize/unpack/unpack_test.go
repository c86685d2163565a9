package unpack_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"slices"
	"testing"
	"time"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/layersize"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/layersize/layertest"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/layersize/unpack"
)

var anyWindow = unpack.WindowLimit{Bytes: 1 << 30}

// unpackAll returns the tar within a blob, and why containerd would refuse it.
func unpackAll(
	t *testing.T, blob []byte, mediaType string, limit unpack.WindowLimit,
) ([]byte, []layersize.Reason, error) {
	t.Helper()
	stream, refused, err := unpack.Open(t.Context(), bytes.NewReader(blob), mediaType, limit)
	if err != nil {
		return nil, nil, err
	}
	defer stream.Close()
	tarball, err := io.ReadAll(stream)
	return tarball, refused(), err
}

func TestEachCompressionIsUnpacked(t *testing.T) {
	t.Parallel()
	first := layertest.MakeTar(t, layertest.Regular("a", 100_000))
	second := layertest.MakeTar(t, layertest.Regular("b", 1000))
	both := slices.Concat(first, second)
	skippable := []byte{0x50, 0x2a, 0x4d, 0x18, 2, 0, 0, 0, 'x', 'y'}
	for name, test := range map[string]struct {
		blob      []byte
		mediaType string
		want      []byte
		refused   []layersize.Reason
	}{
		"a tar":    {first, layertest.TypeOCIPlain, first, nil},
		"nothing":  {nil, layertest.TypeOCIPlain, nil, nil},
		"a member": {layertest.Gzip(t, first), layertest.TypeOCIGzip, first, nil},
		"two members": {
			slices.Concat(layertest.Gzip(t, first), layertest.Gzip(t, second)), layertest.TypeOCIGzip, both, nil,
		},
		"a frame": {layertest.Zstd(t, first), layertest.TypeOCIZstd, first, nil},
		"two frames": {
			slices.Concat(layertest.Zstd(t, first), layertest.Zstd(t, second)), layertest.TypeOCIZstd, both, nil,
		},
		"a skippable":  {slices.Concat(skippable, layertest.Zstd(t, first)), layertest.TypeOCIZstd, first, nil},
		"another type": {layertest.Zstd(t, first), layertest.TypeOCIGzip, first, nil},
		"bytes behind a member": {
			append(layertest.Gzip(t, first), 0, 0, 0), layertest.TypeOCIGzip, first,
			[]layersize.Reason{layersize.RefusedTrailing},
		},
		"a member under the type of a tar": {
			layertest.Gzip(t, first), layertest.TypeOCIPlain, first, []layersize.Reason{layersize.RefusedCompressed},
		},
		"both": {
			append(layertest.Gzip(t, first), 'x'), layertest.TypeOCIPlain, first,
			[]layersize.Reason{layersize.RefusedCompressed, layersize.RefusedTrailing},
		},
	} {
		got, refused, err := unpackAll(t, test.blob, test.mediaType, anyWindow)
		if err != nil || !bytes.Equal(got, test.want) {
			t.Errorf("%s: %d bytes and %v, want %d", name, len(got), err, len(test.want))
		}
		if !slices.Equal(refused, test.refused) {
			t.Errorf("%s: refused for %v, want %v", name, refused, test.refused)
		}
	}
}

func TestADamagedStreamIsOfItsCompression(t *testing.T) {
	t.Parallel()
	tarball := layertest.MakeTar(t, layertest.Regular("a", 100_000))
	for name, whole := range map[string][]byte{
		layertest.TypeOCIGzip: layertest.Gzip(t, tarball), layertest.TypeOCIZstd: layertest.Zstd(t, tarball),
	} {
		damaged := bytes.Clone(whole)
		damaged[len(damaged)-6] ^= 0xff // in the checksum, or in the last block
		for kind, blob := range map[string][]byte{"cut": whole[:len(whole)/2], "damaged": damaged} {
			_, _, err := unpackAll(t, blob, name, anyWindow)
			if err == nil || !errors.Is(unpack.ClassifyError(err), layersize.ErrCompression) {
				t.Errorf("%s, %s: %v", name, kind, err)
			}
		}
	}
}

// frame is a Zstandard frame of one raw block, whose window has 2^log bytes (RFC 8878 §3.1.1.1.2).
func frame(log int, content string) []byte {
	head := []byte{0x28, 0xb5, 0x2f, 0xfd, 0, byte(log-10) << 3, byte(len(content)<<3 | 1), 0, 0}
	return append(head, content...)
}

func TestAWindowBeyondTheLimitIsRefused(t *testing.T) {
	t.Parallel()
	limit := unpack.WindowLimit{Bytes: 64 << 20}
	if _, _, err := unpackAll(t, frame(26, "abc"), layertest.TypeOCIZstd, limit); err != nil {
		t.Errorf("the largest window: %v", err)
	}
	_, _, err := unpackAll(t, frame(27, "abc"), layertest.TypeOCIZstd, limit)
	if !errors.Is(err, layersize.ErrFirstWindow) {
		t.Errorf("a first frame beyond it: %v", err)
	}
	later := slices.Concat(frame(20, "abc"), frame(26, "def"))
	got, _, err := unpackAll(t, later, layertest.TypeOCIZstd, limit)
	if !errors.Is(err, layersize.ErrWindow) || errors.Is(err, layersize.ErrFirstWindow) || string(got) != "abc" {
		t.Errorf("a later frame with a larger window than the first: %q, %v", got, err)
	}
	limit.AnyFrame = true
	if got, _, err := unpackAll(t, later, layertest.TypeOCIZstd, limit); err != nil || string(got) != "abcdef" {
		t.Errorf("the same where any frame may have the limit: %q, %v", got, err)
	}
}

// TestLargeWindowsShareTheirMemory: a stream waits for it no longer than its context, and finds it
// once the other is closed, or could not be opened.
func TestLargeWindowsShareTheirMemory(t *testing.T) {
	t.Parallel()
	blob, all := frame(27, "abc"), unpack.WindowLimit{Bytes: unpack.LargeWindows}
	first, _, err := unpack.Open(t.Context(), bytes.NewReader(blob), layertest.TypeOCIZstd, all)
	if err != nil {
		t.Fatal(err)
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	_, _, err = unpack.Open(ended, bytes.NewReader(blob), layertest.TypeOCIZstd, all)
	if !errors.Is(err, context.Canceled) {
		t.Errorf("a second one: %v", err)
	}
	small, _, err := unpack.Open(ended, bytes.NewReader(frame(25, "abc")), layertest.TypeOCIZstd, all)
	if err != nil {
		t.Fatalf("one that needs none of that memory: %v", err)
	}
	small.Close()
	first.Close()
	bounded, stop := context.WithTimeout(t.Context(), time.Minute)
	defer stop()
	again, _, err := unpack.Open(bounded, bytes.NewReader(blob), layertest.TypeOCIZstd, all)
	if err != nil {
		t.Fatalf("after the first one was closed: %v", err)
	}
	again.Close()
}
