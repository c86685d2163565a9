// Package toc checks tables of contents, which list every file of a layer: those within a blob
// (package jsontoc) and those beside it (package ztoc). A table cuts the blob into segments, which
// can be unpacked one by one, and is compared with what some of them hold (check.go).
package toc

const (
	// AnnotationDigest is the annotation of a layer that has a table within its blob, and its
	// digest: that of the JSON.
	AnnotationDigest = "containerd.io/snapshot/stargz/toc.digest"

	// GzipTrailer is the length of a gzip member's trailer: CRC32 and ISIZE (RFC 1952 §2.3.1).
	GzipTrailer = 8
)
