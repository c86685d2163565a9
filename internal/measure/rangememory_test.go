package measure

import (
	"bytes"
	"math/rand/v2"
	"testing"
)

// TestARangeIsReadOnceWhereItsPartsAreKnown: whatever was remembered, a range comes out whole, and
// what is read of it begins and ends with bytes that were not known.
func TestARangeIsReadOnceWhereItsPartsAreKnown(t *testing.T) {
	t.Parallel()
	blob := make([]byte, 1<<12)
	for i := range blob {
		blob[i] = byte(i*7 + i>>8)
	}
	for seed := range uint64(200) {
		random := rand.New(rand.NewPCG(seed, 1))
		r, known := &ranges{}, make([]bool, len(blob))
		for range 60 {
			offset := random.Int64N(int64(len(blob)))
			p := make([]byte, random.Int64N(min(500, int64(len(blob))-offset+1)))
			missing, at := r.recallEnds(p, offset)
			if n := len(missing); n > 0 && (known[at] || known[at+int64(n)-1]) {
				t.Fatalf("seed %d: of %d bytes at %d, %d at %d are to be read, whose ends are known",
					seed, len(p), offset, n, at)
			}
			copy(missing, blob[at:])
			if !bytes.Equal(p, blob[offset:offset+int64(len(p))]) {
				t.Fatalf("seed %d: %d bytes at %d are wrong", seed, len(p), offset)
			}
			r.remember(missing, at)
			for i := range missing {
				known[at+int64(i)] = true
			}
		}
		end := int64(0)
		for _, read := range r.read {
			if read.from < end || !bytes.Equal(read.data, blob[read.from:read.end()]) {
				t.Fatalf(
					"seed %d: %d bytes at %d overlap what ends at %d, or are wrong",
					seed, len(read.data), read.from, end,
				)
			}
			end = read.end()
		}
	}
}

// TestReadersSideBySideRememberOverlappingRanges: two readers that miss overlapping ranges at the
// same time keep each byte once.
func TestReadersSideBySideRememberOverlappingRanges(t *testing.T) {
	t.Parallel()
	r := &ranges{}
	r.remember([]byte("cdef"), 2)
	r.remember([]byte("abcd"), 0)
	r.remember([]byte("efgh"), 4)
	got := make([]byte, 8)
	if missing, _ := r.recallEnds(got, 0); len(missing) > 0 || string(got) != "abcdefgh" || len(r.read) != 3 {
		t.Errorf("%q in %d ranges, %d bytes unknown", got, len(r.read), len(missing))
	}
}
