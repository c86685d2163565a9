package layersize

import (
	"encoding/binary"
	"strconv"
	"strings"
)

// tarHeader is what one block of 512 bytes says of an entry, read without what comes
// before and after it: POSIX.1-1988 (ustar), and GNU's long numbers.
type tarHeader struct {
	kind byte
	size int64 // of what follows the header
	link int   // length of the link's target
}

// parseHeader recognises a header by its checksum: the sum of all its bytes, with
// spaces in the checksum's own place.
func parseHeader(block []byte) (h tarHeader, ok bool) {
	if block[0] == 0 {
		return h, false // no name: the zeros at the end
	}
	want, ok := octal(block[148:156])
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
	h.kind = block[156]
	h.size, ok = octal(block[124:136])
	if block[124] == 0x80 { // GNU: a number of 256s
		h.size, ok = int64(binary.BigEndian.Uint64(block[128:136])), true
	}
	h.link = len(strings.TrimRight(string(block[157:257]), "\x00"))
	return h, ok && h.size >= 0
}

// octal reads a field of a header: digits among spaces and zeros.
func octal(field []byte) (int64, bool) {
	digits := strings.Trim(string(field), " \x00")
	n, err := strconv.ParseInt(digits, 8, 64)
	return n, err == nil
}

// entries is 0 for a header that only says more of the next one.
func (h tarHeader) entries() int64 {
	switch h.kind {
	case 'x', 'g', 'L', 'K':
		return 0
	}
	return 1
}

// gain is what an entry holds on an ext4 disk beyond what it takes in the tar, in
// bytes, and negative where the tar takes more. The target of a short link stands in
// its inode.
func (h tarHeader) gain() int64 {
	content := (h.size + tarBlock - 1) / tarBlock * tarBlock
	held := int64(0)
	switch h.kind {
	case 'x', 'g', 'L', 'K', '1', '3', '4', '6':
	case '2':
		content = 0
		if h.link > longestFastLink {
			held = blockSize
		}
	case '5':
		content, held = 0, blockSize
	default:
		held = wholeBlocks(h.size)
	}
	if h.kind == '1' {
		content = 0 // some writers repeat the size of what is linked to
	}
	return held - content - tarBlock
}
