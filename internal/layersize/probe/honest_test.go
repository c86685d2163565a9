package probe

import (
	"bytes"
	"compress/flate"
	"compress/gzip"
	"fmt"
	"testing"

	"github.com/klauspost/compress/zstd"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/layersize"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/layersize/layertest"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/layersize/streamtest"
)

// TestProbeIsHonest probes layers of many mixtures and encoders. What is called exact is true, what
// is not lies within its bounds, and several members or frames are never taken for one.
func TestProbeIsHonest(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("packs 20 layers")
	}
	for _, mean := range []int64{700, 30_000} {
		data := layertest.MakeTar(t, layertest.Mixture(int(min(2<<20/mean, 1200)), mean)...)
		want := streamtest.CountFiles(t, data)
		for name, l := range packings(t, data) {
			if l.Size <= layersize.WholeBlobBytes {
				t.Errorf("%s of files of %d bytes: the blob is too small to tell", name, mean)
			}
			for _, budget := range []int64{600 << 10, 64 << 10} {
				t.Run(fmt.Sprintf("%s, files of %d bytes, budget %d", name, mean, budget), func(t *testing.T) {
					m, _ := probed(
						t,
						layersize.Layer{
							MediaType:   l.MediaType,
							Size:        l.Size,
							Annotations: l.Annotations,
							Blob:        &layertest.Memory{Data: l.Blob.(*layertest.Memory).Data},
						},
						budget,
					)
					if m.Exact && m.DiskBytes != want.DiskBytes {
						t.Errorf("%+v is called exact, but %+v is true", m, want)
					}
					if u := m.UnpackedBytes; u.Min > int64(len(data)) || u.Max < int64(len(data)) {
						t.Errorf("%s: %d is not within %+v", m.Method, len(data), u)
					}
					if d := m.DiskBytes; d.Min > want.DiskBytes.Value || d.Max < want.DiskBytes.Value {
						t.Errorf("%s: on the disk, %d is not within %+v", m.Method, want.DiskBytes.Value, d)
					}
				})
			}
		}
	}
}

// packings packs a tar in the ways of several encoders.
func packings(t *testing.T, data []byte) map[string]layersize.Layer {
	t.Helper()
	encoder, err := zstd.NewWriter(nil, zstd.WithEncoderLevel(zstd.SpeedDefault))
	if err != nil {
		t.Fatal(err)
	}
	pieces := func(n int, pack func([]byte) []byte) []byte {
		var out []byte
		for i := range n {
			out = append(out, pack(data[len(data)*i/n:len(data)*(i+1)/n])...)
		}
		return out
	}
	zip := func(level int) func([]byte) []byte {
		return func(part []byte) []byte {
			var out bytes.Buffer
			w, err := gzip.NewWriterLevel(&out, level)
			if err == nil {
				_, err = w.Write(part)
			}
			if err == nil {
				err = w.Close()
			}
			if err != nil {
				t.Fatal(err)
			}
			return out.Bytes()
		}
	}
	frame := func(part []byte) []byte { return encoder.EncodeAll(part, nil) }
	return map[string]layersize.Layer{
		"gzip 1":           layertest.NewLayer(layertest.TypeOCIGzip, zip(flate.BestSpeed)(data)),
		"gzip 9":           layertest.NewLayer(layertest.TypeOCIGzip, zip(flate.BestCompression)(data)),
		"gzip, stored":     layertest.NewLayer(layertest.TypeOCIGzip, zip(flate.NoCompression)(data)),
		"gzip, 2 members":  layertest.NewLayer(layertest.TypeOCIGzip, pieces(2, zip(6))),
		"gzip, 60 members": layertest.NewLayer(layertest.TypeOCIGzip, pieces(60, zip(6))),
		"zstd":             layertest.NewLayer(layertest.TypeOCIZstd, layertest.Zstd(t, data)),
		"zstd, sized":      layertest.NewLayer(layertest.TypeOCIZstd, frame(data)),
		"zstd, 2 frames":   layertest.NewLayer(layertest.TypeOCIZstd, pieces(2, frame)),
		"zstd, 60 frames":  layertest.NewLayer(layertest.TypeOCIZstd, pieces(60, frame)),
		"tar":              layertest.NewLayer(layertest.TypeOCIPlain, data),
	}
}
