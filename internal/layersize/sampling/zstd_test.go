package sampling

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/klauspost/compress/zstd"
)

func goZstd(level int) producer {
	return producer{fmt.Sprintf("klauspost zstd %d", level), "", true, func(p []byte) ([]byte, error) {
		var b bytes.Buffer
		w, err := zstd.NewWriter(&b, zstd.WithEncoderLevel(zstd.EncoderLevel(level)))
		if err != nil {
			return nil, err
		}
		_, err = w.Write(p)
		err = errors.Join(err, w.Close())
		return b.Bytes(), err
	}}
}

func zstdProducers() []producer {
	return []producer{goZstd(1), goZstd(2), goZstd(4), command("zstd", "-c", "-1"), command("zstd", "-c", "-3"), command("zstd", "-c", "-19")}
}

// TestCountsWhatZstdWrites decodes whole streams from their start.
func TestCountsWhatZstdWrites(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	for _, p := range zstdProducers() {
		for _, m := range materials() {
			data, files := m.make(r, 400_000)
			stream, err := p.compress(data)
			if err != nil {
				t.Skip(err)
			}
			z := newZstdSampler(context.Background(), bytes.NewReader(stream), int64(len(stream)), 1<<30)
			w := z.borrow(padded(stream))
			if err := z.start(w); err != nil {
				t.Errorf("%s, %s: %v", p.name, m.name, err)
				continue
			}
			out, known := w.view(0).content()
			if !w.ended || out != int64(len(data)) || !known {
				t.Errorf("%s, %s: counted %d of %d bytes, known %v, ended %v", p.name, m.name, out, len(data), known, w.ended)
			}
			if len(w.runs) > 0 {
				continue // whose content is left out
			}
			for i, c := range w.text.out {
				if c != uint16(data[i]) {
					t.Errorf("%s, %s: byte %d is %d, want %d", p.name, m.name, i, c, data[i])
					break
				}
			}
			if found := len(w.text.headers()); found != int(files) {
				t.Errorf("%s, %s: %d headers of %d", p.name, m.name, found, files)
			}
		}
	}
}
