package inventory

import (
	"archive/tar"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/layersize"
)

// CountTar enters every entry of a tar. The standard library knows PAX and GNU headers, long names
// and sparse files; a reader that can seek skips what files hold.
func CountTar(r io.Reader, files *Inventory, limit int64) error {
	tape := tar.NewReader(r)
	for {
		header, err := tape.Next()
		switch {
		case err == io.EOF:
			return nil
		case errors.Is(err, tar.ErrInsecurePath): // containerd keeps such a path below the root
		case err != nil:
			return fmt.Errorf("%w: %w", layersize.ErrNotTar, err)
		}
		if files.entries >= limit {
			return fmt.Errorf("%w: %d", layersize.ErrTooManyEntries, limit)
		}
		e := fromHeader(header, files)
		if err := files.Add(e); err != nil {
			return err
		}
		if err := readSparse(tape, header, files); err != nil {
			return fmt.Errorf("%w: %w", layersize.ErrNotTar, err)
		}
	}
}

// readSparse reads a sparse file, holes included, since containerd refuses one whose map and data
// disagree, which only reading shows.
func readSparse(tape *tar.Reader, h *tar.Header, files *Inventory) error {
	const (
		paxSparse = "GNU.sparse."
		mostRead  = 64 << 30 // of zeros, mostly
	)
	isSparse := false
	for key := range h.PAXRecords {
		isSparse = isSparse || strings.HasPrefix(key, paxSparse)
	}
	switch {
	case !isSparse:
		return nil
	case h.Size > mostRead:
		files.noteOddity(oddSparse)
		return nil
	}
	_, err := io.Copy(io.Discard, tape)
	return err
}

// fromHeader translates a header.
func fromHeader(h *tar.Header, files *Inventory) Entry {
	e := Entry{Name: h.Name, Size: h.Size, Link: h.Linkname}
	switch h.Typeflag {
	case tar.TypeReg:
		e.Kind = KindFile
	case tar.TypeDir:
		e.Kind = KindDirectory
	case tar.TypeSymlink:
		e.Kind = KindSymlink
	case tar.TypeLink:
		e.Kind = KindHardlink
	case tar.TypeChar, tar.TypeBlock, tar.TypeFifo:
		e.Kind = KindDevice
	case tar.TypeXGlobalHeader:
		e.Kind = kindNothing
	case tar.TypeGNUSparse:
		e.Kind = KindFile
		files.refuseEntry(h.Name, layersize.RefusedSparse)
	default:
		e.Kind = KindFile
		files.refuseEntry(h.Name, layersize.RefusedType)
	}
	if e.Kind != kindNothing {
		e.Attributes = files.measureAttributes(h.Name, e.Kind, h.PAXRecords)
	}
	return e
}
