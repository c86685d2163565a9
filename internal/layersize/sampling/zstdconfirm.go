package sampling

import (
	"slices"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/layersize/estimate"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/layersize/zstdblock"
)

// openWindow is a window that shows too little of a chain of headers to believe it.
type openWindow struct {
	view *estimate.Place
	data []byte
	weak []zstdblock.WeakChain
}

const confirmLength = 256 // holds a block's header, that of its literals, their code and the sizes of their streams

// strongest are the chains to look after: several where that costs no request of its own.
func (z *zstdSampler) strongest(weak []zstdblock.WeakChain) []zstdblock.WeakChain {
	count := 1
	if z.readsMany() {
		count = 4
	}
	slices.SortStableFunc(weak, func(a, b zstdblock.WeakChain) int { return b.Evidence - a.Evidence })
	return weak[:min(len(weak), count)]
}

// confirm reads what the last blocks of open windows lead to. A chain that leads to another header
// is believed.
func (z *zstdSampler) confirm(open []openWindow) error {
	var offsets []int64
	for _, o := range open {
		for _, c := range o.weak {
			offsets = append(offsets, min(o.view.Offset+int64(c.Next), z.size-confirmLength))
		}
	}
	if len(offsets) == 0 || z.size < confirmLength || z.cost(int64(len(offsets)), confirmLength) > z.left {
		return nil
	}
	seen := make([][]byte, len(offsets))
	if err := z.readEach(offsets, confirmLength, func(i int, data []byte) { seen[i] = data }); err != nil {
		return err
	}
	for _, o := range open {
		confirmed := make([]int, len(o.weak))
		for i, c := range o.weak {
			from := o.view.Offset + int64(c.Next) - offsets[0]
			if from < confirmLength-8 {
				confirmed[i] = zstdblock.WeighHeader(seen[0][:confirmLength], int(from))
			}
			seen, offsets = seen[1:], offsets[1:]
		}
		w := z.borrow(o.data)
		if w.FollowWeak(o.weak, confirmed) {
			*o.view = *estimate.NewPlace(w, o.view.Offset)
		}
		z.pool.Put(w)
	}
	return nil
}
