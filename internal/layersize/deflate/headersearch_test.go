package deflate

import (
	"bytes"
	"compress/flate"
	"encoding/binary"
	"math/rand/v2"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/layersize/packtest"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/layersize/transcript"
)

// windowOf is a window whose bytes are in place.
func windowOf(data []byte) *Window {
	return &Window{inflater: inflater{data: transcript.Pad(data), Limit: len(data) * 8}}
}

// dynamicOneByOne looks for headers of dynamic blocks (RFC 1951 §3.2.7) as its text has it, bit by
// bit.
func dynamicOneByOne(w *Window, end int) (found []int) {
	bit := func(at int) int { return int(w.peek(at) & 1) }
	number := func(at, width int) (n int) {
		for i := range width {
			n |= bit(at+i) << i
		}
		return n
	}
	for pos := range end {
		if bit(pos) != 0 || number(pos+1, 2) != 2 || number(pos+3, 5) > 29 || number(pos+8, 5) > 29 {
			continue
		}
		taken := 0.0
		for i := range number(pos+13, 4) + 4 {
			if l := number(pos+17+3*i, 3); l > 0 {
				taken += 1 / float64(int(1)<<l)
			}
		}
		if taken == 1 {
			found = append(found, pos)
		}
	}
	return found
}

// lengthsOneByOne looks for lengths of stored blocks (RFC 1951 §3.2.4).
func lengthsOneByOne(data []byte) (found []int) {
	for i := 1; i+4 <= len(data); i++ {
		n := binary.LittleEndian.Uint16(data[i:])
		if data[i-1] < 1<<5 && binary.LittleEndian.Uint16(data[i+2:]) == ^n {
			found = append(found, i)
		}
	}
	return found
}

// compareHeaders holds the searches that look at many places at once against those that look at
// each.
func compareHeaders(t *testing.T, data []byte) {
	t.Helper()
	w := windowOf(data)
	var dynamic, lengths []int
	end := len(data) * 8
	for pos := w.nextDynamic(0, end); pos != nowhere; pos = w.nextDynamic(pos+1, end) {
		dynamic = append(dynamic, pos)
	}
	for i := w.nextLength(1); i+4 <= len(data); i = w.nextLength(i + 1) {
		lengths = append(lengths, i)
	}
	if diff := cmp.Diff(dynamicOneByOne(w, end), dynamic); diff != "" {
		t.Errorf("dynamic blocks:\n%s", diff)
	}
	if diff := cmp.Diff(lengthsOneByOne(data), lengths); diff != "" {
		t.Errorf("stored blocks:\n%s", diff)
	}
}

func TestHeadersAreFoundWhereverTheyStand(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(4, 4))
	for _, m := range packtest.Materials() {
		content, _ := m.Make(r, 200_000)
		for _, level := range []int{1, 6, 9} {
			var b bytes.Buffer
			w, _ := flate.NewWriter(&b, level)
			_, _ = w.Write(content)
			_ = w.Close()
			compareHeaders(t, b.Bytes()[:min(b.Len(), 40_000)])
		}
	}
	// Lengths one after the other, which overlap, and what looks like one but for a bit.
	dense := make([]byte, 4096)
	for i := range dense {
		dense[i] = []byte{0, 0xff, 0, 0xff, 1, 0xfe}[r.IntN(6)]
	}
	compareHeaders(t, dense)
	for n := range 40 {
		compareHeaders(t, dense[:n])
	}
}

func FuzzHeaders(f *testing.F) {
	f.Add([]byte{0, 4, 0, 0xfb, 0xff, 1, 2, 3, 4})
	f.Add([]byte{0x04, 0xc0, 0x81, 0x08, 0, 0, 0, 0, 0x20, 0x90, 0xfd})
	f.Fuzz(func(t *testing.T, data []byte) {
		compareHeaders(t, data[:min(len(data), 4096)])
	})
}
