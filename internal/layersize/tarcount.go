package layersize

import (
	"archive/tar"
	"errors"
	"fmt"
	"io"
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
		e := fromHeader(header, files)
		if err := files.add(e); err != nil {
			return err
		}
	}
}

// fromHeader translates a header.
func fromHeader(h *tar.Header, files *inventory) entry {
	e := entry{name: h.Name, size: h.Size, link: h.Linkname}
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
		e.kind = kindNothing
	case tar.TypeGNUSparse:
		e.kind = kindFile
		files.refuse(h.Name, RefusedSparse)
	default:
		e.kind = kindFile
		files.refuse(h.Name, RefusedType)
	}
	if e.kind != kindNothing {
		e.attributes = files.measureAttributes(h.Name, e.kind, h.PAXRecords)
	}
	return e
}
