package layersize

import (
	"bytes"
	"cmp"
	crand "crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"strconv"
	"strings"

	"github.com/containerd/stargz-snapshotter/estargz"
)

// Tables of contents lie within the blob: at the end of an eStargz layer (a footer
// of 51 bytes gives the position; "eStargz: Standard-Compatible Extension to Tar.gz
// Layers"), and in a skippable frame of a zstd:chunked layer (annotations or a footer
// give it). Both are JSON of one kind and list every file.
//
// What a table says is its writer's word, and anyone can write one. So it is compared with
// the stream (toccheck.go): one that is refuted does not count, and one that cannot be
// confirmed is not exact.
const (
	annotationTOCDigest = "containerd.io/snapshot/stargz/toc.digest" // of the JSON

	// zstd:chunked is written by Podman's and by nerdctl's libraries, which name
	// their annotations apart. The checksum is that of the compressed table.
	annotationPodman   = "io.github.containers.zstd-chunked."
	annotationNerdctl  = "io.containers.zstd-chunked."
	annotationPosition = "manifest-position"
	annotationChecksum = "manifest-checksum"

	chunkedManifest = 1       // the type of this table: CRFS
	tocStep         = 4 << 20 // one request
	maxFrames       = 8       // behind the table: there are two
	maxTarEnd       = 1 << 20
	maxTOC          = 1 << 30 // JSON of three million files
)

// Half of a table are digests, which do not compress, so that its JSON is no more
// than some ten times as long as the table. This bounds one that wants to be a bomb.
func tocLimit(size int64) int64 { return min(maxTOC, 16<<20+32*size) }

// chunkedFooters are the footers by their magic: nerdctl's, which is Podman's old
// one, and Podman's.
var chunkedFooters = map[string]int{"GnUlInUx": 40, "GNUlInUx": 64}

// table is where a table of contents lies, and how to verify it.
type table struct {
	at, size int64  // compressed
	length   int64  // of the JSON; -1 when unknown
	digest   string // of the JSON, or empty
	checksum string // of the compressed bytes, or empty
}

// stargz reads the table of contents of an eStargz layer, if it has one.
func (p *probe) stargz() (Measurement, bool) {
	whole := io.NewSectionReader(p.blob, 0, p.layer.Size)
	at, footer, err := openFooter(whole)
	if err != nil {
		return Measurement{}, false
	}
	t := table{at: at, size: p.layer.Size - footer - at, length: -1, digest: p.layer.Annotations[annotationTOCDigest]}
	return p.table(t, packedGzip)
}

var errBadFooter = errors.New("the footer is none")

// openFooter finds the table by the footer of the blob. The library (v0.19.1) cuts the footer's extra field without a look at its
// length, and panics where that is too short: what a registry sends must not end the process.
func openFooter(blob *io.SectionReader) (at, footer int64, err error) {
	defer func() {
		if recover() != nil {
			err = errBadFooter
		}
	}()
	return estargz.OpenFooter(blob)
}

// chunked reads the table of contents of a zstd:chunked layer, if it has one.
func (p *probe) chunked() (Measurement, bool) {
	t, ok := p.annotatedTable()
	if !ok {
		tail, err := p.tail()
		if err != nil {
			p.passed("the footer was not read", err)
			return Measurement{}, false
		}
		if t, ok = chunkedTable(tail); !ok {
			return Measurement{}, false
		}
	}
	t.digest = p.layer.Annotations[annotationTOCDigest]
	return p.table(t, packedZstd)
}

// annotatedTable reads the position "offset:compressed:uncompressed:type".
func (p *probe) annotatedTable() (table, bool) {
	for _, prefix := range []string{annotationPodman, annotationNerdctl} {
		fields := strings.Split(p.layer.Annotations[prefix+annotationPosition], ":")
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
			return table{at: n[0], size: n[1], length: n[2], checksum: p.layer.Annotations[prefix+annotationChecksum]}, true
		}
	}
	return table{}, false
}

// chunkedTable finds the footer: a skippable frame whose content begins with the
// same four numbers and ends with a magic.
func chunkedTable(tail []byte) (table, bool) {
	const magic, header = 8, 8
	if len(tail) < magic {
		return table{}, false
	}
	size, ok := chunkedFooters[string(tail[len(tail)-magic:])]
	frame := len(tail) - size - header
	if !ok || frame < 0 || !bytes.Equal(tail[frame+1:frame+4], magicSkip) ||
		binary.LittleEndian.Uint32(tail[frame+4:]) != uint32(size) {
		return table{}, false
	}
	number := func(i int) int64 { return int64(binary.LittleEndian.Uint64(tail[frame+header+8*i:])) }
	if number(3) != chunkedManifest {
		return table{}, false
	}
	return table{at: number(0), size: number(1), length: number(2)}, true
}

// table reads, verifies, checks and counts a table of contents.
func (p *probe) table(t table, packed compression) (Measurement, bool) {
	payload := t.at
	if packed == packedZstd {
		payload -= skippableHeader
	}
	files := &tocCount{inventory: newInventory(), segments: newSegments(payload)}
	err := p.readTable(t, packed, files)
	proof := &tableProof{segments: files.segments, packed: packed}
	check := &tocCheck{segments: files.segments, proof: proof, blob: p.blob, random: secretRandom()}
	if err == nil {
		err = check.run()
	}
	unconfirmed := errors.Is(err, errUnconfirmed)
	var m Measurement
	if err == nil || unconfirmed {
		var contradicted error
		m, contradicted = files.result(p.layer, packed, proof.ended)
		err = cmp.Or(contradicted, err)
	}
	if err == nil {
		return m, true
	}
	p.passed("table of contents", err)
	switch {
	case errors.Is(err, errUnconfirmed):
		p.listed = &m
	case errors.Is(err, ErrTable) && !errors.Is(err, errBudget) && p.blob.err == nil && p.ctx.Err() == nil:
		p.refuted = err.Error()
	}
	return Measurement{}, false
}

// secretRandom cannot be foreseen by who writes a layer. A true table is confirmed whatever
// it draws, so that the same configuration gives the same number.
func secretRandom() *rand.Rand {
	var seed [32]byte
	_, _ = crand.Read(seed[:]) // which never fails
	return rand.New(rand.NewChaCha8(seed))
}

// reconcile keeps what an unconfirmed table says within the bounds that samples give. They
// refute it where it lies outside.
func (p *probe) reconcile(m Measurement, ok bool) (Measurement, bool) {
	if p.listed == nil || !ok || m.Exact {
		return m, ok
	}
	listed := *p.listed
	length := listed.UnpackedBytes
	if length.Max < m.UnpackedBytes.Min || length.Min > m.UnpackedBytes.Max {
		p.refuted = fmt.Sprintf("%v: samples of the stream do not agree with its %d bytes", ErrTable, length.Value)
		return m, true
	}
	listed.DiskBytes.Min = min(listed.DiskBytes.Min, m.DiskBytes.Min)
	listed.DiskBytes.Max = max(listed.DiskBytes.Max, m.DiskBytes.Max)
	listed.UnpackedBytes.Min = min(length.Min, m.UnpackedBytes.Min)
	listed.UnpackedBytes.Max = max(length.Max, m.UnpackedBytes.Max)
	listed.Inodes, listed.Exact = nil, false
	return listed, true
}
