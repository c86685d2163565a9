package packtest

import (
	"bytes"
	"math/rand/v2"
	"testing"
)

const (
	fuzzedStream = 32 << 10
	seedLength   = 8 << 10
)

// RepeatInput repeats what the fuzzer writes, so that windows begin in the midst of it.
func RepeatInput(p []byte, copies uint8) []byte {
	p = p[:min(len(p), fuzzedStream)]
	return bytes.Repeat(p, 1+min(int(copies), fuzzedStream/(len(p)+1)))
}

// AddSeeds adds streams of all materials to a fuzz target whose arguments are bytes, how often they
// are repeated, and a number up to 16,384.
func AddSeeds(f *testing.F, compress func([]byte) ([]byte, error)) {
	f.Helper()
	r := rand.New(rand.NewPCG(1, 1))
	for _, m := range Materials() {
		data, _ := m.Make(r, seedLength)
		p, err := compress(data[:min(len(data), seedLength)])
		if err != nil {
			f.Fatal(err)
		}
		f.Add(p, uint8(0), uint16(16<<10-1))
		f.Add(p, uint8(255), uint16(16<<10-1))
		f.Add(append([]byte{0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3}, p[len(p)/2:]...), uint8(9), uint16(9<<10))
	}
}
