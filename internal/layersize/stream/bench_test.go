package stream

import (
	"context"
	"io"
	"os"
	"os/exec"
	"testing"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/layersize"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/layersize/layertest"
)

// BenchmarkStream streams a layer: one that is generated, or the file named by
// TKEIMAGE_BENCH_LAYER. Beside it stands what users have, the gzip command.
func BenchmarkStream(b *testing.B) {
	name, size := benchLayer(b)
	b.Run("stream", func(b *testing.B) {
		b.SetBytes(size)
		for b.Loop() {
			m, err := Measure(context.Background(), layersize.Layer{Size: size, Blob: onDisk(name)}, Limits{})
			if err != nil {
				b.Fatal(err)
			}
			b.ReportMetric(float64(m.UnpackedBytes.Value)/float64(size), "ratio")
		}
	})
	b.Run("gzip", func(b *testing.B) {
		if _, err := exec.LookPath("gzip"); err != nil {
			b.Skip("gzip is not installed")
		}
		b.SetBytes(size)
		for b.Loop() {
			if out, err := exec.Command("sh", "-c", `gzip -dc "$0" | wc -c`, name).CombinedOutput(); err != nil {
				b.Fatalf("%v\n%s", err, out)
			}
		}
	})
}

// onDisk is a blob in a file.
type onDisk string

func (f onDisk) Open() (io.ReadCloser, error) { return os.Open(string(f)) }

func (f onDisk) ReadAt(p []byte, at int64) (int, error) {
	file, err := os.Open(string(f))
	if err != nil {
		return 0, err
	}
	defer file.Close()
	return file.ReadAt(p, at)
}

func benchLayer(b *testing.B) (name string, size int64) {
	b.Helper()
	name = os.Getenv("TKEIMAGE_BENCH_LAYER")
	if name == "" {
		name = b.TempDir() + "/layer.tar.gz"
		err := os.WriteFile(name, layertest.Gzip(b, layertest.MakeTar(b, layertest.Mixture(2000, 10000)...)), 0o600)
		if err != nil {
			b.Fatal(err)
		}
	}
	info, err := os.Stat(name)
	if err != nil {
		b.Fatal(err)
	}
	return name, info.Size()
}
