package sampling

import (
	"cmp"
	"slices"
)

// conclude follows the long runs that windows have met.
func (z *zstdSampler) conclude() (Estimate, error) {
	if err := z.decodeSome(); err != nil {
		return Estimate{}, err
	}
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

// decodeSome decodes one block behind each window, for as many as half of what is left of the budget allows: blocks of
// which a window shows the whole are shorter than others. It tells whether the encoder fills its blocks, and of files.
func (z *zstdSampler) decodeSome() error {
	var which []*zstdBlock
	var pieces []piece
	left := z.left / 2
	for _, v := range byHash(z.middle) {
		b := v.firstBehind()
		if b == nil {
			continue
		}
		p := piece{v.offset + int64(b.at), int64(b.length)}
		if left -= z.cost(1, p.length); left < 0 {
			break
		}
		which, pieces = append(which, b), append(pieces, p)
	}
	views := make([]*zstdView, len(pieces))
	err := z.readPieces(pieces, func(i int, data []byte) {
		w := z.borrow(data)
		defer z.pool.Put(w)
		if w.follow() && len(w.blocks) == 1 && w.blocks[0].out >= 0 {
			which[i].out = w.blocks[0].out
			views[i] = w.piece(pieces[i].offset)
		}
	})
	z.decoded = append(z.decoded, slices.DeleteFunc(views, func(v *zstdView) bool { return v == nil })...)
	return err
}

// firstBehind is the first block that the window does not show whole, nil where its content is known.
func (v *zstdView) firstBehind() *zstdBlock {
	for i, b := range v.blocks {
		if int64(b.at+b.length) > v.length {
			if b.out >= 0 || b.last {
				return nil
			}
			return &v.blocks[i]
		}
	}
	return nil
}

// byHash are some places in an order of chance that stays when others join them.
func byHash(views []*zstdView) []*zstdView {
	hash := func(v *zstdView) uint64 { return uint64(v.offset) * 0x9e3779b97f4a7c15 >> 16 }
	return slices.SortedFunc(slices.Values(views), func(a, b *zstdView) int { return cmp.Compare(hash(a), hash(b)) })
}
