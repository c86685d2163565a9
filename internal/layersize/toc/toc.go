// Package toc checks tables of contents, which list every file of a layer: those within a blob
// (package jsontoc) and those beside it (package ztoc). A table cuts the blob into segments, which
// can be unpacked one by one, and is compared with what some of them hold (check.go).
//
// # What the check of a table proves
//
// A table of contents is its writer's word. It counts as exact after these checks:
//
//   - of every entry: the chunks follow one another, fill their files, and cut the blob
//     from its start to the table into segments, each of which can hold, by the bounds of
//     its compression, what the table says (segments.go);
//   - nothing but the table, skippable frames and the footer lies behind the last segment,
//     and the table is the one that the manifest's annotation names by its digest;
//   - of the first segment, the last one and each that makes up an eighth of the layer or
//     more: what it holds;
//   - the same of segments drawn at random, so that a writer cannot know which.
//
// To see what a segment holds it is unpacked, and compared by its digest and header for header with
// the table (Proof). Larger ones are judged by what their ends say: a gzip member's trailer,
// or a Zstandard frame's content size where its only block fills the segment. Those that this
// leaves open are unpacked too, openSegments of them or all.
//
// A lie in a share s of the segments is missed with a probability of (1-s)^n for n that were drawn:
// 80 where a registry serves many ranges in a request, so that one in twenty is found in 98 of 100
// cases; else all those in 4 windows of 192 KiB. What remains is a lie in a few small segments: of
// a table of 10,000 files that is wrong about one, the odds are that it is believed, and what a
// small Zstandard segment hides may be large. A large gzip segment could hold a member of its own
// before the one whose trailer was read.
//
// Where a segment can be neither confirmed nor refuted, such as a large Zstandard frame of many
// blocks, the table is unconfirmed: its number is not exact, and is checked by samples.
package toc

const (
	// AnnotationDigest is the annotation of a layer that has a table within its blob, and its
	// digest: that of the JSON.
	AnnotationDigest = "containerd.io/snapshot/stargz/toc.digest"

	// GzipTrailer is the length of a gzip member's trailer: CRC32 and ISIZE (RFC 1952 §2.3.1).
	GzipTrailer = 8
)
