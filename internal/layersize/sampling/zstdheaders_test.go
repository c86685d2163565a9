package sampling

import (
	"bytes"
	"context"
	"errors"
	"math/rand/v2"
	"os/exec"
	"testing"

	"github.com/klauspost/compress/zstd"
)

// testWindow is long enough for several blocks.
const testWindow = 256 << 10

// headersOf are the places of all block headers of a stream of one frame after another.
func headersOf(t *testing.T, stream []byte) map[int]bool {
	t.Helper()
	headers := map[int]bool{}
	for at := 0; at < len(stream); {
		f, ok := zstdFrame(stream[at:])
		if !ok {
			t.Fatalf("no frame at %d of %d", at, len(stream))
		}
		checksum := 4 * int(stream[at+4]>>2&1)
		at += f.header
		for last := false; !last; {
			h, ok := parseBlockHeader(stream[at:])
			if !ok {
				t.Fatalf("no block at %d of %d", at, len(stream))
			}
			headers[at] = true
			at, last = at+h.length(), h.last
		}
		at += checksum
	}
	return headers
}

// nestedArchives are zstd streams as files, as conda packages and kernel modules are: chains of headers within blocks
// that the layer's encoder stores as they are.
func nestedArchives(t *testing.T, r *rand.Rand, n int) []byte {
	t.Helper()
	var files [][]byte
	for total := 0; total < n; {
		inner, err := goZstd(2).compress(jsonLines(r, 4<<20))
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, inner)
		total += len(inner)
	}
	data, _ := tarOf(files...)
	return data
}

// TestFindsTheHeadersOfEveryEncoder: what a window takes for a block is one, and most windows show all of theirs,
// whatever tables the blocks repeat and whatever the data look like.
func TestFindsTheHeadersOfEveryEncoder(t *testing.T) {
	t.Parallel()
	for _, p := range zstdProducers() {
		t.Run(p.name, func(t *testing.T) {
			t.Parallel()
			r := rand.New(rand.NewPCG(9, 9))
			data := nestedArchives(t, r, 1<<20)
			for _, m := range materials() {
				more, _ := m.make(r, 1<<20)
				data = append(data, more...)
			}
			stream, err := p.compress(data)
			if errors.Is(err, exec.ErrNotFound) {
				t.Skip(err)
			}
			if err != nil {
				t.Fatal(err)
			}
			headers := headersOf(t, stream)
			z := newZstdSampler(context.Background(), bytes.NewReader(stream), int64(len(stream)), 1<<40)
			var all, seen, wrong int
			for at := 0; at+testWindow <= len(stream); at += 200_003 {
				v, _ := z.inside(padded(stream[at:at+testWindow]), int64(at))
				for place := range headers {
					if place >= at && place < at+testWindow-2 {
						all++
					}
				}
				for _, b := range v.blocks {
					if headers[at+b.at] {
						seen++
					} else {
						wrong++
					}
				}
				for _, run := range v.runs {
					for place := run.from; place < run.to; place++ {
						if headers[int(place)] {
							seen++
						}
					}
				}
			}
			if wrong*500 > all || seen*100 < all*97 {
				t.Errorf("of %d headers %d were found, and %d that are none", all, seen, wrong)
			}
		})
	}
}

// TestBlocksThatAreNotFullAreMeasured: where an encoder splits blocks, or a writer flushes often, the blocks that can
// be decoded tell what the others come to.
func TestBlocksThatAreNotFullAreMeasured(t *testing.T) {
	t.Parallel()
	flushed := func(size int) func(p []byte) ([]byte, error) {
		return func(p []byte) ([]byte, error) {
			var b bytes.Buffer
			w, err := zstd.NewWriter(&b)
			if err != nil {
				return nil, err
			}
			for ; len(p) > 0 && err == nil; p = p[min(len(p), size):] {
				_, err = w.Write(p[:min(len(p), size)])
				err = errors.Join(err, w.Flush())
			}
			return b.Bytes(), errors.Join(err, w.Close())
		}
	}
	frames := func(p []byte) (all []byte, err error) {
		for ; len(p) > 0 && err == nil; p = p[min(len(p), 300_000):] {
			var one []byte
			one, err = goZstd(2).compress(p[:min(len(p), 300_000)])
			all = append(all, one...)
		}
		return all, err
	}
	for name, compress := range map[string]func(p []byte) ([]byte, error){
		"flushed each 100,000": flushed(100_000), "flushed each 1,000,000": flushed(1_000_000),
		"level 1 of klauspost": goZstd(1).compress, "level 19": command("zstd", "-c", "-19").compress,
		"frames": frames, "long windows": command("zstd", "-c", "-3", "--long=27", "--no-content-size").compress,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := rand.New(rand.NewPCG(4, 4))
			var data []byte
			for _, m := range materials() {
				if m.name != "repeated" {
					more, _ := m.make(r, 1<<20)
					data = append(data, more...)
				}
			}
			stream, err := compress(data)
			if err != nil {
				t.Skip(err)
			}
			z := newZstdSampler(context.Background(), bytes.NewReader(stream), int64(len(stream)), 1<<40)
			for at := 0; at+testWindow <= len(stream); at += 40_009 {
				v, _ := z.inside(padded(stream[at:at+testWindow]), int64(at))
				z.middle = append(z.middle, v)
			}
			model := modelBlocks(z.middle)
			var in, out float64
			for _, v := range z.middle {
				t := model.total(v, 0, nil)
				in, out = in+t.in, out+t.out
			}
			truth := float64(len(data)) / float64(len(stream))
			// Frames of 300,000 bytes end with short blocks, which prove little by themselves where they are stored.
			if wrong := out/in/truth - 1; wrong < -0.1 || wrong > 0.1 {
				t.Errorf("%+.1f %% of %.2f, by %+v", 100*wrong, truth, model)
			}
		})
	}
}

// FuzzZstdHeaders: whatever is searched, what is found lies one block behind the other.
func FuzzZstdHeaders(f *testing.F) {
	seeds(f, goZstd(2).compress)
	f.Fuzz(func(t *testing.T, p []byte, copies uint8, from uint16) {
		p = spread(p, copies)
		p = p[min(len(p), int(from)):]
		w := &zstdWindow{data: padded(p), end: len(p)}
		w.text = newTranscript()
		if !w.search() {
			return
		}
		at := w.first
		for _, b := range w.blocks {
			if b.at < at || b.length < 3 || b.out > blockMax {
				t.Fatalf("%+v behind %d", b, at)
			}
			at = b.at + b.length
		}
		if w.pos < at {
			t.Fatalf("the window ends at %d, its last block at %d", w.pos, at)
		}
	})
}
