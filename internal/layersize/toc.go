package layersize

import (
	"archive/tar"
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"hash"
	"io"
	"strconv"
	"strings"

	"github.com/containerd/stargz-snapshotter/estargz"
	"github.com/klauspost/compress/gzip"
)

// Tables of contents lie within the blob: at the end of an eStargz layer (a footer
// of 51 bytes gives the position; "eStargz: Standard-Compatible Extension to Tar.gz
// Layers"), and in a skippable frame of a zstd:chunked layer (annotations or a footer
// give it). Both are JSON of one kind and list every file.
//
// What a table says is its writer's word, and anyone can write one. The digest is
// verified when the descriptor has it; what cannot be true, such as more data than
// the blob can hold, refutes it. Only streaming sees what the table leaves out.
const (
	annotationTOCDigest = "containerd.io/snapshot/stargz/toc.digest" // of the JSON

	// zstd:chunked is written by Podman's and by nerdctl's libraries, which name
	// their annotations apart. The checksum is that of the compressed table.
	annotationPodman   = "io.github.containers.zstd-chunked."
	annotationNerdctl  = "io.containers.zstd-chunked."
	annotationPosition = "manifest-position"
	annotationChecksum = "manifest-checksum"

	chunkedManifest = 1 // the type of this table: CRFS
	tocWindow       = 8 << 20
	tocStep         = 4 << 20 // one request
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

// table reads, verifies and counts a table of contents.
func (p *probe) table(t table, packed compression) (Measurement, bool) {
	files := &tocCount{inventory: newInventory(), payload: t.at}
	err := p.readTable(t, packed, files)
	var m Measurement
	if err == nil {
		m, err = files.result(p.layer, packed)
	}
	if err != nil {
		p.passed("table of contents", err)
		return Measurement{}, false
	}
	return m, true
}

func (p *probe) readTable(t table, packed compression, files *tocCount) error {
	if t.at <= 0 || t.size <= 0 || t.at > p.layer.Size || t.size > p.layer.Size-t.at {
		return fmt.Errorf("%w: it does not lie within the blob", errTOC)
	}
	if t.size > p.blob.left+p.end {
		return fmt.Errorf("%w: it has %d bytes", errBudget, t.size)
	}
	sum := sha256.New()
	section := io.TeeReader(p.blob.section(t.at, t.size, min(t.size, tocStep)), sum)
	open := openStargzTOC
	if packed == packedZstd {
		open = openChunkedTOC
	}
	if err := p.readJSON(section, open, t, files); err != nil {
		return err
	}
	// What the decompressor left over belongs to the checksum too.
	if _, err := io.Copy(io.Discard, section); err != nil {
		return err
	}
	return verify(sum, t.checksum)
}

// readJSON unpacks the table and counts it, and verifies the digest of the JSON.
func (p *probe) readJSON(r io.Reader, open func(io.Reader) (io.ReadCloser, error), t table, files *tocCount) error {
	unpacked, err := open(r)
	if err != nil {
		return fmt.Errorf("%w: %w", errTOC, err)
	}
	defer func() { _ = unpacked.Close() }()
	sum := sha256.New()
	limited := &meter{ctx: p.ctx, r: io.TeeReader(unpacked, sum), total: tocLimit(t.size)}
	if err := files.decode(limited); err != nil {
		return fmt.Errorf("%w: %w", errTOC, err)
	}
	if err := limited.drain(); err != nil {
		return fmt.Errorf("%w: %w", errTOC, err)
	}
	files.length = limited.read
	if t.length >= 0 && t.length != limited.read {
		return fmt.Errorf("%w: %d bytes, %d announced", errTOC, limited.read, t.length)
	}
	return verify(sum, t.digest)
}

func verify(sum hash.Hash, digest string) error {
	if want, ok := strings.CutPrefix(digest, "sha256:"); ok && want != fmt.Sprintf("%x", sum.Sum(nil)) {
		return fmt.Errorf("%w: its digest is not the annotated one", errTOC)
	}
	return nil
}

// openStargzTOC finds the one file in the tar in the gzip member that is the table.
func openStargzTOC(r io.Reader) (io.ReadCloser, error) {
	member, err := gzip.NewReader(r)
	if err != nil {
		return nil, err
	}
	tape := tar.NewReader(member)
	header, err := tape.Next()
	if err != nil {
		return nil, err
	}
	if header.Name != estargz.TOCTarName {
		return nil, fmt.Errorf("its place holds a file %.64q", header.Name)
	}
	return io.NopCloser(tape), nil
}

func openChunkedTOC(r io.Reader) (io.ReadCloser, error) { return newZstd(r, tocWindow) }
