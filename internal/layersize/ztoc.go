package layersize

import (
	"fmt"
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
	ztocSize   = 3
	ztocLink   = 4
	ztocXattrs = 13

	ztocKey   = 0
	ztocValue = 1
)

// ZTOC measures a layer by its zTOC, the table of contents that a SOCI index, a
// referrer of the image's manifest, holds beside the layer: a FlatBuffer that lists
// every file. The caller verifies the digest of these bytes and passes them whole.
// The layer itself is not read.
func ZTOC(l Layer, ztoc []byte) (Measurement, error) {
	f := newFlat(ztoc)
	root := f.root()
	if version := f.string(root, ztocVersion); !strings.HasPrefix(version, "1.") && version != "0.9" {
		return Measurement{}, fmt.Errorf("%w: it is of version %.16q", errTOC, version)
	}
	if size := f.int64(root, ztocCompressed); size != l.Size {
		return Measurement{}, fmt.Errorf("%w: it is that of a blob of %d bytes, not %d", errTOC, size, l.Size)
	}
	files := newInventory()
	var err error
	f.vector(f.table(root, ztocTOC), ztocMetadata, func(element int) bool {
		err = files.addZTOC(f, element)
		return err == nil
	})
	if err == nil {
		err = f.err()
	}
	if err != nil {
		return Measurement{}, err
	}
	m := files.measurement()
	length := f.int64(root, ztocUncompressed)
	if !plausible(length, l.Size, packedGzip) {
		return Measurement{}, fmt.Errorf("%w: its %d bytes cannot be", errTOC, length)
	}
	// It counts to the end of the tar; GNU tar pads what follows.
	m.UnpackedBytes = Interval{Value: length, Min: length, Max: length + tailMax}
	m.Method = MethodTOC
	return m, nil
}

// addZTOC counts one entry. Its types are named as in eStargz, its extended attributes
// as in PAX.
func (v *inventory) addZTOC(f *flat, element int) error {
	name := f.string(element, ztocType)
	kind, ok := tocKinds[name]
	if !ok {
		return fmt.Errorf("%w: %w: its type is %.32q", errTOC, errEntry, name)
	}
	e := entry{
		name: f.string(element, ztocName),
		kind: kind,
		size: f.int64(element, ztocSize),
		link: f.string(element, ztocLink),
	}
	if e.size < 0 {
		return fmt.Errorf("%w: %w", errTOC, errEntry)
	}
	f.vector(element, ztocXattrs, func(record int) bool {
		if key, ok := strings.CutPrefix(f.string(record, ztocKey), paxAttribute); ok {
			value := f.string(record, ztocValue)
			e.attributes.include(v, key, value, len(value))
		}
		return !f.bad
	})
	if err := f.err(); err != nil {
		return err
	}
	return v.add(e)
}
