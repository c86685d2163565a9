package toc

import (
	"archive/tar"
	"bytes"
	"encoding/base64"
	"errors"
	"strings"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/layersize"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/layersize/inventory"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/layersize/tarball"
)

// Entry is what matters of an entry in a table of contents. Its names are those of
// estargz.TOCEntry, and zstd:chunked uses the same; endOffset is containers/storage's.
type Entry struct {
	Name   string            `json:"name"`
	Type   string            `json:"type"`
	Size   int64             `json:"size"`
	Link   string            `json:"linkName"`
	Xattrs map[string]string `json:"xattrs"` // values in base64
	Digest string            `json:"digest"`

	Offset      int64  `json:"offset"`      // of a file's first bytes, or of a chunk, in the blob
	Inner       int64  `json:"innerOffset"` // behind it, unpacked, where several files share an offset
	EndOffset   int64  `json:"endOffset"`   // of a file's last bytes
	ChunkOffset int64  `json:"chunkOffset"` // in the file
	ChunkSize   int64  `json:"chunkSize"`   // 0 for all the rest of the file
	ChunkDigest string `json:"chunkDigest"`
}

// Kinds are the types of entries by their names in a table.
var Kinds = map[string]inventory.Kind{
	"reg":      inventory.KindFile,
	"dir":      inventory.KindDirectory,
	"symlink":  inventory.KindSymlink,
	"hardlink": inventory.KindHardlink,
	"char":     inventory.KindDevice,
	"block":    inventory.KindDevice,
	"fifo":     inventory.KindDevice,
}

// ErrEntry is that of an entry that cannot be.
var ErrEntry = errors.New("it has an entry that cannot be")

// HeaderLength is what an entry's headers take in the tar. The table does not say whether it had
// PAX or GNU headers: one that needs them had, and any one may have, with a record for everything
// and for times below a second.
func HeaderLength(e Entry) layersize.Interval {
	const record, longName, fields = 40, 100, 10
	records, needed := len(e.Name)+len(e.Link)+fields*record, max(len(e.Link)-longName, 0)
	for name, value := range e.Xattrs {
		records += len(name) + len(value) + record
		needed += len(name) + base64.RawStdEncoding.DecodedLen(len(strings.TrimRight(value, "=")))
	}
	extended := tarball.BlockSize + tarball.Pad(int64(records))
	length := layersize.Interval{Value: tarball.BlockSize, Min: tarball.BlockSize, Max: tarball.BlockSize + 2*extended}
	if needed > 0 {
		length.Min += tarball.BlockSize + tarball.Pad(int64(needed))
	}
	if needed > 0 || len(e.Name) > longName {
		length.Value += extended
	}
	return length
}

// IsZero reports whether data are zeros.
func IsZero(data []byte) bool { return len(bytes.Trim(data, "\x00")) == 0 }

// EntryOf is a header as a table lists it.
func EntryOf(h *tar.Header) Entry {
	kinds := map[byte]string{
		tar.TypeReg: "reg", tar.TypeDir: "dir", tar.TypeSymlink: "symlink", tar.TypeLink: "hardlink",
		tar.TypeChar: "char", tar.TypeBlock: "block", tar.TypeFifo: "fifo",
	}
	e := Entry{Name: h.Name, Type: kinds[h.Typeflag], Link: h.Linkname}
	if e.Type == "reg" {
		e.Size = h.Size
	}
	for record, value := range h.PAXRecords {
		if name, ok := strings.CutPrefix(record, "SCHILY.xattr."); ok {
			if e.Xattrs == nil {
				e.Xattrs = map[string]string{}
			}
			e.Xattrs[name] = base64.StdEncoding.EncodeToString([]byte(value))
		}
	}
	return e
}
