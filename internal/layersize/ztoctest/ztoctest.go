// Package ztoctest makes zTOCs, the tables of contents of SOCI, as soci-snapshotter makes them (ztoc.fbs, ztoc/toc_builder.go
// and ztoc/ztoc_marshaler.go of https://github.com/awslabs/soci-snapshotter), and others that lie.
package ztoctest

import (
	"archive/tar"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"

	flatbuffers "github.com/google/flatbuffers/go"
)

// ZTOC is what a zTOC says of a layer. Checkpoints and digests of spans, which only a snapshotter needs, are left out.
type ZTOC struct {
	Version      string
	Compressed   int64 // bytes of the blob
	Uncompressed int64 // bytes of the tar, to the end of its two empty blocks
	Files        []File
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

// Of lists a tar, whose blob has so many bytes.
func Of(tarball io.Reader, compressed int64) (*ZTOC, error) {
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
			Name: header.Name, Type: kind, Offset: position.n, Size: header.Size, Link: header.Linkname, Records: header.PAXRecords,
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
	fieldVersion, fieldCompressed, fieldUncompressed, fieldTOC, fieldsOfZTOC = 0, 2, 3, 4, 6

	fieldName, fieldType, fieldOffset, fieldSize, fieldLink, fieldRecords, fieldsOfFile = 0, 1, 2, 3, 4, 13, 14
)

// Bytes is the FlatBuffer.
func (z *ZTOC) Bytes() []byte {
	b := flatbuffers.NewBuilder(1 << 16)
	version := b.CreateString(z.Version)
	files := make([]flatbuffers.UOffsetT, len(z.Files))
	for i, f := range z.Files {
		files[i] = f.write(b)
	}
	list := b.CreateVectorOfTables(files)
	b.StartObject(1)
	b.PrependUOffsetTSlot(0, list, 0)
	toc := b.EndObject()
	b.StartObject(fieldsOfZTOC)
	b.PrependUOffsetTSlot(fieldVersion, version, 0)
	b.PrependInt64Slot(fieldCompressed, z.Compressed, 0)
	b.PrependInt64Slot(fieldUncompressed, z.Uncompressed, 0)
	b.PrependUOffsetTSlot(fieldTOC, toc, 0)
	b.Finish(b.EndObject())
	return b.FinishedBytes()
}

func (f File) write(b *flatbuffers.Builder) flatbuffers.UOffsetT {
	name, kind, link := b.CreateString(f.Name), b.CreateString(f.Type), b.CreateString(f.Link)
	var records []flatbuffers.UOffsetT
	for _, key := range slices.Sorted(maps.Keys(f.Records)) {
		k, v := b.CreateString(key), b.CreateString(f.Records[key])
		b.StartObject(2)
		b.PrependUOffsetTSlot(0, k, 0)
		b.PrependUOffsetTSlot(1, v, 0)
		records = append(records, b.EndObject())
	}
	list := b.CreateVectorOfTables(records)
	b.StartObject(fieldsOfFile)
	b.PrependUOffsetTSlot(fieldName, name, 0)
	b.PrependUOffsetTSlot(fieldType, kind, 0)
	b.PrependInt64Slot(fieldOffset, f.Offset, 0)
	b.PrependInt64Slot(fieldSize, f.Size, 0)
	b.PrependUOffsetTSlot(fieldLink, link, 0)
	b.PrependUOffsetTSlot(fieldRecords, list, 0)
	return b.EndObject()
}
