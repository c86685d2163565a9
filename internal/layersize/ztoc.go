package layersize

import (
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
// time, and what it lists is nothing but their word. So it is never exact, and it
// counts only if it fits the blob: the files fill the tar from its start to its end,
// with room between them for headers and nothing else, and the tar's length is the one
// in the gzip trailer.
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
// every file. The caller verifies the digest of these bytes and passes them whole.
// Of the layer's blob the last four bytes are read.
func ZTOC(l Layer, ztoc []byte) (Measurement, error) {
	m, err := readZTOC(l, ztoc)
	if err != nil {
		return Measurement{}, err
	}
	length, err := agreed(l, m.UnpackedBytes)
	if err != nil {
		return Measurement{}, err
	}
	m.UnpackedBytes = exactly(length)
	return m, nil
}

// agreed is the length of the tar of which both the zTOC and the blob's trailer speak
// (ISIZE, RFC 1952 §2.3.1: modulo 2^32; of several members, of the last one alone).
func agreed(l Layer, listed Interval) (int64, error) {
	var trailer [4]byte
	if l.Blob == nil || l.Size < int64(len(trailer)) {
		return 0, fmt.Errorf("%w: there is no blob to hold it against", ErrTable)
	}
	if n, err := l.Blob.ReadAt(trailer[:], l.Size-int64(len(trailer))); n < len(trailer) && err != nil {
		if errors.Is(err, io.EOF) {
			err = io.ErrUnexpectedEOF
		}
		return 0, err
	}
	length := listed.Value + int64(binary.LittleEndian.Uint32(trailer[:])-uint32(listed.Value))
	if length > listed.Max {
		return 0, fmt.Errorf("%w: the blob's trailer speaks of another length", ErrTable)
	}
	if said, ok := annotatedSize(l, packedGzip); ok && said != length {
		return 0, fmt.Errorf("%w: it lists %d bytes, annotated are %d", ErrTable, length, said)
	}
	return length, nil
}

func readZTOC(l Layer, ztoc []byte) (Measurement, error) {
	f := newFlat(ztoc)
	root := f.root()
	if version := f.string(root, ztocVersion); !strings.HasPrefix(version, "1.") && version != "0.9" {
		return Measurement{}, fmt.Errorf("%w: it is of version %.16q", ErrTable, version)
	}
	if size := f.int64(root, ztocCompressed); size != l.Size {
		return Measurement{}, fmt.Errorf("%w: it is that of a blob of %d bytes, not %d", ErrTable, size, l.Size)
	}
	length := f.int64(root, ztocUncompressed)
	if !plausible(length, l.Size, packedGzip) {
		return Measurement{}, fmt.Errorf("%w: its %d bytes cannot be", ErrTable, length)
	}
	files := newInventory()
	tape := &layout{length: length}
	var err error
	f.vector(f.table(root, ztocTOC), ztocMetadata, func(element int) bool {
		err = files.addZTOC(f, element, tape)
		return err == nil
	})
	if err == nil {
		err = f.err()
	}
	if err == nil {
		err = tape.close()
	}
	if err != nil {
		return Measurement{}, err
	}
	m := files.measurement()
	// It counts to the end of the tar; GNU tar pads what follows.
	m.UnpackedBytes = Interval{Value: length, Min: length, Max: length + tailMax}
	m.Method, m.Exact = MethodTOC, false
	m.Note = strings.Join(append([]string{ztocNote}, nonEmpty(m.Note)...), "; ")
	return m, nil
}

// addZTOC counts one entry. Its types are named as in eStargz, its extended attributes
// stand among its PAX records.
func (v *inventory) addZTOC(f *flat, element int, tape *layout) error {
	name := f.string(element, ztocType)
	kind, ok := tocKinds[name]
	if !ok {
		return fmt.Errorf("%w: %w: its type is %.32q", ErrTable, errEntry, name)
	}
	e := entry{
		name: f.string(element, ztocName),
		kind: kind,
		size: f.int64(element, ztocSize),
		link: f.string(element, ztocLink),
	}
	if kind != kindFile {
		e.size = 0
	}
	records := int64(0)
	f.vector(element, ztocXattrs, func(record int) bool {
		key, value := f.string(record, ztocKey), f.string(record, ztocValue)
		records += int64(len(key)+len(value)) + paxOverhead
		if attribute, ok := strings.CutPrefix(key, paxAttribute); ok {
			e.attributes.include(v, attribute, value, len(value))
		}
		return !f.bad
	})
	if err := f.err(); err != nil {
		return err
	}
	if err := tape.place(f.int64(element, ztocOffset), e, records); err != nil {
		return err
	}
	return v.add(e)
}

// A PAX record is its own length in decimal, a space, the key, an equals sign, the
// value and a line feed (POSIX.1-2001, pax Extended Header).
const paxOverhead = 3 + 7

// layout follows the entries of a tar from its start to its end.
type layout struct{ at, length int64 }

var errLayout = fmt.Errorf("%w: its files do not fill the tar", ErrTable)

// place puts an entry whose content begins at this offset: behind its header, and headers for its PAX records, its
// long name and the long target of its link.
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
