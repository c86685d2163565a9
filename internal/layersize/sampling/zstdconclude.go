package sampling

import (
	"cmp"
	"slices"
)

// conclude follows the long runs that windows have met.
func (z *zstdSampler) conclude() (Estimate, error) {
	before := len(z.runs)
	for _, v := range z.middle {
		for _, r := range v.longRuns() {
			if !slices.ContainsFunc(z.runs, func(known run) bool { return known.from <= r.from && r.to <= known.to }) {
				z.runs = append(z.runs, r)
			}
		}
	}
	if len(z.runs) > before {
		for _, v := range z.middle {
			for _, b := range v.blocks {
				if b.count == 0 && b.length > shortBlock {
					z.misses = append(z.misses, v.offset+int64(b.at))
				}
			}
		}
		if err := z.follow(); err != nil {
			return Estimate{}, err
		}
	}
	return z.estimate(), nil
}

// longRuns are the runs of a place that count by themselves. Shorter ones are part of what it shows.
func (v *zstdView) longRuns() (long []run) {
	for _, r := range v.runs {
		if r.length() >= longRun {
			long = append(long, r)
		}
	}
	for _, b := range v.blocks {
		if from := v.offset + int64(b.at); b.count > 0 && b.length >= longRun {
			to := from + int64(b.length)
			long = append(long, run{from: from, to: to, counted: int64(b.length), output: int64(b.out)})
		}
	}
	return long
}

// completeSome reads the windows on to the end of a block, for as many as a part of what is left of the budget allows.
// Each block whose header begins in a window is then as likely to be decoded as any other, long or short. It tells
// whether the encoder fills its blocks, and of files.
func (z *zstdSampler) completeSome() error {
	var which []*zstdView
	var pieces []piece
	left := z.left / completedPart
	for _, v := range byHash(z.middle) {
		if v.data == nil || !v.decoded {
			continue
		}
		from := v.offset + int64(len(v.data))
		p := piece{from, max(0, min(z.size, v.boundary(z.completeTo()))-from)}
		if left -= z.cost(1, p.length); left < 0 {
			break
		}
		which, pieces = append(which, v), append(pieces, p)
	}
	views := make([]*zstdView, len(pieces))
	err := z.readPieces(pieces, func(i int, data []byte) { views[i] = z.complete(which[i], data) })
	z.decoded = append(z.decoded, views...)
	return err
}

// completeTo is how long a completed window is at least: with a large budget, as blocks that repeat tables are decoded
// behind one that brings them.
func (z *zstdSampler) completeTo() int64 {
	if z.left+z.read >= largeBudget {
		return leastStretch
	}
	return z.windowSize
}

// boundary is the first end of a block at or behind a window's part of some length.
func (v *zstdView) boundary(length int64) int64 {
	for _, b := range v.blocks {
		if end := int64(b.at + b.length); end >= max(length, v.length) {
			return v.offset + end
		}
	}
	return v.end()
}

// complete decodes a window again, with what follows it.
func (z *zstdSampler) complete(v *zstdView, more []byte) *zstdView {
	w := z.borrow(append(slices.Clip(v.data), more...))
	defer z.pool.Put(w)
	v.data = nil
	w.reset(int(v.first - v.offset))
	w.follow()
	for i, b := range w.blocks {
		if i < len(v.blocks) && v.blocks[i].at == b.at && v.blocks[i].out < 0 {
			v.blocks[i].out = b.out
		}
	}
	return w.piece(v.offset)
}

// byHash are some places in an order of chance that stays when others join them.
func byHash(views []*zstdView) []*zstdView {
	hash := func(v *zstdView) uint64 { return uint64(v.offset) * 0x9e3779b97f4a7c15 >> 16 }
	return slices.SortedFunc(slices.Values(views), func(a, b *zstdView) int { return cmp.Compare(hash(a), hash(b)) })
}
