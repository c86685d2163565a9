package transcript

import "testing"

// TestHeadersStandWhereTheOutputIsAligned: of each header two digits of the size are known and one
// of the checksum's first ones. Read a byte off, that makes three digits of the two fields' ends.
func TestHeadersStandWhereTheOutputIsAligned(t *testing.T) {
	t.Parallel()
	const headers = 40
	text := NewText()
	for range headers {
		block := make([]uint16, TarBlock)
		for i := range block {
			block[i] = Unknown
		}
		block[132], block[133], block[149] = '1', '7', '1'
		text.AppendSymbols(block)
	}
	text.AppendSymbols(make([]uint16, TarBlock))
	for _, text.Aligned = range []bool{true, false} {
		found := text.FindHeaders()
		if len(found) < headers-1 || (found[0]%TarBlock == 0) != text.Aligned {
			t.Errorf("aligned %v: %d headers, the first at %d", text.Aligned, len(found), found[0])
		}
	}
}
