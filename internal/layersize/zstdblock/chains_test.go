package zstdblock

import (
	"math/rand/v2"
	"testing"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/layersize/packtest"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/layersize/transcript"
)

// headersOf are the places of all block headers of a stream of one frame after another.
func headersOf(t *testing.T, stream []byte) map[int]bool {
	t.Helper()
	headers := map[int]bool{}
	for at := 0; at < len(stream); {
		f, ok := parseFrame(stream[at:])
		if !ok {
			t.Fatalf("no frame at %d of %d", at, len(stream))
		}
		checksum := 4 * int(stream[at+4]>>2&1)
		at += f.header
		for last := false; !last; {
			h, ok := ParseHeader(stream[at:])
			if !ok {
				t.Fatalf("no block at %d of %d", at, len(stream))
			}
			headers[at] = true
			at, last = at+h.length(), h.Last
		}
		at += checksum
	}
	return headers
}

// nestedArchives are zstd streams as files, as conda packages and kernel modules are: chains of
// headers within blocks that the layer's encoder stores as they are.
func nestedArchives(t *testing.T, r *rand.Rand, n int) []byte {
	t.Helper()
	var files [][]byte
	for total := 0; total < n; {
		inner := packtest.GoZstd(2).Pack(t, packtest.JSONLines(r, 4<<20))
		files = append(files, inner)
		total += len(inner)
	}
	data, _ := packtest.TarOf(files...)
	return data
}

// TestFindsTheHeadersOfEveryEncoder: what a window takes for a block is one, and most windows show
// all of theirs, whatever tables the blocks repeat and whatever the data look like.
func TestFindsTheHeadersOfEveryEncoder(t *testing.T) {
	t.Parallel()
	for _, p := range packtest.ZstdProducers() {
		t.Run(p.Name, func(t *testing.T) {
			t.Parallel()
			r := rand.New(rand.NewPCG(9, 9))
			data := nestedArchives(t, r, 1<<20)
			for _, m := range packtest.Materials() {
				more, _ := m.Make(r, 1<<20)
				data = append(data, more...)
			}
			stream := p.Pack(t, data)
			headers := headersOf(t, stream)
			v := NewWindow()
			var all, seen, wrong int
			for at := 0; at+searchedWindow <= len(stream); at += 200_003 {
				v.Load(transcript.Pad(stream[at : at+searchedWindow]))
				if !v.Search() {
					v.Reset(0)
				}
				for place := range headers {
					if place >= at && place < at+searchedWindow-2 {
						all++
					}
				}
				for _, b := range v.Blocks {
					if headers[at+b.At] {
						seen++
					} else {
						wrong++
					}
				}
				for _, run := range v.Runs {
					for place := run.From; place < run.To; place++ {
						if headers[at+int(place)] {
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

// FuzzZstdHeaders: whatever is searched, what is found lies one block behind the other.
func FuzzZstdHeaders(f *testing.F) {
	packtest.AddSeeds(f, packtest.GoZstd(2).Compress)
	f.Fuzz(func(t *testing.T, p []byte, copies uint8, from uint16) {
		p = packtest.RepeatInput(p, copies)
		p = p[min(len(p), int(from)):]
		w := &Window{data: transcript.Pad(p), End: len(p)}
		w.Text = transcript.NewText()
		if !w.Search() {
			return
		}
		at := w.First
		for _, b := range w.Blocks {
			if b.At < at || b.Length < 3 || b.Out > MaxBlock {
				t.Fatalf("%+v behind %d", b, at)
			}
			at = b.At + b.Length
		}
		if w.Pos < at {
			t.Fatalf("the window ends at %d, its last block at %d", w.Pos, at)
		}
	})
}

// searchedWindow is long enough for several blocks.
const searchedWindow = 256 << 10
