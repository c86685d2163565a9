package sampling

import (
	"fmt"
	"math/rand/v2"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/layersize/packtest"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/layersize/zstdblock"
)

// pool holds chunks of every material as one producer writes them.
type pool struct {
	producer packtest.Producer
	kinds    []string
	chunks   map[string][]chunk
	zeros    []chunk // of rising length
}

func newPool(p packtest.Producer, ms []packtest.Material, perKind, chunkSize int) (*pool, error) {
	pl := &pool{producer: p, chunks: make(map[string][]chunk)}
	r := rand.New(rand.NewPCG(1, 2))
	for _, m := range ms {
		pl.kinds = append(pl.kinds, m.Name)
		for range perKind {
			data, files := m.Make(r, chunkSize/2+r.IntN(chunkSize))
			if p.Zstd { // whose encoders fill each block, but for a frame's last one
				data = data[:max(1, len(data)/zstdblock.MaxBlock)*zstdblock.MaxBlock]
			}
			c, err := pl.compress(data, files)
			if err != nil {
				return nil, fmt.Errorf("%s, %s: %w", p.Name, m.Name, err)
			}
			pl.chunks[m.Name] = append(pl.chunks[m.Name], c)
		}
	}
	lengths := []int{4 << 10, 64 << 10, 512 << 10, 4 << 20, 32 << 20}
	if p.Zstd {
		lengths = []int{zstdblock.MaxBlock, 512 << 10, 4 << 20, 32 << 20}
	}
	for _, n := range lengths {
		c, err := pl.compress(make([]byte, n), 0)
		if err != nil {
			return nil, err
		}
		pl.zeros = append(pl.zeros, c)
	}
	return pl, nil
}

func (pl *pool) compress(data []byte, files int64) (chunk, error) {
	stream, err := pl.producer.Compress(data)
	if err != nil {
		return chunk{}, err
	}
	if pl.producer.Zstd {
		return joinableZstd(stream, files)
	}
	return joinable(stream, files)
}

// recipe is a layer to be made.
type recipe struct {
	name   string
	target int64 // unpacked
	kinds  []string
	mean   float64 // unpacked bytes of one run of a kind
	zeros  float64 // share of the unpacked bytes that are zeros
	run    int64   // zeros in one run
	member int     // members
}

// build joins chunks until the layer has its length.
func (pl *pool) build(rc recipe, r *rand.Rand) *virtual {
	v := &virtual{zstd: pl.producer.Zstd}
	v.open()
	members, split := 1, int64(r.Float64()*float64(rc.target))
	for v.out < rc.target {
		kind := rc.kinds[r.IntN(len(rc.kinds))]
		for left := int64(rc.mean * r.ExpFloat64()); left >= 0 && v.out < rc.target; {
			c := pl.chunks[kind][r.IntN(len(pl.chunks[kind]))]
			v.chunk(c)
			left -= c.out
		}
		if rc.zeros > 0 {
			// As many runs as the share asks for, wherever the stream now is.
			for float64(v.zeroBytes) < rc.zeros*float64(v.out) && v.out < rc.target {
				pl.addZeros(v, int64(float64(rc.run)*(0.2+r.ExpFloat64())))
				if r.IntN(3) == 0 {
					break
				}
			}
		}
		if members < rc.member && v.out > split {
			members++
			split = v.out + int64(r.Float64()*float64(rc.target-v.out))
			v.close()
			v.open()
		}
	}
	// End on the byte: around 4 and 8 GiB a byte decides on the trailer.
	v.close()
	return v
}

func (pl *pool) addZeros(v *virtual, n int64) {
	for n > 0 {
		c := pl.zeros[0]
		for _, z := range pl.zeros {
			if z.out <= n {
				c = z
			}
		}
		v.chunk(c)
		v.zeroBytes += c.out
		n -= c.out
	}
}
