// Package jsontoc measures layers by the table of contents within their blob, which is JSON of one
// kind: at the end of an eStargz layer (a footer of 51 bytes has the position; "eStargz:
// Standard-Compatible Extension to Tar.gz Layers"), and in a skippable frame of a zstd:chunked
// layer (annotations or a footer have it). It lists every file.
//
// What a table says is its writer's word, so it is compared with the stream (package toc): one that
// is refuted does not count, and one that cannot be confirmed is not exact.
package jsontoc

import (
	"cmp"
	"context"
	"encoding/binary"
	"errors"
	"io"
	"strconv"
	"strings"

	"github.com/containerd/stargz-snapshotter/estargz"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/layersize"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/layersize/compression"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/layersize/inventory"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/layersize/toc"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/mediatype"
)

// The annotations that have the position of a table of zstd:chunked, each a prefix and a suffix.
const (
	// zstd:chunked is written by Podman's and by nerdctl's libraries, which name their annotations
	// apart. The checksum is that of the compressed table.
	AnnotationPodman   = "io.github.containers.zstd-chunked."
	AnnotationNerdctl  = "io.containers.zstd-chunked."
	AnnotationPosition = "manifest-position"
	AnnotationChecksum = "manifest-checksum"

	chunkedManifest = 1       // the type of this table: CRFS
	tocStep         = 4 << 20 // one request
	maxFrames       = 8       // behind the table: there are two
	maxTarEnd       = 1 << 20
	maxTOC          = 1 << 30 // JSON of three million files
)

// Half of a table are digests, which do not compress, so that its JSON is no more than some ten
// times as long as the table. This bounds one that wants to be a bomb.
func tocLimit(size int64) int64 { return min(maxTOC, 16<<20+32*size) }

// chunkedFooters are the footers by their magic: nerdctl's, which is Podman's old one, and
// Podman's.
var chunkedFooters = map[string]int{"GnUlInUx": 40, "GNUlInUx": 64}

// table is where a table of contents lies, and how to verify it.
type table struct {
	at, size int64  // compressed
	length   int64  // of the JSON; -1 when unknown
	digest   string // of the JSON, or empty
	checksum string // of the compressed bytes, or empty
}

// sourceName is that of both formats.
const sourceName = "the table of contents"

// EStargz measures an eStargz layer by its table of contents.
type EStargz struct{}

// Name implements Source.
func (EStargz) Name() string { return sourceName }

// Annotations returns those that the source goes by.
func (EStargz) Annotations() []string { return []string{toc.AnnotationDigest} }

// Measure implements Source.
func (EStargz) Measure(ctx context.Context, in *layersize.Input) (layersize.Measurement, error) {
	if err := in.CheckCompression(mediatype.Gzip); err != nil {
		return layersize.Measurement{}, err
	}
	if _, err := in.ReadEnd(); err != nil {
		return layersize.Measurement{}, err
	}
	at, footer, err := openFooter(io.NewSectionReader(in.Reader, 0, in.Size))
	if err != nil {
		return layersize.Measurement{}, layersize.ErrNotApplicable
	}
	return measureTable(ctx, in, table{at: at, size: in.Size - footer - at, length: -1})
}

var errBadFooter = errors.New("the footer is none")

// openFooter finds the table by the footer of the blob. The library (v0.19.1) cuts the footer's
// extra field without a look at its length, and panics where that is too short: what a registry
// sends must not end the process.
func openFooter(blob *io.SectionReader) (at, footer int64, err error) {
	defer func() {
		if recover() != nil {
			err = errBadFooter
		}
	}()
	return estargz.OpenFooter(blob)
}

// Chunked measures a zstd:chunked layer by its table of contents.
type Chunked struct{}

// Name implements Source.
func (Chunked) Name() string { return sourceName }

// Annotations returns those that the source goes by.
func (Chunked) Annotations() []string {
	keys := []string{toc.AnnotationDigest}
	for _, prefix := range []string{AnnotationPodman, AnnotationNerdctl} {
		keys = append(keys, prefix+AnnotationPosition, prefix+AnnotationChecksum)
	}
	return keys
}

// Measure implements Source.
func (Chunked) Measure(ctx context.Context, in *layersize.Input) (layersize.Measurement, error) {
	if err := in.CheckCompression(mediatype.Zstandard); err != nil {
		return layersize.Measurement{}, err
	}
	t, ok := annotatedTable(in.Annotations)
	if !ok {
		tail, err := in.ReadEnd()
		if err != nil {
			return layersize.Measurement{}, err
		}
		if t, ok = findChunkedTable(tail); !ok {
			return layersize.Measurement{}, layersize.ErrNotApplicable
		}
	}
	return measureTable(ctx, in, t)
}

// annotatedTable reads the position "offset:compressed:uncompressed:type".
func annotatedTable(annotations map[string]string) (table, bool) {
	for _, prefix := range []string{AnnotationPodman, AnnotationNerdctl} {
		fields := strings.Split(annotations[prefix+AnnotationPosition], ":")
		if len(fields) != 4 {
			continue
		}
		var n [4]int64
		var err error
		for i, field := range fields {
			if n[i], err = strconv.ParseInt(field, 10, 64); err != nil {
				break
			}
		}
		if err == nil && n[3] == chunkedManifest {
			return table{at: n[0], size: n[1], length: n[2], checksum: annotations[prefix+AnnotationChecksum]}, true
		}
	}
	return table{}, false
}

// findChunkedTable finds the footer: a skippable frame whose content begins with the same four
// numbers and ends with a magic.
func findChunkedTable(tail []byte) (table, bool) {
	const magic, header = 8, 8
	if len(tail) < magic {
		return table{}, false
	}
	size, ok := chunkedFooters[string(tail[len(tail)-magic:])]
	frame := len(tail) - size - header
	if !ok || frame < 0 || !compression.IsSkippable(tail[frame:]) {
		return table{}, false
	}
	if binary.LittleEndian.Uint32(tail[frame+4:]) != uint32(size) {
		return table{}, false
	}
	number := func(i int) int64 { return int64(binary.LittleEndian.Uint64(tail[frame+header+8*i:])) }
	if number(3) != chunkedManifest {
		return table{}, false
	}
	return table{at: number(0), size: number(1), length: number(2)}, true
}

// measureTable reads, verifies, checks and counts a table of contents.
func measureTable(ctx context.Context, in *layersize.Input, t table) (layersize.Measurement, error) {
	t.digest = in.Annotations[toc.AnnotationDigest]
	payload := t.at
	if in.Compression == mediatype.Zstandard {
		payload -= compression.SkippableHeader
	}
	files := &tableCount{Inventory: inventory.New(), segments: toc.NewSegments(payload)}
	if err := (&tableReader{ctx, in, t, files}).readTable(); err != nil {
		return layersize.Measurement{}, err
	}
	proof := &tableProof{Segments: files.segments, packed: in.Compression}
	check := toc.NewCheck(files.segments, proof, in.Reader)
	err := check.Run()
	if err != nil && !errors.Is(err, layersize.ErrUnconfirmed) {
		return layersize.Measurement{}, err
	}
	m, contradicted := files.measureListed(in.Layer, in.Compression, proof.ended)
	return m, cmp.Or(contradicted, err)
}
