package estimate

import (
	"bytes"
	"errors"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/klauspost/compress/zstd"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/layersize/packtest"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/layersize/transcript"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/layersize/zstdblock"
)

// TestBlocksThatAreNotFullAreMeasured: where an encoder splits blocks, or a writer flushes often,
// the blocks that can be decoded tell what the others come to.
func TestBlocksThatAreNotFullAreMeasured(t *testing.T) {
	t.Parallel()
	const window = 256 << 10
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
			one, err = packtest.GoZstd(2).Compress(p[:min(len(p), 300_000)])
			all = append(all, one...)
		}
		return all, err
	}
	for name, compress := range map[string]func(p []byte) ([]byte, error){
		"flushed each 100,000": flushed(100_000), "flushed each 1,000,000": flushed(1_000_000),
		"level 1 of klauspost": packtest.GoZstd(1).Compress, "level 19": packtest.Command("zstd", "-c", "-19").Compress,
		"frames": frames, "long windows": packtest.Command("zstd", "-c", "-3", "--long=27", "--no-content-size").Compress,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := rand.New(rand.NewPCG(4, 4))
			var data []byte
			for _, m := range packtest.Materials() {
				if m.Name != "repeated" {
					more, _ := m.Make(r, 1<<20)
					data = append(data, more...)
				}
			}
			stream := packtest.Producer{Name: name, Compress: compress}.Pack(t, data)
			w := zstdblock.NewWindow()
			var places []*Place
			for at := 0; at+window <= len(stream); at += 40_009 {
				w.Load(transcript.Pad(stream[at : at+window]))
				if w.Search() {
					places = append(places, NewPlace(w, int64(at)))
				}
			}
			model := modelBlocks(places)
			var in, out float64
			for _, v := range places {
				t := model.total(v, 0, nil)
				in, out = in+t.in, out+t.out
			}
			truth := float64(len(data)) / float64(len(stream))
			// Frames of 300,000 bytes end with short blocks, which prove little by themselves where
			// they are stored.
			t.Logf("%s: %+.2f %%", name, 100*(out/in/truth-1))
			if wrong := out/in/truth - 1; wrong < -0.1 || wrong > 0.1 {
				t.Errorf("%+.1f %% of %.2f, by %+v", 100*wrong, truth, model)
			}
		})
	}
}

// TestWhatIsLeftOfASplitBlockIsAsLongAsItSays: where an encoder splits blocks, the rest of one often repeats
// tables and is shorter than blocks are on average, in the stream as well.
func TestWhatIsLeftOfASplitBlockIsAsLongAsItSays(t *testing.T) {
	t.Parallel()
	const places, apart, rate = 60, 4 << 20, 7
	z := &Zstd{Length: places * apart, Content: -1}
	var in, out int64
	for i := range int64(places) {
		p := &Place{Observation: Observation{Offset: i * apart, Decoded: true}, First: i * apart}
		at := 0
		add := func(content int, known bool) {
			b := zstdblock.Block{At: at, Length: content / (rate + int(i%3)), Out: -1, Coded: true}
			if known {
				b.Out = content
			}
			p.Blocks = append(p.Blocks, b)
			at += b.Length
			in, out = in+int64(b.Length), out+int64(content)
		}
		for range 3 {
			add(zstdblock.MaxBlock, true)
			add(zstdblock.MaxBlock, true)
			add(47<<10, true)
			add(81<<10, false)
		}
		z.Middle = append(z.Middle, p)
	}
	truth := int64(float64(out) / float64(in) * float64(z.Length))
	u := z.Estimate().Unpacked
	if off := math.Abs(float64(u.Value)/float64(truth) - 1); off > 0.005 || u.Min > truth || u.Max < truth {
		t.Errorf("%d bytes: %+v, %.2f %% off", truth, u, 100*off)
	}
	if float64(u.Max) > 1.25*float64(u.Min) {
		t.Errorf("the bounds are %+v", u)
	}
}

// TestBoundsHoldWhereEncodersSplitBlocks: libzstd splits blocks at its high levels, and of those it leaves whole more
// repeat tables, so that the mean of what was decoded is too low.
func TestBoundsHoldWhereEncodersSplitBlocks(t *testing.T) {
	t.Parallel()
	const places, apart = 60, 10 << 20
	z := &Zstd{Length: places * apart, Content: -1}
	var in, whole int64
	for i := range int64(places) {
		p := &Place{Observation: Observation{Offset: i * apart, Decoded: true}, First: i * apart}
		at := 0
		for range 4 {
			split := zstdblock.Block{At: at, Length: 20_000 + int(i)*10, Out: 64_000 + int(i)*100, Coded: true}
			left := zstdblock.Block{At: at + split.Length, Length: 40_000 - int(i)*10, Out: -1, Coded: true}
			p.Blocks = append(p.Blocks, split, left)
			at += split.Length + left.Length
			whole += int64(split.Out) + zstdblock.MaxBlock
		}
		in += int64(at)
		z.Middle = append(z.Middle, p)
	}
	truth := int64(float64(whole) / float64(in) * float64(z.Length))
	if u := z.Estimate().Unpacked; u.Max < truth || u.Max > truth*3/2 || u.Min > truth {
		t.Errorf("%d bytes, if all that was not decoded is of full blocks: %+v", truth, u)
	}
}
