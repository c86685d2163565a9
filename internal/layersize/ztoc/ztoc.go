// Package ztoc measures layers by a zTOC, the table of contents that SOCI keeps beside a layer.
//
// A zTOC is no part of the layer: it can be attached by any account that may push to the
// repository, at any time, and what it lists is unverified. It is compared with the layer's stream,
// as a table within the blob is (package toc): its checkpoints say where the stream can be entered,
// so that what lies between two of them is unpacked and compared (proof.go). One that is neither
// confirmed nor refuted is not exact: usually spans are too large to be unpacked for what a check
// may cost, and of each that is drawn its start is compared.
package ztoc

import (
	"cmp"
	"context"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/layersize"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/layersize/compression"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/layersize/inventory"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/layersize/rangeread"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/layersize/tarball"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/layersize/toc"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/mediatype"
)

// Fields of SOCI's zTOC, numbered as in its schema (soci-snapshotter, ztoc.fbs; the versions 0.9
// and 1.x have the same).
const (
	ztocVersion      = 0
	ztocCompressed   = 2
	ztocUncompressed = 3
	ztocTOC          = 4
	ztocCompression  = 5

	ztocAlgorithm   = 0
	ztocSpanDigests = 2
	ztocCheckpoints = 3

	ztocMetadata = 0

	ztocName   = 0
	ztocType   = 1
	ztocOffset = 2
	ztocSize   = 3
	ztocLink   = 4
	ztocXattrs = 13

	ztocKey   = 0
	ztocValue = 1
)

const (
	ztocNote = "the files are those that a SOCI index lists"

	// Below this the trailer alone states the length, as 1032:1 leaves one candidate, and windows
	// cost no more than a look for an index.
	ztocFrom = 4 << 20
)

// IsUseful reports whether a zTOC would say more of a layer than its own blob does: SOCI knows no
// compression but gzip's, and a table within the blob comes first.
func IsUseful(l layersize.Layer) bool {
	_, own := l.Annotations[toc.AnnotationDigest]
	return !own && l.Size > ztocFrom && compression.Declared(l.MediaType) == mediatype.Gzip
}

// Source measures a layer by its zTOC, the table of contents that a SOCI index, a referrer of the
// image's manifest, holds beside the layer: a FlatBuffer that lists every file.
type Source struct {
	// Read returns the zTOC, whose digest was verified.
	Read func() ([]byte, error)
}

// Name implements Source.
func (Source) Name() string { return "the zTOC of the SOCI index" }

// Measure implements Source.
func (s Source) Measure(ctx context.Context, in *layersize.Input) (layersize.Measurement, error) {
	content, err := s.Read()
	if err != nil {
		return layersize.Measurement{}, err
	}
	z, err := readTable(in.Layer, content)
	if err != nil {
		return layersize.Measurement{}, err
	}
	// What the check spends depends on what it draws, and what samples may read must not.
	reserved := in.Reader.Reserve(min(toc.CheckBytes, in.Reader.Left()))
	z.spans.prefix = reserved.Left() / prefixPart
	switch err := toc.NewCheck(z.spans.Segments, z.spans, reserved).Run(); {
	case err == nil:
		return z.confirmedMeasurement(in.Layer)
	case errors.Is(err, layersize.ErrUnconfirmed), errors.Is(err, rangeread.ErrBudget):
		return z.unconfirmedMeasurement(in.Layer, err)
	case reserved.Err() != nil:
		return layersize.Measurement{}, &layersize.Fault{Err: err}
	default:
		return layersize.Measurement{}, err
	}
}

// listing is what a zTOC says of a layer.
type listing struct {
	files  *inventory.Inventory
	spans  *spanProof
	length int64 // of the tar, to the end of its two empty blocks
}

// confirmedMeasurement is the measurement of a zTOC that the check has proven. The last span was
// unpacked to its end, so that the tar's length is known.
func (z *listing) confirmedMeasurement(l layersize.Layer) (layersize.Measurement, error) {
	length := z.spans.total
	if err := compareAnnotation(l, length); err != nil {
		return layersize.Measurement{}, err
	}
	m := z.listedMeasurement()
	m.UnpackedBytes = layersize.Exactly(length)
	return m, nil
}

// unconfirmedMeasurement is the measurement of a zTOC that the check has neither proven nor
// refuted. It counts if the tar's length is the one in the gzip trailer (ISIZE, RFC 1952 §2.3.1:
// modulo 2^32; of several members, of the last one alone, so that this cannot refute).
func (z *listing) unconfirmedMeasurement(l layersize.Layer, reason error) (layersize.Measurement, error) {
	var trailer [4]byte
	if n, err := l.Blob.ReadAt(trailer[:], l.Size-int64(len(trailer))); n < len(trailer) && err != nil {
		if errors.Is(err, io.EOF) {
			err = io.ErrUnexpectedEOF
		}
		return layersize.Measurement{}, &layersize.Fault{Err: err}
	}
	m := z.listedMeasurement()
	length := z.length + int64(binary.LittleEndian.Uint32(trailer[:])-uint32(z.length))
	if length > m.UnpackedBytes.Max {
		return layersize.Measurement{}, errOtherLength
	}
	if err := compareAnnotation(l, length); err != nil {
		return layersize.Measurement{}, err
	}
	m.UnpackedBytes, m.Exact = layersize.Exactly(length), false
	m.AddNote(fmt.Sprintf("%s %v", Source{}.Name(), reason))
	return m, nil
}

// compareAnnotation returns an error if the layer is annotated with another length.
func compareAnnotation(l layersize.Layer, length int64) error {
	if annotated, ok := l.AnnotatedSize(mediatype.Gzip); ok && annotated != length {
		return fmt.Errorf("%w: it lists %d bytes, annotated are %d", layersize.ErrTable, length, annotated)
	}
	return nil
}

var errOtherLength = errors.New("the blob's trailer has another length")

func (z *listing) listedMeasurement() layersize.Measurement {
	m := z.files.Measurement()
	// It counts to the end of the tar; GNU tar pads what follows.
	m.UnpackedBytes = layersize.Interval{Value: z.length, Min: z.length, Max: z.length + tarball.MostTail}
	m.Method = layersize.MethodTOC
	m.AddNote(ztocNote)
	return m
}

func readTable(l layersize.Layer, ztoc []byte) (*listing, error) {
	f := newFlatBuffer(ztoc)
	root := f.rootTable()
	if version := f.readString(root, ztocVersion); !strings.HasPrefix(version, "1.") && version != "0.9" {
		return nil, fmt.Errorf("%w: it is of version %.16q", layersize.ErrTable, version)
	}
	if size := f.readInt64(root, ztocCompressed); size != l.Size {
		return nil, fmt.Errorf("%w: it is that of a blob of %d bytes, not %d", layersize.ErrTable, size, l.Size)
	}
	z := &listing{files: inventory.New(), length: f.readInt64(root, ztocUncompressed)}
	if !compression.IsPlausible(z.length, l.Size, mediatype.Gzip) {
		return nil, fmt.Errorf("%w: its %d bytes cannot be", layersize.ErrTable, z.length)
	}
	points, err := readCheckpoints(f, f.readTable(root, ztocCompression))
	if err != nil {
		return nil, err
	}
	z.spans = newSpanProof(points, l.Size)
	tape := &layout{length: z.length}
	f.visitVector(f.readTable(root, ztocTOC), ztocMetadata, func(element int) bool {
		err = z.addEntry(f, element, tape)
		return err == nil
	})
	if err = cmp.Or(err, f.checkRead()); err == nil {
		err = z.checkEnd(tape)
	}
	if err != nil {
		return nil, err
	}
	return z, nil
}

// addEntry counts one entry. Its types are named as in eStargz, its extended attributes stand among
// its PAX records.
func (z *listing) addEntry(f *flatBuffer, element int, tape *layout) error {
	listed := toc.Entry{
		Type: f.readString(element, ztocType), Name: f.readString(element, ztocName),
		Link: f.readString(element, ztocLink), Size: f.readInt64(element, ztocSize), Xattrs: map[string]string{},
	}
	kind, ok := toc.Kinds[listed.Type]
	if !ok {
		return fmt.Errorf("%w: %w: its type is %.32q", layersize.ErrTable, toc.ErrEntry, listed.Type)
	}
	if kind != inventory.KindFile {
		listed.Size = 0
	}
	e := inventory.Entry{Name: listed.Name, Kind: kind, Size: listed.Size, Link: listed.Link}
	records := int64(0)
	f.visitVector(element, ztocXattrs, func(record int) bool {
		key, value := f.readString(record, ztocKey), f.readString(record, ztocValue)
		records += int64(len(key)+len(value)) + paxOverhead
		if attribute, ok := strings.CutPrefix(key, inventory.PaxAttribute); ok {
			e.Attributes.Include(z.files, attribute, value, len(value))
			listed.Xattrs[attribute] = base64.StdEncoding.EncodeToString([]byte(value))
		}
		return !f.bad
	})
	if err := f.checkRead(); err != nil {
		return err
	}
	header, offset := tape.at, f.readInt64(element, ztocOffset)
	if err := tape.placeEntry(offset, e, records); err != nil {
		return err
	}
	z.spans.addHeader(header, offset, listed)
	return z.files.Add(e)
}

// checkEnd expects the end of the tar, and that the spans can hold all of it.
func (z *listing) checkEnd(tape *layout) error {
	if err := tape.checkEnd(); err != nil {
		return err
	}
	return z.spans.checkCheckpoints(tape.at, z.length)
}

// A PAX record is its own length in decimal, a space, the key, an equals sign, the value and a line
// feed (POSIX.1-2001, pax Extended Header).
const paxOverhead = 3 + 7

// layout follows the entries of a tar from its start to its end.
type layout struct{ at, length int64 }

var errLayout = fmt.Errorf("%w: its files do not fill the tar", layersize.ErrTable)

// placeEntry puts an entry whose content begins at this offset: behind its header, and headers for
// its PAX records, its long name and the long target of its link.
func (t *layout) placeEntry(offset int64, e inventory.Entry, records int64) error {
	most := int64(tarball.BlockSize)
	for _, further := range []int64{records, int64(len(e.Name)), int64(len(e.Link))} {
		if further > 0 {
			most += 2*tarball.BlockSize + tarball.Pad(further)
		}
	}
	isNext := offset%tarball.BlockSize == 0 && offset >= t.at+tarball.BlockSize && offset <= t.at+most
	if !isNext || e.Size < 0 || e.Size > t.length-offset {
		return errLayout
	}
	t.at = offset + tarball.Pad(e.Size)
	return nil
}

// checkEnd expects two empty blocks, or, as writers are lax, fewer of them.
func (t *layout) checkEnd() error {
	if left := t.length - t.at; left < 0 || left > 2*tarball.BlockSize {
		return errLayout
	}
	return nil
}
