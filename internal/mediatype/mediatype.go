// Package mediatype reads the media types of layers as containerd does
// (https://github.com/containerd/containerd/blob/v2.2.0/core/images/mediatypes.go,
// DiffCompression): the type decides whether a blob is unpacked at all, and whether its first bytes
// are looked at before it is read as a tar.
package mediatype

import (
	"fmt"
	"slices"
	"strings"
)

// Compression is what a media type says about a blob. The bytes may differ.
type Compression string

// The compressions of layers.
const (
	None      Compression = "none"
	Gzip      Compression = "gzip"
	Zstandard Compression = "zstd"
)

// Layer is what follows from the media type of a layer.
type Layer struct {
	Compression Compression
	// Detects: containerd decompresses what begins as gzip or Zstandard, whichever the type names,
	// and reads the rest as a tar. Without it the blob is read as a tar as it is, even if it is
	// compressed.
	Detects bool
	// Foreign: the image's license forbids to push the layer, which may be fetched from URLs in its
	// descriptor.
	Foreign bool
	// Recent: containerd knows the type since version 2.0, and refuses it before.
	Recent bool
}

// The types of layers without their suffixes, as containerd spells them.
const (
	ociLayer        = "application/vnd.oci.image.layer.v1.tar"
	ociForeign      = "application/vnd.oci.image.layer.nondistributable.v1.tar"
	dockerLayer     = "application/vnd.docker.image.rootfs.diff.tar"
	dockerForeign   = "application/vnd.docker.image.rootfs.foreign.diff.tar"
	dockerGzip      = dockerLayer + ".gzip"
	dockerForeignGz = dockerForeign + ".gzip"
	dockerZstd      = dockerLayer + ".zstd"
)

const encrypted = "encrypted"

// Error is a media type of which containerd unpacks no layer.
type Error struct {
	MediaType string // as the manifest has it, unchecked
	Encrypted bool
}

func (e *Error) Error() string {
	text := fmt.Sprintf("containerd cannot unpack a layer of media type %q", e.MediaType)
	if e.Encrypted {
		text += ": it is encrypted"
	}
	return text
}

// ParseLayer returns what a layer's media type means to containerd, or an *Error. Types are
// compared to the letter, and a suffix is what follows a plus sign: parameters and capital letters
// make another type.
func ParseLayer(mediaType string) (Layer, error) {
	base, rest, wrapped := strings.Cut(mediaType, "+")
	var suffixes []string
	if wrapped {
		suffixes = strings.Split(rest, "+")
		slices.Sort(suffixes)
	}
	if slices.Contains(suffixes, encrypted) {
		return Layer{}, &Error{MediaType: mediaType, Encrypted: true}
	}
	switch base {
	case ociLayer, ociForeign:
		return Layer{
			Compression: parseSuffixes(suffixes), Detects: parseSuffixes(suffixes) != None, Foreign: base == ociForeign,
		}, nil
	case dockerLayer, dockerForeign, dockerGzip, dockerForeignGz, dockerZstd:
		return parseDocker(base, wrapped), nil
	}
	return Layer{}, &Error{MediaType: mediaType}
}

// parseSuffixes returns the compression that OCI's suffixes name: the last one in alphabetical
// order counts.
func parseSuffixes(suffixes []string) Compression {
	if len(suffixes) == 0 {
		return None
	}
	switch last := Compression(suffixes[len(suffixes)-1]); last {
	case Gzip, Zstandard:
		return last
	}
	return None
}

// parseDocker reads one of Docker's types. With any suffix the blob is a tar; without one it is
// looked at, even where the type names no compression.
func parseDocker(base string, wrapped bool) Layer {
	layer := Layer{
		Compression: None, Detects: !wrapped, Recent: base == dockerZstd,
		Foreign: strings.HasPrefix(base, dockerForeign),
	}
	switch {
	case wrapped:
	case base == dockerGzip, base == dockerForeignGz:
		layer.Compression = Gzip
	case base == dockerZstd:
		layer.Compression = Zstandard
	}
	return layer
}
