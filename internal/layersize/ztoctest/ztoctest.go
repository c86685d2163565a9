// Package ztoctest makes zTOCs, the tables of contents of SOCI, as soci-snapshotter makes them
// (ztoc.fbs, ztoc/toc_builder.go, ztoc/ztoc_marshaler.go and ztoc/compression/gzip_zinfo.c of
// https://github.com/awslabs/soci-snapshotter), and others that lie.
package ztoctest

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
)

// ZTOC is what a zTOC says of a layer.
type ZTOC struct {
	Version      string
	Compressed   int64 // bytes of the blob
	Uncompressed int64 // bytes of the tar, to the end of its two empty blocks
	Files        []File
	Spans        []Span
}

// Span is a part of the blob that can be unpacked alone.
type Span struct {
	In, Out int64  // where it begins, in the blob and in the tar
	Bits    byte   // of the byte before In
	Window  []byte // of the tar, before it
	Digest  string // of its bytes
}

// windowSize is how much of the tar a span needs of what comes before it.
const windowSize = 32 << 10

// Pack packs a tar with gzip, with a span for each so many of its bytes, and lists it.
func Pack(tarball []byte, span int) (blob []byte, z *ZTOC, err error) {
	var out bytes.Buffer
	w := gzip.NewWriter(&out)
	spans := []Span{{In: headerSize, Window: make([]byte, windowSize)}}
	for at := 0; at < len(tarball); at += span {
		if at > 0 {
			if err := w.Flush(); err != nil {
				return nil, nil, err
			}
			window := make([]byte, windowSize)
			copy(window[max(0, windowSize-at):], tarball[max(0, at-windowSize):at])
			spans = append(spans, Span{In: int64(out.Len()), Out: int64(at), Window: window})
		}
		if _, err := w.Write(tarball[at:min(at+span, len(tarball))]); err != nil {
			return nil, nil, err
		}
	}
	if err := w.Close(); err != nil {
		return nil, nil, err
	}
	if z, err = listTar(bytes.NewReader(tarball), int64(out.Len())); err != nil {
		return nil, nil, err
	}
	z.Spans = spans
	z.Seal(out.Bytes())
	return out.Bytes(), z, nil
}

const headerSize = 10 // of gzip, without a name

// Seal sets the digest of each span.
func (z *ZTOC) Seal(blob []byte) {
	for i := range z.Spans {
		end := int64(len(blob))
		if i+1 < len(z.Spans) {
			end = z.Spans[i+1].In
		}
		s := &z.Spans[i]
		from := s.In
		if s.Bits > 0 {
			from--
		}
		from = min(max(from, 0), int64(len(blob)))
		s.Digest = fmt.Sprintf("sha256:%x", sha256.Sum256(blob[from:min(max(end, from), int64(len(blob)))]))
	}
}

// File is one entry of the tar.
type File struct {
	Name, Type   string
	Offset, Size int64 // of its content within the tar
	Link         string
	Records      map[string]string // PAX
}

var types = map[byte]string{
	tar.TypeLink: "hardlink", tar.TypeSymlink: "symlink", tar.TypeDir: "dir", tar.TypeReg: "reg",
	tar.TypeChar: "char", tar.TypeBlock: "block", tar.TypeFifo: "fifo",
}

// listTar returns what the ZTOC of a tar says, whose compressed blob has so many bytes.
func listTar(tarball io.Reader, compressed int64) (*ZTOC, error) {
	z := &ZTOC{Version: "0.9", Compressed: compressed}
	position := &counting{r: tarball}
	for tape := tar.NewReader(position); ; {
		header, err := tape.Next()
		if errors.Is(err, io.EOF) {
			z.Uncompressed = position.n
			return z, nil
		}
		if err != nil {
			return nil, err
		}
		kind, known := types[header.Typeflag]
		if !known {
			return nil, fmt.Errorf("%s: SOCI does not know its type %q", header.Name, header.Typeflag)
		}
		z.Files = append(z.Files, File{
			Name: header.Name, Type: kind, Offset: position.n, Size: header.Size, Link: header.Linkname,
			Records: header.PAXRecords,
		})
	}
}

type counting struct {
	r io.Reader
	n int64
}

func (c *counting) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.n += int64(n)
	return n, err
}

// Fields of the tables, as the schema numbers them.
const (
	fieldVersion, fieldCompressed, fieldUncompressed, fieldTOC, fieldSpans, fieldsOfZTOC = 0, 2, 3, 4, 5, 6

	fieldDigests, fieldCheckpoints, fieldsOfSpans = 2, 3, 4

	fieldName, fieldType, fieldOffset, fieldSize, fieldLink, fieldRecords, fieldsOfFile = 0, 1, 2, 3, 4, 13, 14
)

// Bytes is the FlatBuffer.
func (z *ZTOC) Bytes() []byte {
	files := make(vector, len(z.Files))
	for i, f := range z.Files {
		files[i] = f.toTable()
	}
	return encodeFlatBuffer(table{
		slots: fieldsOfZTOC,
		fields: map[int]any{
			fieldVersion: z.Version, fieldCompressed: z.Compressed, fieldUncompressed: z.Uncompressed,
			fieldTOC: table{1, map[int]any{0: files}}, fieldSpans: z.encodeSpans(),
		},
	})
}

// encodeSpans returns the checkpoints as gzip_zinfo.c packs them, and the digests. How many there
// are is left out elsewhere.
func (z *ZTOC) encodeSpans() table {
	packed := binary.LittleEndian.AppendUint32(nil, uint32(len(z.Spans)))
	packed = binary.LittleEndian.AppendUint64(packed, 4<<20)
	digests := make(vector, len(z.Spans))
	for i, s := range z.Spans {
		packed = binary.LittleEndian.AppendUint64(packed, uint64(s.In))
		packed = binary.LittleEndian.AppendUint64(packed, uint64(s.Out))
		packed = append(append(packed, s.Bits), s.Window...)
		digests[i] = s.Digest
	}
	// bytes are written as a string is
	return table{fieldsOfSpans, map[int]any{fieldDigests: digests, fieldCheckpoints: string(packed)}}
}

func (f File) toTable() table {
	records := vector{}
	for _, key := range slices.Sorted(maps.Keys(f.Records)) {
		records = append(records, table{2, map[int]any{0: key, 1: f.Records[key]}})
	}
	return table{
		slots: fieldsOfFile,
		fields: map[int]any{
			fieldName: f.Name, fieldType: f.Type, fieldOffset: f.Offset, fieldSize: f.Size, fieldLink: f.Link,
			fieldRecords: records,
		},
	}
}
