package probe

import (
	"context"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/layersize"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/layersize/compression"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/layersize/tarball"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/mediatype"
)

// What compressed layers unpack to, when nothing else is known. Random data, model weights among
// it, does not compress, and gzip adds no more than 5 bytes to 64 KiB then (RFC 1951 §3.2.4). A
// Debian base system is 2.4 times its gzip and 3.0 times its Zstandard blob as a tar; clouds that
// publish a rule advise to take 2 to 3 times the compressed size. Programs and their debug symbols,
// source and web assets stay below 5 times as gzip. The slack serves small layers: a tar is never
// shorter than 1,024 bytes, and a single text may compress better than any tree.
const (
	ratioGzip  = 5 // halves
	ratioZstd  = 6 // halves
	boundGzip  = 5
	boundZstd  = 6
	boundSlack = 1 << 20
)

// declaration is the last source: it reads nothing, and always applies.
type declaration struct{}

// Name implements Source.
func (declaration) Name() string { return "descriptor" }

// Measure implements Source.
func (declaration) Measure(_ context.Context, in *layersize.Input) (layersize.Measurement, error) {
	return measureDeclared(in.Layer, in.Compression), nil
}

// Declare returns what is known of a layer without reading it.
func Declare(l layersize.Layer) layersize.Measurement {
	return measureDeclared(l, compression.Declared(l.MediaType))
}

// DeclareRest returns what is known of a layer whose first bytes were unpacked: their tar, and for
// the rest what its size declares. The rest is likely to unpack as what was read did.
func DeclareRest(l layersize.Layer, read, unpacked int64) layersize.Measurement {
	whole := Declare(l)
	if length := whole.UnpackedBytes; length.Min == length.Max || read <= 0 {
		return whole
	}
	left := max(l.Size-read, 0)
	rest := Declare(layersize.Layer{MediaType: l.MediaType, Size: left}).UnpackedBytes
	likely := int64(float64(unpacked) * float64(left) / float64(read))
	return measureLength(layersize.MethodRatio, layersize.Interval{
		Value: layersize.SaturatingSum(unpacked, 1, likely),
		Min:   layersize.SaturatingSum(unpacked, 1, min(rest.Min, likely)),
		Max:   layersize.SaturatingSum(unpacked, 1, max(rest.Max, likely)),
	}.InOrder())
}

func measureDeclared(l layersize.Layer, packed mediatype.Compression) layersize.Measurement {
	size := max(l.Size, 0)
	if packed == mediatype.None {
		return measureLength(layersize.MethodUncompressed, layersize.Exactly(size))
	}
	if length, ok := l.AnnotatedSize(packed); ok {
		return measureLength(layersize.MethodAnnotation, layersize.Exactly(length))
	}
	return measureLength(layersize.MethodRatio, ratioInterval(size, packed))
}

// measureLength is the measurement of a tar whose length is known, and not its files.
func measureLength(method layersize.Method, unpacked layersize.Interval) layersize.Measurement {
	return layersize.Measurement{
		UnpackedBytes: unpacked,
		DiskBytes:     tarball.BoundDisk(unpacked, tarball.EstimateEntries(unpacked)),
		Method:        method,
	}
}

func ratioInterval(size int64, packed mediatype.Compression) layersize.Interval {
	halves, bound := int64(ratioGzip), int64(boundGzip)
	if packed == mediatype.Zstandard {
		halves, bound = ratioZstd, boundZstd
	}
	return layersize.Interval{
		Value: layersize.SaturatingSum(0, halves, size/2),
		Min:   leastUnpacked(size),
		Max:   layersize.SaturatingSum(boundSlack, bound, size),
	}.InOrder()
}

// leastUnpacked is the shortest tar that a sensible encoder turns into a blob of this size:
// headers, checksums and the lengths of stored blocks are what it adds.
func leastUnpacked(size int64) int64 { return max(0, size-size/1024-512) }
