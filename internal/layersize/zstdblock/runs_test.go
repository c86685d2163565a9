package zstdblock

import (
	"bytes"
	"math/rand/v2"
	"testing"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/layersize/packtest"
)

func TestFindsWhatEncodersRepeat(t *testing.T) {
	t.Parallel()
	for _, p := range packtest.ZstdProducers() {
		for _, of := range []byte{0, 2, 255} {
			data := append(packtest.RandomBytes(rand.New(rand.NewPCG(1, 1)), 300_000), bytes.Repeat([]byte{of}, 16<<20)...)
			stream, err := p.Compress(data)
			if err != nil {
				t.Skip(err)
			}
			at := int64(len(stream) - 400)
			if r, ok := FindRun(stream[at:at+ProbeLength], at); !ok || r.Output/r.Counted < 4096 {
				t.Errorf("%s, bytes of %d: %+v of %x", p.Name, of, r, stream[at:at+ProbeLength])
			}
		}
	}
}
