// Package layersize holds what is known of one layer of an image: how long its tar is, what its
// files take on a disk, how that was learned, and how sure it is.
//
// A Source is one way to learn it. The packages below are the sources and what they are made of:
// package probe has the list of those that read ranges within a budget, in the order in which they
// are tried (tables of contents, small blobs as a whole, headers, samples, claims, a ratio);
// package stream reads a whole layer and counts it file by file; package ztoc reads the table that
// a SOCI index has beside a layer.
//
// Each measurement says how it was made (Method) and whether every file was counted (Exact), which
// speaks of the files and not of the tar's length; what was inferred is never exact, however likely
// it is.
//
// # Two sizes
//
// A layer is a tar, and UnpackedBytes is the tar's length. What its files take on the disk is
// something else, DiskBytes: each takes whole blocks of 4 KiB, so does each directory, and the
// tar's headers and padding take none. Where files were counted, DiskBytes follows from the files,
// as containerd's overlayfs snapshotter leaves them on ext4 (packages inventory and ext4); the
// layer's own root directory is one of them. Where they were not, it follows from the tar's length
// and the number of entries, as far as that is known (package tarball).
//
// # What containerd refuses
//
// Some layers cannot be unpacked at all: a hard link before its target is one reason of many
// (refusal.go). Measurement.Refusals lists what was seen of that, and the layer is never exact. A
// layer's files are counted all the same, as far as they go.
//
// # What the bounds mean
//
// An Interval holds the truth between Min and Max. How sure that is depends on the method, because
// nothing but the data itself can promise a size:
//
//   - streamed, toc, and uncompressed when every entry was counted: Min and Max of DiskBytes are
//     the value, but for directories of more than 5,700 bytes of names, whose blocks depend on the
//     file system's seed (package ext4), and for the rare entries that Note names. The tar's length
//     is known too, except by a table within the blob: it does not list the headers of the tar.
//   - uncompressed, annotation, content-size: the tar's length is what the writer said it is; the
//     bounds of DiskBytes come from the entries seen in samples.
//   - trailer, sampled: the bounds are those of the samples (package sampling).
//   - ratio: a statistical bound and no promise. A registry says nothing about what a blob unpacks
//     to: deflate can reach 1032:1, Zstandard more, and a bound from that would order 20 TiB for an
//     image of 20 GiB. The bounds hold instead what images are made of, from data that does not
//     compress to text that does (probe/declared.go); a layer of zeros is outside of them.
//
// A file that its tar stores as sparse takes its full size on the disk, because containerd writes
// the holes. It is counted so wherever files are counted, and cannot be seen where they are not.
//
// The package knows no registry and no network: a Blob is all that is read from.
package layersize

import "io"

// Layer is one layer, as the descriptor in its manifest says.
type Layer struct {
	MediaType   string
	Size        int64 // bytes of the blob
	Annotations map[string]string
	Blob        Blob // nil when nothing may be read
}

// Blob is the bytes of a layer. A range read may fail, because the registry does not support it;
// the next source is then tried.
type Blob interface {
	io.ReaderAt
	// Open returns the whole blob, from its start. Close may be called while a Read waits, and ends
	// it.
	Open() (io.ReadCloser, error)
}

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
	MethodStreamed, MethodTOC, MethodUncompressed, MethodAnnotation,
	MethodContentSize, MethodTrailer, MethodSampled, MethodRatio,
}

// HiddenZeros is the longest run of zeros that may lie between the places that were read, in bytes,
// and the chance that a run of 1 GiB would have been met. Both are 0 where nothing can hide.
type HiddenZeros struct {
	Longest     int64
	ChanceOfGiB float64
}

// Measurement is what is known about a layer.
type Measurement struct {
	UnpackedBytes Interval // length of the layer's tar
	DiskBytes     Interval // what its files hold on ext4, in whole blocks
	Inodes        *int64   // files, directories and links, nil unless every one was counted
	LikelyInodes  int64    // those counted, else an estimate from samples; 0 where there is none
	Method        Method
	Exact         bool        // counted file by file, to the block
	HiddenZeros   HiddenZeros // what samples of Zstandard may have missed
	Note          string      // why a better source was passed over, or what is odd; may be empty

	// Why containerd does not unpack the layer, as far as it was seen: the first few reasons. Such
	// a layer is not exact.
	Refusals []Refusal `json:",omitempty"`
	// Whiteouts that stay as devices, each an inode. In an image's lowest layer containerd makes
	// none.
	Whiteouts int64 `json:",omitempty"`
	// Opaque: a directory hides what is below it. In an image's lowest layer containerd removes
	// what no entry lists there.
	Opaque bool `json:",omitempty"`
	// TarDigest is the SHA-256 of the tar, "" where not all of it was read: what an image's
	// configuration calls diff id.
	TarDigest string `json:",omitempty"`

	// Refuted is what is wrong with a table of contents that was passed over; users are warned of
	// it.
	Refuted string `json:",omitempty"`
	// Cut: the budget ended the reading, and with a larger one the bounds would be closer.
	Cut bool `json:",omitempty"`

	Fault error `json:"-"` // the read that failed on the way, after which the blob was left alone; nil for none
}

// AddNote puts a note before those that the measurement has.
func (m *Measurement) AddNote(note string) {
	if m.Note != "" {
		note += "; " + m.Note
	}
	m.Note = note
}
