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
	files := make(vector, len(z.Files))
	for i, f := range z.Files {
		files[i] = f.table()
	}
	return encode(table{
		slots:  fieldsOfZTOC,
		fields: map[int]any{fieldVersion: z.Version, fieldCompressed: z.Compressed, fieldUncompressed: z.Uncompressed, fieldTOC: table{1, map[int]any{0: files}}},
	})
}

func (f File) table() table {
	records := vector{}
	for _, key := range slices.Sorted(maps.Keys(f.Records)) {
		records = append(records, table{2, map[int]any{0: key, 1: f.Records[key]}})
	}
	return table{
		slots: fieldsOfFile,
		fields: map[int]any{
			fieldName: f.Name, fieldType: f.Type, fieldOffset: f.Offset, fieldSize: f.Size, fieldLink: f.Link, fieldRecords: records,
		},
	}
}
