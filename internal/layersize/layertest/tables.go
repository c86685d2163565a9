package layertest

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/containerd/stargz-snapshotter/estargz"
	"github.com/containerd/stargz-snapshotter/estargz/zstdchunked"
	kzstd "github.com/klauspost/compress/zstd"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/layersize"
)

// Everything is a layer with something of everything, too large to be read whole.
func Everything(t testing.TB) []byte {
	t.Helper()
	files := []File{
		Directory("usr/"), Directory("usr/bin/"),
		Regular("usr/bin/tool", 150_000), Hardlink("usr/bin/alias", "usr/bin/tool"),
		Symlink("usr/bin/short", "tool"), Symlink("usr/bin/long", strings.Repeat("../", 30)+"tool"),
		Regular("usr/bin/ping", 20_000).With(map[string]string{"security.capability": strings.Repeat("c", 20)}),
		Regular("usr/noted", 100).With(map[string]string{"user.note": strings.Repeat("n", 400)}),
		// These just fit beside the inode; base64 fills the last of their values up.
		Regular("usr/fits", 100).With(map[string]string{"user.a": strings.Repeat("f", 68)}),
		Regular("usr/fits-too", 100).With(map[string]string{"user.abcdef": strings.Repeat("f", 64)}),
		Directory("dev/"), Device("dev/null"), FIFO("dev/pipe"),
		Directory("etc/"), Regular("etc/.wh.old", 0), Regular("gone/.wh..wh..opq", 0),
		Regular("opt/"+strings.Repeat("long/", 30)+"name", 5000), Regular("empty", 0),
	}
	for i := range 400 {
		files = append(files, Regular(fmt.Sprintf("usr/share/f%d", i), int64(25*i)))
	}
	return MakeTar(t, files...)
}

// NewEStargz makes an eStargz layer of a tar.
func NewEStargz(t testing.TB, data []byte, options ...estargz.Option) (layersize.Layer, *estargz.Blob) {
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
	return NewLayer(TypeOCIGzip, blob), built
}

// NewChunked makes a zstd:chunked layer, annotated as nerdctl annotates it.
func NewChunked(t testing.TB, data []byte) layersize.Layer {
	t.Helper()
	metadata := map[string]string{}
	l, built := NewEStargz(t, data, estargz.WithCompression(struct {
		*zstdchunked.Compressor
		*zstdchunked.Decompressor
	}{&zstdchunked.Compressor{CompressionLevel: kzstd.SpeedDefault, Metadata: metadata}, &zstdchunked.Decompressor{}}))
	l.MediaType = TypeOCIZstd
	metadata[estargz.TOCJSONDigestAnnotation] = built.TOCDigest().String()
	l.Annotations = metadata
	return l
}
