package deflate

import (
	"bytes"
	"compress/flate"
	"io"
	"math/rand/v2"
	"testing"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/layersize/packtest"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/layersize/transcript"
)

// count decodes a whole deflate stream.
func count(stream []byte) (out int64, used int, err error) {
	f := inflater{data: transcript.Pad(stream), Limit: len(stream) * 8}
	f.Reset(0, 0)
	err = f.member()
	return f.Out, (f.Pos + 7) / 8, err
}

func TestCountsWhatFlateWrites(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	for _, m := range packtest.Materials() {
		data, _ := m.Make(r, 300_000)
		for level := -2; level <= 9; level++ {
			var b bytes.Buffer
			w, _ := flate.NewWriter(&b, level)
			_, _ = w.Write(data)
			_ = w.Close()
			out, used, err := count(b.Bytes())
			if err != nil || out != int64(len(data)) || used != b.Len() {
				t.Errorf("%s, level %d: counted %d of %d bytes, used %d of %d, %v", m.Name, level, out, len(data), used, b.Len(), err)
			}
		}
	}
}

func FuzzInflate(f *testing.F) {
	r := rand.New(rand.NewPCG(1, 1))
	for _, level := range []int{flate.HuffmanOnly, 0, 1, 9} {
		var b bytes.Buffer
		w, _ := flate.NewWriter(&b, level)
		_, _ = w.Write(packtest.JSONLines(r, 2000))
		_ = w.Close()
		f.Add(b.Bytes())
	}
	f.Add([]byte{3, 0})
	f.Add([]byte{0x4b, 4, 0})
	f.Fuzz(func(t *testing.T, stream []byte) {
		out, _, err := count(stream)
		want, wantErr := io.Copy(io.Discard, io.LimitReader(flate.NewReader(bytes.NewReader(stream)), 1<<20))
		if want == 1<<20 {
			return
		}
		if wantErr == nil && (err != nil || out != want) {
			t.Fatalf("counted %d, %v; want %d", out, err, want)
		}
		if wantErr != nil && err == nil {
			t.Fatalf("counted %d of a stream that is damaged: %v", out, wantErr)
		}
	})
}
