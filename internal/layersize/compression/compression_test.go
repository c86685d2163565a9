package compression_test

import (
	"bytes"
	"compress/gzip"
	"testing"

	"github.com/klauspost/compress/zstd"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/layersize/compression"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/layersize/layertest"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/mediatype"
)

// skippable is a skippable frame of Zstandard, as zstd:chunked has one before its table.
func skippable(nibble byte, content string) []byte {
	return append([]byte{0x50 | nibble, 0x2a, 0x4d, 0x18, byte(len(content)), 0, 0, 0}, content...)
}

func TestTheFirstBytesShowTheCompression(t *testing.T) {
	t.Parallel()
	tarball := layertest.MakeTar(t, layertest.Regular("a", 100))
	packed := layertest.Zstd(t, tarball)
	old := bytes.Clone(tarball)
	clear(old[257:265]) // a tar older than POSIX, without a magic
	for name, test := range map[string]struct {
		blob []byte
		want mediatype.Compression
	}{
		"gzip":                             {layertest.Gzip(t, tarball), mediatype.Gzip},
		"Zstandard":                        {packed, mediatype.Zstandard},
		"Zstandard behind a skippable one": {append(skippable(0, "x"), packed...), mediatype.Zstandard},
		"any of the sixteen magics":        {append(skippable(15, "x"), packed...), mediatype.Zstandard},
		"tar":                              {tarball, mediatype.None},
		"tar before POSIX":                 {old, mediatype.None},
		"nothing":                          {nil, mediatype.None},
		"gzip of another method":           {[]byte{0x1f, 0x8b, 7}, mediatype.None},
		"half a magic of gzip":             {[]byte{0x1f, 0x8b}, mediatype.None},
		"half a magic of Zstandard":        {packed[:3], mediatype.None},
		"half a skippable header":          {skippable(0, "")[:7], mediatype.None},
		"xz":                               {[]byte("\xfd7zXZ\x00"), mediatype.None},
	} {
		if got := compression.Detect(test.blob); got != test.want {
			t.Errorf("%s: got %q, want %q", name, got, test.want)
		}
	}
}

func TestAMediaTypeDeclaresACompression(t *testing.T) {
	t.Parallel()
	for mediaType, want := range map[string]mediatype.Compression{
		layertest.TypeOCIPlain:                             mediatype.None,
		layertest.TypeOCIGzip:                              mediatype.Gzip,
		layertest.TypeOCIZstd:                              mediatype.Zstandard,
		layertest.TypeDocker:                               mediatype.Gzip,
		"application/vnd.oci.image.layer.v1.tar+encrypted": "",
		"application/vnd.nydus.blob":                       "",
	} {
		if got := compression.Declared(mediaType); got != want {
			t.Errorf("%s: got %q, want %q", mediaType, got, want)
		}
	}
}

// A blob that is compressed under a media type without a compression is read as a tar, which fails.
// Docker's media types are looked at instead.
func TestWhatIsReadAsItIs(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		mediaType string
		packed    mediatype.Compression
		want      bool
	}{
		{layertest.TypeOCIPlain, mediatype.Gzip, true},
		{layertest.TypeOCIPlain, mediatype.Zstandard, true},
		{layertest.TypeOCIPlain, mediatype.None, false},
		{layertest.TypeOCIGzip, mediatype.Gzip, false},
		{layertest.TypeOCIGzip, mediatype.Zstandard, false},
		{layertest.TypeDocker, mediatype.Zstandard, false},
		{"application/vnd.nydus.blob", mediatype.Gzip, false},
	} {
		if got := compression.IsReadAsIs(test.mediaType, test.packed); got != test.want {
			t.Errorf("%s with %s: got %v", test.mediaType, test.packed, got)
		}
	}
}

// TestWhatEncodersWriteIsPlausible: of data that compress best and not at all, at every level. One
// byte more than a ratio allows is not.
func TestWhatEncodersWriteIsPlausible(t *testing.T) {
	t.Parallel()
	for name, data := range map[string][]byte{
		"zeros": make([]byte, 8<<20), "noise": layertest.Incompressible(t), "an empty tar": layertest.MakeTar(t),
	} {
		length := int64(len(data))
		for level := gzip.HuffmanOnly; level <= gzip.BestCompression; level++ {
			if size := int64(len(gzipped(t, data, level))); !compression.IsPlausible(length, size, mediatype.Gzip) {
				t.Errorf("%s with gzip level %d: %d bytes in %d", name, level, length, size)
			}
		}
		for level := zstd.SpeedFastest; level <= zstd.SpeedBestCompression; level++ {
			encoder, err := zstd.NewWriter(nil, zstd.WithEncoderLevel(level))
			if err != nil {
				t.Fatal(err)
			}
			size := int64(len(encoder.EncodeAll(data, nil)))
			if !compression.IsPlausible(length, size, mediatype.Zstandard) {
				t.Errorf("%s with Zstandard level %v: %d bytes in %d", name, level, length, size)
			}
		}
	}
	for _, test := range []struct {
		length, size int64
		packed       mediatype.Compression
		want         bool
	}{
		{1000 * compression.DeflateLimit, 1000, mediatype.Gzip, true},
		{1001 * compression.DeflateLimit, 1000, mediatype.Gzip, false},
		{1000 << 15, 1000, mediatype.Zstandard, true},
		{1001 << 15, 1000, mediatype.Zstandard, false},
		{500, 1000, mediatype.Gzip, true}, // a table of contents may double a blob
		{499, 1000, mediatype.Gzip, false},
	} {
		if got := compression.IsPlausible(test.length, test.size, test.packed); got != test.want {
			t.Errorf("%d bytes in %d of %s: got %v", test.length, test.size, test.packed, got)
		}
	}
}

func gzipped(t *testing.T, data []byte, level int) []byte {
	t.Helper()
	var out bytes.Buffer
	w, err := gzip.NewWriterLevel(&out, level)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write(data); err != nil {
		t.Fatalf("level %d: %v", level, err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}
