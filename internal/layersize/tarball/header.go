package tarball

import (
	"encoding/binary"
	"strconv"
	"strings"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/disksize"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/layersize/ext4"
)

// BlockSize is the unit of a tar: headers take one, and what files hold is padded to it
// (POSIX.1-2001, ustar Interchange Format).
const BlockSize = 512

// Pad returns a size in whole blocks of a tar.
func Pad(size int64) int64 { return (size + BlockSize - 1) / BlockSize * BlockSize }

// Header is what one block of 512 bytes says of an entry, read without what comes before and after
// it: POSIX.1-1988 (ustar), and GNU's long numbers.
type Header struct {
	Kind byte
	Size int64 // of what follows the header
	link int   // length of the link's target
}

// ParseHeader recognises a header by its checksum: the sum of all its bytes, with spaces in the
// checksum's own place.
func ParseHeader(block []byte) (h Header, ok bool) {
	if block[0] == 0 {
		return h, false // no name: the zeros at the end
	}
	want, ok := parseOctal(block[148:156])
	if !ok {
		return h, false
	}
	sum := int64(8 * ' ')
	for i, c := range block {
		if i < 148 || i >= 156 {
			sum += int64(c)
		}
	}
	if sum != want {
		return h, false
	}
	h.Kind = block[156]
	h.Size, ok = parseOctal(block[124:136])
	if block[124] == 0x80 { // GNU: a number of 256s
		h.Size, ok = int64(binary.BigEndian.Uint64(block[128:136])), true
	}
	h.link = len(strings.TrimRight(string(block[157:257]), "\x00"))
	return h, ok && h.Size >= 0
}

// parseOctal reads a field of a header: digits among spaces and zeros.
func parseOctal(field []byte) (int64, bool) {
	digits := strings.Trim(string(field), " \x00")
	n, err := strconv.ParseInt(digits, 8, 64)
	return n, err == nil
}

// Entries is 0 for a header that only says more of the next one.
func (h Header) Entries() int64 {
	switch h.Kind {
	case 'x', 'g', 'L', 'K':
		return 0
	}
	return 1
}

// Gain is what an entry holds on an ext4 disk beyond what it takes in the tar, in bytes, and
// negative where the tar takes more. The target of a short link stands in its inode.
func (h Header) Gain() int64 {
	content := Pad(h.Size)
	held := int64(0)
	switch h.Kind {
	case 'x', 'g', 'L', 'K', '1', '3', '4', '6':
	case '2':
		content = 0
		if h.link > ext4.LongestFastLink {
			held = disksize.BlockSize
		}
	case '5':
		content, held = 0, disksize.BlockSize
	default:
		held = disksize.Blocks(h.Size)
	}
	if h.Kind == '1' {
		content = 0 // some writers repeat the size of what is linked to
	}
	return held - content - BlockSize
}
