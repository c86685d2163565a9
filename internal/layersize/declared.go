package layersize

import "strconv"

// Annotations of a descriptor that tell the length of the layer's tar.
const (
	annotationStargzSize = "io.containers.estargz.uncompressed-size" // written by nerdctl and ctr-remote
	annotationUmociSize  = "ci.umo.uncompressed_blob_size"           // written by umoci
)

// What compressed layers unpack to, when nothing else is known. Random data, model
// weights among it, does not compress, and gzip adds no more than 5 bytes to 64 KiB
// then (RFC 1951 §3.2.4). A Debian base system is 2.4 times its gzip and 3.0 times
// its Zstandard blob as a tar; clouds that publish a rule tell their users to take 2
// to 3 times the compressed size. Programs and their debug symbols, source and web
// assets stay below 5 times as gzip. The slack serves small layers: a tar is never
// shorter than 1,024 bytes, and a single text may compress better than any tree.
const (
	ratioGzip  = 5 // halves
	ratioZstd  = 6 // halves
	boundGzip  = 5
	boundZstd  = 6
	boundSlack = 1 << 20

	// Deflate cannot go beyond this: zlib's technical notes, "Maximum Compression
	// Factor", rounded up.
	deflateLimit = 1032
)

// Declared says what can be known of a layer without reading it.
func Declared(l Layer) Measurement {
	size := max(l.Size, 0)
	packed := declaredCompression(l.MediaType)
	if packed == packedPlain {
		return known(MethodUncompressed, exactly(size))
	}
	if length, ok := annotatedSize(l, packed); ok {
		return known(MethodAnnotation, exactly(length))
	}
	return byRatio(size, packed)
}

// known is a measurement of a tar whose files nobody counted.
func known(method Method, unpacked Interval) Measurement {
	return Measurement{
		UnpackedBytes: unpacked,
		DiskBytes:     diskBytes(unpacked, unknownFiles(unpacked)),
		Method:        method,
	}
}

func byRatio(size int64, packed compression) Measurement {
	return known(MethodRatio, ratioInterval(size, packed))
}

func ratioInterval(size int64, packed compression) Interval {
	halves, bound := int64(ratioGzip), int64(boundGzip)
	if packed == packedZstd {
		halves, bound = ratioZstd, boundZstd
	}
	return ordered(Interval{
		Value: saturating(0, halves, size/2),
		Min:   leastUnpacked(size),
		Max:   saturating(boundSlack, bound, size),
	})
}

// leastUnpacked is the shortest tar that a sensible encoder turns into a blob of
// this size: headers, checksums and the lengths of stored blocks are what it adds.
func leastUnpacked(size int64) int64 { return max(0, size-size/1024-512) }

// annotatedSize reads the size that a descriptor tells, if it can be true.
func annotatedSize(l Layer, packed compression) (int64, bool) {
	for _, key := range []string{annotationStargzSize, annotationUmociSize} {
		length, err := strconv.ParseInt(l.Annotations[key], 10, 64)
		if err == nil && length > 0 && plausible(length, l.Size, packed) {
			return length, true
		}
	}
	return 0, false
}

// plausible reports whether a blob can hold a tar of this length. In Zstandard a
// block of 4 bytes can stand for 128 KiB (RFC 8878 §3.1.1.2.3), and no more. A table
// of contents makes a blob longer than its tar needs, but not twice as long.
func plausible(length, size int64, packed compression) bool {
	if length < size/2 {
		return false
	}
	if packed == packedZstd {
		return length/(32<<10) <= size
	}
	return length/deflateLimit <= size
}
