package sampling

import (
	"cmp"
	"slices"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/layersize/estimate"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/layersize/zstdblock"
)

// conclude follows the long runs that windows have met.
func (z *zstdSampler) conclude() (estimate.Estimate, error) {
	before := len(z.Runs)
	for _, v := range z.Middle {
		z.Runs = append(z.Runs, v.MoreRuns(z.Runs)...)
	}
	if len(z.Runs) > before {
		for _, v := range z.Middle {
			for _, b := range v.Blocks {
				if b.Count == 0 && b.Length > zstdblock.ShortBlock {
					z.misses = append(z.misses, v.Offset+int64(b.At))
				}
			}
		}
		if err := z.follow(); err != nil {
			return estimate.Estimate{}, err
		}
	}
	return z.estimate(), nil
}

// completeSome reads the windows on to the end of a block, for as many as a part of what is left of
// the budget allows. Each block whose header begins in a window is then as likely to be decoded as
// any other, long or short. It shows whether the encoder fills its blocks, and files.
func (z *zstdSampler) completeSome() error {
	var which []*estimate.Place
	var pieces []piece
	left := z.left / completedPart
	for _, v := range byHash(z.Middle) {
		data := z.windows[v]
		if data == nil || !v.Decoded {
			continue
		}
		from := v.Offset + int64(len(data))
		p := piece{from, max(0, min(z.size, v.Boundary(z.completeTo()))-from)}
		if left -= z.cost(1, p.length); left < 0 {
			break
		}
		which, pieces = append(which, v), append(pieces, p)
	}
	views := make([]*estimate.Place, len(pieces))
	err := z.readPieces(pieces, func(i int, data []byte) { views[i] = z.complete(which[i], data) })
	for _, v := range which {
		delete(z.windows, v)
	}
	z.Decoded = append(z.Decoded, views...)
	return err
}

// completeTo is how long a completed window is at least: with a large budget, as blocks that repeat
// tables are decoded behind one that brings them.
func (z *zstdSampler) completeTo() int64 {
	if z.left+z.read >= largeBudget {
		return leastStretch
	}
	return z.windowSize
}

// complete decodes a window again, with what follows it, unless the memory has that.
func (z *zstdSampler) complete(v *estimate.Place, more []byte) *estimate.Place {
	data := append(slices.Clip(z.windows[v]), more...)
	key := pieceKey{v.Offset, v.First, int64(len(data))}
	piece := z.memory.pieces.once(key, func() estimate.Place {
		defer takeTurn()()
		w := z.borrow(data)
		defer z.pool.Put(w)
		w.Reset(int(v.First - v.Offset))
		w.Follow()
		return *estimate.NewPiece(w, v.Offset)
	})
	for i, b := range piece.Blocks {
		if i < len(v.Blocks) && v.Blocks[i].At == b.At && v.Blocks[i].Out < 0 {
			v.Blocks[i].Out = b.Out
		}
	}
	return copyPlace(piece)
}

// byHash are some places in an order of chance that stays when others join them.
func byHash(views []*estimate.Place) []*estimate.Place {
	hash := func(v *estimate.Place) uint64 { return uint64(v.Offset) * 0x9e3779b97f4a7c15 >> 16 }
	return slices.SortedFunc(slices.Values(views), func(a, b *estimate.Place) int { return cmp.Compare(hash(a), hash(b)) })
}
