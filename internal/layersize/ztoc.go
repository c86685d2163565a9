package layersize

import (
	"cmp"
	"context"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"strings"
)

// Fields of SOCI's zTOC, numbered as in its schema (soci-snapshotter, ztoc.fbs; the
// versions 0.9 and 1.x have the same).
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

// A zTOC is no part of the layer: whoever may push to the repository can attach one at any
// time, and what it lists is nothing but their word. It is compared with the layer's stream,
// as a table within the blob is (toccheck.go): its checkpoints say where the stream can be
// entered, so that what lies between two of them is unpacked and compared (ztocproof.go).
// One that is neither confirmed nor refuted is not exact: as a rule spans are too large to be
// unpacked for what a check may cost, and of each that is drawn its start is compared.
const (
	ztocNote = "the files are those that a SOCI index lists"

	// Below this the trailer alone tells the length, as 1032:1 leaves one candidate,
	// and windows cost no more than a look for an index.
	ztocFrom = 4 << 20
)

// Indexed reports whether a zTOC would say more of a layer than its own blob does: SOCI
// knows no compression but gzip's, and a table within the blob comes first.
func Indexed(l Layer) bool {
	_, own := l.Annotations[annotationTOCDigest]
	return !own && l.Size > ztocFrom && declaredCompression(l.MediaType) == packedGzip
}

// ZTOC measures a layer by its zTOC, the table of contents that a SOCI index, a
// referrer of the image's manifest, holds beside the layer: a FlatBuffer that lists
// every file. The caller verifies the digest of these bytes and passes them whole. Of the
// layer's blob no more than budget bytes are read. The error is an ErrTable where the blob
// refutes the zTOC.
func ZTOC(ctx context.Context, l Layer, ztoc []byte, budget int64) (Measurement, error) {
	if l.Blob == nil {
		return Measurement{}, errNoBlob
	}
	z, err := readZTOC(l, ztoc)
	if err != nil {
		return Measurement{}, err
	}
	blob := &budgetReader{ctx: ctx, blob: l.Blob, size: l.Size, left: max(budget, 0)}
	z.spans.prefix = min(checkBytes, blob.left) / prefixPart
	check := &tocCheck{segments: z.spans.segments, proof: z.spans, blob: blob, random: secretRandom()}
	switch err := check.run(); {
	case err == nil:
		return z.confirmed(l)
	case errors.Is(err, errUnconfirmed) || errors.Is(err, errBudget):
		return z.unconfirmed(l, err)
	default:
		return Measurement{}, err
	}
}

// listing is what a zTOC says of a layer.
type listing struct {
	files  *inventory
	spans  *spanProof
	length int64 // of the tar, to the end of its two empty blocks
}

// confirmed is the measurement of a zTOC that the check has proven. The last span was unpacked
// to its end, so that the tar's length is known.
func (z *listing) confirmed(l Layer) (Measurement, error) {
	length := z.spans.total
	if said, ok := annotatedSize(l, packedGzip); ok && said != length {
		return Measurement{}, fmt.Errorf("%w: it lists %d bytes, annotated are %d", ErrTable, length, said)
	}
	m := z.measurement()
	m.UnpackedBytes = exactly(length)
	return m, nil
}

// unconfirmed is the measurement of a zTOC that the check has neither proven nor refuted. It
// counts if the tar's length is the one in the gzip trailer (ISIZE, RFC 1952 §2.3.1: modulo
// 2^32; of several members, of the last one alone, so that this cannot refute).
func (z *listing) unconfirmed(l Layer, why error) (Measurement, error) {
	var trailer [4]byte
	if n, err := l.Blob.ReadAt(trailer[:], l.Size-int64(len(trailer))); n < len(trailer) && err != nil {
		if errors.Is(err, io.EOF) {
			err = io.ErrUnexpectedEOF
		}
		return Measurement{}, err
	}
	m := z.measurement()
	length := z.length + int64(binary.LittleEndian.Uint32(trailer[:])-uint32(z.length))
	if length > m.UnpackedBytes.Max {
		return Measurement{}, fmt.Errorf("%w: the blob's trailer speaks of another length", errUnconfirmed)
	}
	if said, ok := annotatedSize(l, packedGzip); ok && said != length {
		return Measurement{}, fmt.Errorf("%w: it lists %d bytes, annotated are %d", ErrTable, length, said)
	}
	m.UnpackedBytes, m.Exact = exactly(length), false
	m.Note = why.Error() + "; " + m.Note
	return m, nil
}

func (z *listing) measurement() Measurement {
	m := z.files.measurement()
	// It counts to the end of the tar; GNU tar pads what follows.
	m.UnpackedBytes = Interval{Value: z.length, Min: z.length, Max: z.length + tailMax}
	m.Method = MethodTOC
	m.Note = strings.Join(append([]string{ztocNote}, nonEmpty(m.Note)...), "; ")
	return m
}

func readZTOC(l Layer, ztoc []byte) (*listing, error) {
	f := newFlat(ztoc)
	root := f.root()
	if version := f.string(root, ztocVersion); !strings.HasPrefix(version, "1.") && version != "0.9" {
		return nil, fmt.Errorf("%w: it is of version %.16q", ErrTable, version)
	}
	if size := f.int64(root, ztocCompressed); size != l.Size {
		return nil, fmt.Errorf("%w: it is that of a blob of %d bytes, not %d", ErrTable, size, l.Size)
	}
	z := &listing{files: newInventory(), length: f.int64(root, ztocUncompressed)}
	if !plausible(z.length, l.Size, packedGzip) {
		return nil, fmt.Errorf("%w: its %d bytes cannot be", ErrTable, z.length)
	}
	points, err := readCheckpoints(f, f.table(root, ztocCompression))
	if err != nil {
		return nil, err
	}
	z.spans = newSpanProof(points, l.Size)
	tape := &layout{length: z.length}
	f.vector(f.table(root, ztocTOC), ztocMetadata, func(element int) bool {
		err = z.addEntry(f, element, tape)
		return err == nil
	})
	if err = cmp.Or(err, f.err()); err == nil {
		err = z.close(tape)
	}
	if err != nil {
		return nil, err
	}
	return z, nil
}

// addEntry counts one entry. Its types are named as in eStargz, its extended attributes
// stand among its PAX records.
func (z *listing) addEntry(f *flat, element int, tape *layout) error {
	listed := tocEntry{
		Type: f.string(element, ztocType), Name: f.string(element, ztocName),
		Link: f.string(element, ztocLink), Size: f.int64(element, ztocSize), Xattrs: map[string]string{},
	}
	kind, ok := tocKinds[listed.Type]
	if !ok {
		return fmt.Errorf("%w: %w: its type is %.32q", ErrTable, errEntry, listed.Type)
	}
	if kind != kindFile {
		listed.Size = 0
	}
	e := entry{name: listed.Name, kind: kind, size: listed.Size, link: listed.Link}
	records := int64(0)
	f.vector(element, ztocXattrs, func(record int) bool {
		key, value := f.string(record, ztocKey), f.string(record, ztocValue)
		records += int64(len(key)+len(value)) + paxOverhead
		if attribute, ok := strings.CutPrefix(key, paxAttribute); ok {
			e.attributes.include(z.files, attribute, value, len(value))
			listed.Xattrs[attribute] = base64.StdEncoding.EncodeToString([]byte(value))
		}
		return !f.bad
	})
	if err := f.err(); err != nil {
		return err
	}
	header, offset := tape.at, f.int64(element, ztocOffset)
	if err := tape.place(offset, e, records); err != nil {
		return err
	}
	z.spans.addHeader(header, offset, listed)
	return z.files.add(e)
}

// close expects the end of the tar, and that the spans can hold all of it.
func (z *listing) close(tape *layout) error {
	if err := tape.close(); err != nil {
		return err
	}
	return z.spans.complete(tape.at, z.length)
}

// A PAX record is its own length in decimal, a space, the key, an equals sign, the
// value and a line feed (POSIX.1-2001, pax Extended Header).
const paxOverhead = 3 + 7

// layout follows the entries of a tar from its start to its end.
type layout struct{ at, length int64 }

var errLayout = fmt.Errorf("%w: its files do not fill the tar", ErrTable)

// place puts an entry whose content begins at this offset: behind its header, and headers for
// its PAX records, its long name and the long target of its link.
func (t *layout) place(offset int64, e entry, records int64) error {
	most := int64(tarBlock)
	for _, further := range []int64{records, int64(len(e.name)), int64(len(e.link))} {
		if further > 0 {
			most += 2*tarBlock + padded(further)
		}
	}
	if offset%tarBlock != 0 || offset < t.at+tarBlock || offset > t.at+most || e.size < 0 || e.size > t.length-offset {
		return errLayout
	}
	t.at = offset + padded(e.size)
	return nil
}

// close expects two empty blocks, or, as writers are lax, fewer of them.
func (t *layout) close() error {
	if left := t.length - t.at; left < 0 || left > 2*tarBlock {
		return errLayout
	}
	return nil
}

func padded(size int64) int64 { return (size + tarBlock - 1) / tarBlock * tarBlock }
