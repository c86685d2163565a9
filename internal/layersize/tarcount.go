package layersize

import (
	"archive/tar"
	"errors"
	"fmt"
	"io"
	"strings"
)

// countTar enters every entry of a tar. The standard library knows PAX and GNU
// headers, long names and sparse files; a reader that can seek skips what files hold.
func countTar(r io.Reader, files *inventory, limit int64) error {
	tape := tar.NewReader(r)
	for {
		header, err := tape.Next()
		switch {
		case err == io.EOF:
			return nil
		case errors.Is(err, tar.ErrInsecurePath): // containerd keeps such a path below the root
		case err != nil:
			return fmt.Errorf("%w: %w", ErrNotTar, err)
		}
		if files.entries >= limit {
			return fmt.Errorf("%w: %d", ErrTooManyEntries, limit)
		}
		e, ok := fromHeader(header, files)
		if !ok {
			continue
		}
		if err := files.add(e); err != nil {
			return err
		}
	}
}

// fromHeader translates a header; false for one that leaves nothing on the disk.
func fromHeader(h *tar.Header, files *inventory) (entry, bool) {
	e := entry{name: h.Name, size: h.Size, link: h.Linkname, attributes: files.measureAttributes(h.PAXRecords)}
	switch h.Typeflag {
	case tar.TypeReg:
		e.kind = kindFile
	case tar.TypeDir:
		e.kind = kindDirectory
	case tar.TypeSymlink:
		e.kind = kindSymlink
	case tar.TypeLink:
		e.kind = kindHardlink
	case tar.TypeChar, tar.TypeBlock, tar.TypeFifo:
		e.kind = kindDevice
	case tar.TypeXGlobalHeader:
		return entry{}, false
	case tar.TypeGNUSparse:
		e.kind = kindFile
		files.odd(oddSparse)
	default:
		e.kind = kindFile
		files.odd(oddType)
	}
	return e, true
}

// Extended attributes stand among the PAX records, as star and Docker write them.
const paxAttribute = "SCHILY.xattr."

// measureAttributes finds the extended attributes among an entry's PAX records.
func (v *inventory) measureAttributes(records map[string]string) attributes {
	var a attributes
	for key, value := range records {
		if name, ok := strings.CutPrefix(key, paxAttribute); ok {
			a.include(v, name, value, len(value))
		}
	}
	return a
}

// include adds one attribute; the order does not matter.
func (a *attributes) include(v *inventory, name, value string, length int) {
	a.bytes += attributeBytes(name, length)
	a.shape += v.hash(name)*31 ^ v.hash(value)
}
