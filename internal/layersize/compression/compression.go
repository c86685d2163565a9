// Package compression says how a blob is compressed, by its media type and by its first bytes, and
// what it can come to.
package compression

import (
	"bytes"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/mediatype"
)

// What compressed blobs begin with.
var (
	MagicGzip      = []byte{0x1f, 0x8b, 8}          // RFC 1952 §2.3: ID1, ID2, and deflate
	magicZstd      = []byte{0x28, 0xb5, 0x2f, 0xfd} // RFC 8878 §3.1.1
	magicSkippable = []byte{0x2a, 0x4d, 0x18}       // RFC 8878 §3.1.2, behind a byte 0x50 to 0x5f
)

const (
	// SkippableHeader is the length of a skippable frame's header: magic and size (RFC 8878
	// §3.1.2).
	SkippableHeader = 8

	// DeflateLimit is the largest ratio of deflate: zlib's technical notes, "Maximum Compression
	// Factor", rounded up.
	DeflateLimit = 1032
)

// Declared returns the compression that a media type names, and "" where containerd unpacks no
// layer of it.
func Declared(mediaType string) mediatype.Compression {
	declared, err := mediatype.ParseLayer(mediaType)
	if err != nil {
		return ""
	}
	return declared.Compression
}

// Detect returns the compression that a blob's first bytes show. What is neither gzip nor Zstandard
// is a tar, to containerd too (its pkg/archive/compression): a tar older than POSIX has no magic.
// An empty blob is an empty tar.
func Detect(head []byte) mediatype.Compression {
	switch {
	case bytes.HasPrefix(head, MagicGzip):
		return mediatype.Gzip
	case bytes.HasPrefix(head, magicZstd), IsSkippable(head):
		return mediatype.Zstandard
	}
	return mediatype.None
}

// IsSkippable reports whether a skippable frame of Zstandard begins with these bytes.
func IsSkippable(head []byte) bool {
	return len(head) >= SkippableHeader && head[0]&0xf0 == 0x50 && bytes.Equal(head[1:4], magicSkippable)
}

// IsReadAsIs reports whether containerd reads a compressed blob as a tar, and fails, because of its
// media type.
func IsReadAsIs(mediaType string, packed mediatype.Compression) bool {
	declared, err := mediatype.ParseLayer(mediaType)
	return err == nil && !declared.Detects && packed != mediatype.None
}

// IsPlausible reports whether a blob can hold a tar of this length. A table of contents makes a
// blob longer than its tar needs, but not twice as long.
func IsPlausible(length, size int64, packed mediatype.Compression) bool {
	return length >= size/2 && length/greatestRatio(packed) <= size
}

// greatestRatio returns how many bytes one compressed byte can stand for at most. In Zstandard a
// block of 4 bytes can stand for 128 KiB (RFC 8878 §3.1.1.2.3), and no more.
func greatestRatio(packed mediatype.Compression) int64 {
	if packed == mediatype.Zstandard {
		return 32 << 10
	}
	return DeflateLimit
}
