// Package layersize tells how much a layer of an image takes once it is unpacked.
//
// # Four ways to know
//
// Declared reads nothing: the media type, an annotation, or a ratio. Probe reads
// ranges of the blob within a budget: tables of contents, headers and trailers, and
// windows in the middle of the compressed stream, or all of a small blob. ZTOC counts
// the files that a SOCI index lists beside the layer; Indexed says of which layers one
// would tell more than a probe. Stream reads the whole blob and counts it file by file.
//
// Each says how it knew (Method) and whether every file was counted (Exact), which
// speaks of the files and not of the tar's length; what was inferred is never exact,
// however likely it is.
//
// # Two sizes
//
// A layer is a tar, and UnpackedBytes is the tar's length. What its files hold on
// the disk is something else, DiskBytes: each takes whole blocks of 4 KiB, so does
// each directory, and the tar's headers and padding take none. Where files were
// counted, DiskBytes follows from the files, as containerd's overlayfs snapshotter
// leaves them on ext4 (inventory.go, ext4.go); the layer's own root directory is one
// of them. Where they were not, it follows from the tar's length and the number of
// entries, as far as that is known (bounds.go).
//
// # What containerd refuses
//
// Some layers cannot be unpacked at all: a hard link before its target is one reason
// of many (refusal.go). What was seen of that is in Measurement.Refusals, and the
// layer is never exact. A layer's files are counted all the same, as far as they go.
//
// # What the bounds mean
//
// An Interval holds the truth between Min and Max. How sure that is depends on the
// method, because nothing but the data itself can promise a size:
//
//   - streamed, toc, and uncompressed when every entry was counted: Min and Max of
//     DiskBytes are the value, but for directories of more than 5,700 bytes of names,
//     whose blocks depend on the file system's seed (ext4dir.go), and for the rare
//     entries that Note tells of. The tar's length is known too, but where a table
//     within the blob is all there is: it does not tell which headers the tar had.
//   - uncompressed, annotation, content-size: the tar's length is what the writer
//     said it is; the bounds of DiskBytes come from the entries seen in samples.
//   - trailer, sampled: the bounds are those of the samples (package sampling).
//   - ratio: a statistical bound and no promise. A registry says nothing about what
//     a blob unpacks to: deflate can reach 1032:1, Zstandard more, and a bound from
//     that would order 20 TiB for an image of 20 GiB. The bounds hold instead what
//     images are made of, from data that does not compress to text that does
//     (declared.go); a layer of zeros is outside of them.
//
// A file that its tar stores as sparse takes its full size on the disk, because
// containerd writes the holes. It is counted so wherever files are counted, and
// cannot be seen where they are not.
//
// The package knows no registry and no network: a Blob is all it reads from.
package layersize

import "io"

// Layer is one layer, as the descriptor in its manifest says.
type Layer struct {
	MediaType   string
	Size        int64 // bytes of the blob
	Annotations map[string]string
	Blob        Blob // nil when nothing may be read
}

// Believed are those of a descriptor's annotations that bear on what is measured.
// They are no part of the layer: whoever writes a manifest writes them.
func Believed(annotations map[string]string) map[string]string {
	believed := map[string]string{}
	for _, key := range []string{
		annotationStargzSize, annotationUmociSize, annotationTOCDigest,
		annotationPodman + annotationPosition, annotationPodman + annotationChecksum,
		annotationNerdctl + annotationPosition, annotationNerdctl + annotationChecksum,
	} {
		if value := annotations[key]; value != "" {
			believed[key] = value
		}
	}
	return believed
}

// Blob is the bytes of a layer. A range read may fail, because the registry does
// not support it; the next source is then tried.
type Blob interface {
	io.ReaderAt
	// Open gives the whole blob, from its start. Close may be called while a Read
	// waits, and ends it.
	Open() (io.ReadCloser, error)
}

// Interval is a best guess with bounds.
type Interval struct{ Value, Min, Max int64 }

// exactly is the interval of what is known.
func exactly(n int64) Interval { return Interval{Value: n, Min: n, Max: n} }

// Method is how a size was learned.
type Method string

// The methods, in order of trust.
const (
	MethodStreamed     Method = "streamed"     // the whole layer was read and counted
	MethodTOC          Method = "toc"          // a table of contents lists every file
	MethodUncompressed Method = "uncompressed" // the blob is the tar
	MethodAnnotation   Method = "annotation"   // the descriptor says it
	MethodContentSize  Method = "content-size" // the header of the Zstandard frame says it
	MethodTrailer      Method = "trailer"      // the gzip trailer leaves one candidate
	MethodSampled      Method = "sampled"      // windows in the middle of the stream
	MethodRatio        Method = "ratio"        // nothing but the compressed size
)

// Methods are all methods, in order of trust.
var Methods = []Method{
	MethodStreamed, MethodTOC, MethodUncompressed, MethodAnnotation, MethodContentSize, MethodTrailer, MethodSampled, MethodRatio,
}

// HiddenZeros is the longest run of zeros that may lie between the places that were read, in bytes, and the chance that
// a run of 1 GiB would have been met. Both are 0 where nothing can hide.
type HiddenZeros struct {
	Longest     int64
	ChanceOfGiB float64
}

// Measurement is what is known about a layer.
type Measurement struct {
	UnpackedBytes Interval // length of the layer's tar
	DiskBytes     Interval // what its files hold on ext4, in whole blocks
	Inodes        *int64   // files, directories and links, nil unless every one was counted
	LikelyInodes  int64    // as many as a disk should have room for: those counted, or what samples tell; 0 where nothing does
	Method        Method
	Exact         bool        // counted file by file, to the block
	HiddenZeros   HiddenZeros // what samples of Zstandard may have missed
	Note          string      // why a better source was passed over, or what is odd; may be empty

	// Why containerd does not unpack the layer, as far as it was seen: the first few reasons. Such a layer is not exact.
	Refusals []Refusal `json:",omitempty"`
	// Whiteouts that stay as devices, each an inode. In an image's lowest layer containerd makes none.
	Whiteouts int64 `json:",omitempty"`
	// Opaque: a directory hides what is below it. In an image's lowest layer containerd removes what no entry lists there.
	Opaque bool `json:",omitempty"`
	// TarDigest is the SHA-256 of the tar, "" where not all of it was read: what an image's configuration calls diff id.
	TarDigest string `json:",omitempty"`

	// Refuted is what is wrong with a table of contents that was passed over; users are warned of it.
	Refuted string `json:",omitempty"`
	// Cut: the budget ended the reading, and with a larger one the bounds would be closer.
	Cut bool `json:",omitempty"`

	Fault error `json:"-"` // the read that failed on the way, after which the blob was left alone; nil for none
}
