package probe

import (
	"math"
	"testing"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/layersize"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/layersize/layertest"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/layersize/streamtest"
)

func TestDeclaredReadsNothing(t *testing.T) {
	t.Parallel()
	const size = 100 << 20
	stargz := func(n string) map[string]string { return map[string]string{layersize.AnnotationStargzSize: n} }
	for name, test := range map[string]struct {
		mediaType   string
		annotations map[string]string
		method      layersize.Method
		unpacked    layersize.Interval
	}{
		"an OCI tar": {layertest.TypeOCIPlain, nil, layersize.MethodUncompressed, layersize.Exactly(size)},
		"Docker's tar": {
			"application/vnd.docker.image.rootfs.diff.tar", nil, layersize.MethodUncompressed,
			layersize.Exactly(size),
		},
		"a foreign tar": {
			"application/vnd.oci.image.layer.nondistributable.v1.tar", nil, layersize.MethodUncompressed,
			layersize.Exactly(size),
		},
		"an annotation": {
			layertest.TypeOCIGzip, stargz("314572800"), layersize.MethodAnnotation, layersize.Exactly(300 << 20),
		},
		"umoci's annotation": {
			layertest.TypeOCIGzip, map[string]string{layersize.AnnotationUmociSize: "314572800"},
			layersize.MethodAnnotation, layersize.Exactly(300 << 20),
		},
		"an annotation on zstd": {
			layertest.TypeOCIZstd, stargz("314572800"), layersize.MethodAnnotation, layersize.Exactly(300 << 20),
		},
		"a tar's own size is sure": {
			layertest.TypeOCIPlain, stargz("5"), layersize.MethodUncompressed, layersize.Exactly(size),
		},
		"gzip": {
			layertest.TypeOCIGzip, nil, layersize.MethodRatio,
			layersize.Interval{Value: 250 << 20, Min: size - size/1024 - 512, Max: 501 << 20},
		},
		"zstd": {
			layertest.TypeOCIZstd, nil, layersize.MethodRatio,
			layersize.Interval{Value: 300 << 20, Min: size - size/1024 - 512, Max: 601 << 20},
		},
		"Docker's gzip with parameters": {
			"application/vnd.docker.image.rootfs.diff.tar.gzip; charset=x", nil, layersize.MethodRatio,
			layersize.Interval{Value: 250 << 20, Min: size - size/1024 - 512, Max: 501 << 20},
		},
		"an unknown type": {
			"application/octet-stream", nil, layersize.MethodRatio,
			layersize.Interval{Value: 250 << 20, Min: size - size/1024 - 512, Max: 501 << 20},
		},
		"no number": {
			layertest.TypeOCIGzip, stargz("large"), layersize.MethodRatio,
			layersize.Interval{Value: 250 << 20, Min: size - size/1024 - 512, Max: 501 << 20},
		},
		"a negative one": {
			layertest.TypeOCIGzip, stargz("-314572800"), layersize.MethodRatio,
			layersize.Interval{Value: 250 << 20, Min: size - size/1024 - 512, Max: 501 << 20},
		},
		"an overflow": {
			layertest.TypeOCIGzip, stargz("9999999999999999999"), layersize.MethodRatio,
			layersize.Interval{Value: 250 << 20, Min: size - size/1024 - 512, Max: 501 << 20},
		},
		"one beyond 1032:1": {
			layertest.TypeOCIGzip, stargz("109362147328"), layersize.MethodRatio,
			layersize.Interval{Value: 250 << 20, Min: size - size/1024 - 512, Max: 501 << 20},
		},
		"one far below the blob": {
			layertest.TypeOCIGzip, stargz("1000"), layersize.MethodRatio,
			layersize.Interval{Value: 250 << 20, Min: size - size/1024 - 512, Max: 501 << 20},
		},
		"the second, if the first cannot be": {
			layertest.TypeOCIGzip,
			map[string]string{layersize.AnnotationStargzSize: "0", layersize.AnnotationUmociSize: "314572800"},
			layersize.MethodAnnotation, layersize.Exactly(300 << 20),
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			blob := &layertest.Memory{}
			got := Declare(
				layersize.Layer{MediaType: test.mediaType, Size: size, Annotations: test.annotations, Blob: blob},
			)
			if got.Method != test.method || got.UnpackedBytes != test.unpacked {
				t.Errorf("got %s, %+v, want %s, %+v", got.Method, got.UnpackedBytes, test.method, test.unpacked)
			}
			if got.Exact || got.Inodes != nil {
				t.Error("what was not counted is exact")
			}
			if d, u := got.DiskBytes, got.UnpackedBytes; d.Min > d.Value || d.Value > d.Max || d.Value < u.Value ||
				d.Value%4096 != 0 {
				t.Errorf("on the disk %+v of %+v", d, u)
			}
			if blob.Opened+blob.Requests > 0 {
				t.Error("the blob was read")
			}
		})
	}
}

func TestDeclaredBearsAnySize(t *testing.T) {
	t.Parallel()
	for _, mediaType := range []string{layertest.TypeOCIPlain, layertest.TypeOCIGzip, layertest.TypeOCIZstd, ""} {
		for _, size := range []int64{math.MinInt64, -1, 0, 1, 511, 1 << 40, math.MaxInt64 / 5, math.MaxInt64} {
			m := Declare(layersize.Layer{MediaType: mediaType, Size: size})
			for _, i := range []layersize.Interval{m.UnpackedBytes, m.DiskBytes} {
				if i.Min < 0 || i.Min > i.Value || i.Value > i.Max {
					t.Errorf("%q of %d bytes: %+v", mediaType, size, i)
				}
			}
		}
	}
}

func TestBoundsHoldForOrdinaryTreesWhereNothingIsKnown(t *testing.T) {
	t.Parallel()
	for _, mean := range []int64{8 << 10, 16 << 10, 64 << 10, 1 << 20} {
		files := layertest.Mixture(int(8<<20/mean), mean)
		m := streamtest.CountFiles(t, layertest.MakeTar(t, files...))
		got := measureLength(layersize.MethodAnnotation, m.UnpackedBytes).DiskBytes
		if m.DiskBytes.Value < got.Min || m.DiskBytes.Value > got.Max {
			t.Errorf("files of %d bytes: %d bytes on the disk are not within %+v", mean, m.DiskBytes.Value, got)
		}
		if off := float64(got.Value)/float64(m.DiskBytes.Value) - 1; math.Abs(off) > 0.15 {
			t.Errorf("files of %d bytes: the guess is off by %.0f %%", mean, off*100)
		}
	}
}
