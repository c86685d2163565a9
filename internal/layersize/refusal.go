package layersize

import (
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Refusal is why containerd does not unpack a layer. It then pulls no image that holds the layer,
// whatever the disk.
type Refusal struct {
	Entry  string `json:",omitempty"` // quoted and shortened; "" where the layer is refused as a whole
	Reason Reason
}

// Reason completes a sentence that begins with the entry or with the layer. Each was tried with
// containerd 1.6.20 (Debian 12) and read in the source of 2.2.
type Reason string

// What containerd refuses. Its rules are those of its pkg/archive (Apply), of Linux, and of ext4.
const (
	RefusedType          Reason = "is of a type that containerd does not unpack"
	RefusedSparse        Reason = "is an old GNU sparse file, which containerd does not unpack"
	RefusedLink          Reason = "is a hard link to a file that does not come before it in the same layer"
	RefusedLinkCount     Reason = "is one hard link more to a file than the 65,000 that ext4 allows"
	RefusedParent        Reason = "is below a path of the same layer that is no directory"
	RefusedName          Reason = "has a name that is longer than Linux allows"
	RefusedTarget        Reason = "is a symbolic link whose target is empty or longer than 4,095 bytes"
	RefusedWhiteoutName  Reason = "is a whiteout without a name"
	RefusedWhiteoutTwice Reason = "is a whiteout of what the same layer holds"
	RefusedAttribute     Reason = "has an extended attribute that is not valid"
	RefusedAttributeSize Reason = "has more extended attributes than ext4 has room for"
	RefusedLostDirectory Reason = "replaces a directory, and an entry for a directory below it is lost"

	RefusedCompressed Reason = "is compressed, and its media type says that it is not"
	RefusedNotTar     Reason = "is not a tar"
	RefusedDamaged    Reason = "has compressed data that are damaged"
	RefusedTrailing   Reason = "has other bytes behind its gzip data, which only nodes with unpigz installed ignore"
	RefusedDiffID     Reason = "unpacks to other bytes than the image's configuration says (diff id)"
	RefusedDiffIDType Reason = "has a diff id that is not SHA-256"
	RefusedEmpty      Reason = "has a size of 0 bytes in the manifest"
	RefusedRecent     Reason = "has a media type that containerd knows only since version 2.0"
	RefusedElsewhere  Reason = "is fetched from URLs that the manifest lists, and not from the registry, unless " +
		"they answer 404"
)

// OnlyAboveOthers reports whether the reason counts only above another layer: containerd removes
// what a whiteout in an image's lowest layer names, and makes a device of it above.
func (r Reason) OnlyAboveOthers() bool { return r == RefusedWhiteoutTwice }

// Refuse notes in a measurement that containerd does not unpack the layer.
func (m *Measurement) Refuse(reason Reason) {
	m.Exact = false
	if !slices.Contains(m.Refusals, Refusal{Reason: reason}) {
		m.Refusals = append(m.Refusals, Refusal{Reason: reason})
	}
}

// RefusalsKept is how many refusals of a layer are kept: the first ones are enough to mend it.
const RefusalsKept = 3

// QuoteName makes an entry's name, which may be anything, fit for a message: Go's quotes, and both
// its ends where it is longer than any path (PATH_MAX of Linux). The caller shortens it further
// once secrets in it are redacted: a secret that is cut is not recognised.
func QuoteName(name string) string {
	const most = 4096
	if len(name) > most {
		head, tail := name[:most/2], name[len(name)-most/2:]
		for !utf8.RuneStart(tail[0]) && len(tail) > 1 {
			tail = tail[1:]
		}
		name = strings.ToValidUTF8(head, "") + "…" + tail
	}
	return strconv.QuoteToGraphic(name)
}
