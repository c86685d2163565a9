package layersize

import (
	"math"
	"testing"
)

func TestDeclaredReadsNothing(t *testing.T) {
	t.Parallel()
	const size = 100 << 20
	stargz := func(n string) map[string]string { return map[string]string{annotationStargzSize: n} }
	for name, test := range map[string]struct {
		mediaType   string
		annotations map[string]string
		method      Method
		unpacked    Interval
	}{
		"an OCI tar":               {typeOCIPlain, nil, MethodUncompressed, exactly(size)},
		"Docker's tar":             {"application/vnd.docker.image.rootfs.diff.tar", nil, MethodUncompressed, exactly(size)},
		"a foreign tar":            {"application/vnd.oci.image.layer.nondistributable.v1.tar", nil, MethodUncompressed, exactly(size)},
		"an annotation":            {typeOCIGzip, stargz("314572800"), MethodAnnotation, exactly(300 << 20)},
		"umoci's annotation":       {typeOCIGzip, map[string]string{annotationUmociSize: "314572800"}, MethodAnnotation, exactly(300 << 20)},
		"an annotation on zstd":    {typeOCIZstd, stargz("314572800"), MethodAnnotation, exactly(300 << 20)},
		"a tar's own size is sure": {typeOCIPlain, stargz("5"), MethodUncompressed, exactly(size)},
		"gzip":                     {typeOCIGzip, nil, MethodRatio, Interval{250 << 20, size - size/1024 - 512, 501 << 20}},
		"zstd":                     {typeOCIZstd, nil, MethodRatio, Interval{300 << 20, size - size/1024 - 512, 601 << 20}},
		"Docker's gzip with parameters": {"application/vnd.docker.image.rootfs.diff.tar.gzip; charset=x", nil, MethodRatio,
			Interval{250 << 20, size - size/1024 - 512, 501 << 20}},
		"an unknown type":        {"application/octet-stream", nil, MethodRatio, Interval{250 << 20, size - size/1024 - 512, 501 << 20}},
		"no number":              {typeOCIGzip, stargz("large"), MethodRatio, Interval{250 << 20, size - size/1024 - 512, 501 << 20}},
		"a negative one":         {typeOCIGzip, stargz("-314572800"), MethodRatio, Interval{250 << 20, size - size/1024 - 512, 501 << 20}},
		"an overflow":            {typeOCIGzip, stargz("9999999999999999999"), MethodRatio, Interval{250 << 20, size - size/1024 - 512, 501 << 20}},
		"one beyond 1032:1":      {typeOCIGzip, stargz("109362147328"), MethodRatio, Interval{250 << 20, size - size/1024 - 512, 501 << 20}},
		"one far below the blob": {typeOCIGzip, stargz("1000"), MethodRatio, Interval{250 << 20, size - size/1024 - 512, 501 << 20}},
		"the second, if the first cannot be": {typeOCIGzip, map[string]string{annotationStargzSize: "0", annotationUmociSize: "314572800"},
			MethodAnnotation, exactly(300 << 20)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			blob := &memory{}
			got := Declared(Layer{MediaType: test.mediaType, Size: size, Annotations: test.annotations, Blob: blob})
			if got.Method != test.method || got.UnpackedBytes != test.unpacked {
				t.Errorf("got %s, %+v, want %s, %+v", got.Method, got.UnpackedBytes, test.method, test.unpacked)
			}
			if got.Exact || got.Inodes != nil {
				t.Error("what was not counted is exact")
			}
			if d, u := got.DiskBytes, got.UnpackedBytes; d.Min > d.Value || d.Value > d.Max || d.Value < u.Value || d.Value%4096 != 0 {
				t.Errorf("on the disk %+v of %+v", d, u)
			}
			if blob.opened+blob.requests > 0 {
				t.Error("the blob was read")
			}
		})
	}
}

func TestDeclaredBearsAnySize(t *testing.T) {
	t.Parallel()
	for _, mediaType := range []string{typeOCIPlain, typeOCIGzip, typeOCIZstd, ""} {
		for _, size := range []int64{math.MinInt64, -1, 0, 1, 511, 1 << 40, math.MaxInt64 / 5, math.MaxInt64} {
			m := Declared(Layer{MediaType: mediaType, Size: size})
			for _, i := range []Interval{m.UnpackedBytes, m.DiskBytes} {
				if i.Min < 0 || i.Min > i.Value || i.Value > i.Max {
					t.Errorf("%q of %d bytes: %+v", mediaType, size, i)
				}
			}
		}
	}
}
