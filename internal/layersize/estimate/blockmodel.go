package estimate

import (
	"cmp"
	"math"
	"slices"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/layersize/zstdblock"
)

// DenseBlock is the length of a block up to which others that are as short follow it, most of the
// time.
const DenseBlock = 2 << 10

// blockModel is what the blocks decode to of which that is not known.
type blockModel struct {
	full   int     // what an encoder's full block decodes to
	last   float64 // a frame's last block
	splits bool    // the encoder does not fill its blocks
	byRate bool    // blocks differ by less from the rate of their place than from the mean
	mean   float64 // what a compressed block decodes to whose content is known
	err    float64 // of what blocks that were not decoded come to, as a part of it: the standard error,
	apart  float64 // and what one block differs by from what is expected of it
	lacks  float64 // what blocks that are known to be full would lack by what is expected of them

	lasts int // frames' last blocks that were not decoded
	known int // compressed blocks whose content is known, frames' last ones left out
}

// modelBlocks learns from the blocks whose content is known: most encoders fill all but a frame's
// last one.
func modelBlocks(views []*Place) blockModel {
	m := blockModel{full: zstdblock.MaxBlock, last: zstdblock.MaxBlock / 2}
	sizes := map[int]int{}
	lastCount, lastSum := 0, 0
	var all codedSums
	for _, v := range views {
		s := sumCoded(v)
		all.out, all.count = all.out+s.out, all.count+s.count
		for _, b := range v.Blocks {
			switch {
			case b.Last && b.Out < 0:
				m.lasts++
			case b.Last:
				lastCount, lastSum = lastCount+1, lastSum+b.Out
			case isCoded(b):
				sizes[b.Out]++
			}
		}
	}
	for size, n := range sizes {
		if n > sizes[m.full] || n == sizes[m.full] && size > m.full {
			m.full = size
		}
	}
	if lastCount > 0 {
		m.last = float64(lastSum) / float64(lastCount)
	}
	if m.known = all.count; m.known > 0 {
		m.mean = all.out / float64(m.known)
		m.learnError(views)
	}
	m.splits = m.known > 1 && sizes[m.full]*100 < m.known*99
	if !m.splits {
		m.err, m.apart = 0, 0
	}
	return m
}

// isCoded reports whether a block's content says how an encoder divides what it compresses.
func isCoded(b zstdblock.Block) bool {
	return b.Coded && b.Out >= 0 && b.Count == 0 && !b.Last && b.Length > DenseBlock
}

// codedSums are the compressed blocks of a place: those whose content is known, and the mean length
// of all.
type codedSums struct {
	in, out float64
	count   int
	length  float64
}

func sumCoded(v *Place) (s codedSums) {
	n := 0.0
	for _, b := range v.Blocks {
		switch {
		case isCoded(b):
			s.in, s.out, s.count = s.in+float64(b.Length), s.out+float64(b.Out), s.count+1
		case b.Out >= 0 || b.Count > 0 || b.Last:
			continue
		}
		s.length, n = s.length+float64(b.Length), n+1
	}
	s.length /= max(1, n)
	return s
}

// expect is what a block of some length decodes to, by those around it, where the encoder splits
// blocks: what it puts in each often differs by far more than the rate at which they compress. A part
// of a block of their length counts with those around it, which decodes to what blocks do on average:
// places of which nothing was decoded are not like those of which much was. How large that part is
// comes from judgement, no run decides it. Where no block was decoded, nothing is known to compress.
func (m blockModel) expect(length int, around codedSums) float64 {
	if m.known == 0 {
		return float64(length)
	}
	const part = 0.25
	rate := (around.out + part*m.mean) / (around.in + part*around.length)
	return min(zstdblock.MaxBlock, rate*float64(length))
}

// learnError expects each block whose content is known from the others of its place, and learns
// from what that is off by, or from what the mean is off by if that is less: as where kinds of data
// change within a place, and few blocks are split. Those of one place may be off together.
func (m *blockModel) learnError(views []*Place) {
	var out, lacks float64
	var byRate, byMean blockErrors
	for _, v := range views {
		around := sumCoded(v)
		out += around.out
		for _, b := range v.Blocks {
			if !isCoded(b) {
				continue
			}
			others := around
			others.in, others.out = others.in-float64(b.Length), others.out-float64(b.Out)
			wrong := float64(b.Out) - m.expect(b.Length, others)
			byRate.add(wrong)
			byMean.add(float64(b.Out) - m.mean)
			lacks += max(0, wrong)
		}
		byRate.endPlace()
		byMean.endPlace()
	}
	if m.byRate = byRate.blocks < byMean.blocks; !m.byRate {
		byRate = byMean
	}
	m.err = math.Sqrt(byRate.places) / out
	m.apart = math.Sqrt(byRate.blocks*float64(m.known)) / out
	m.lacks = lacks / out
}

// blockErrors are sums of squares of what blocks are off by, and places together.
type blockErrors struct{ places, blocks, place float64 }

func (e *blockErrors) add(wrong float64) { e.place, e.blocks = e.place+wrong, e.blocks+sq(wrong) }

func (e *blockErrors) endPlace() { e.places, e.place = e.places+sq(e.place), 0 }

// splitShare is the largest share of the blocks that were not decoded that may be split ones: all,
// where some that were decoded are split. Where all are full, the encoder fills its blocks, or it is
// one of the few that split them, and what it splits was missed. Where those that were not decoded are
// shorter than the others make them expected to be, by far more than the others themselves are, all
// may be split: weights by zstd -19 lack 5 % then, of which the full ones show nothing.
func (m blockModel) splitShare(all sums) float64 {
	const far = 4
	if m.splits || all.less > far*m.lacks*all.guessed {
		return 1
	}
	return 1 - math.Pow((1-zstdBound)/splitPrior, 1/float64(m.known+1))
}

// content is what a block decodes to, as far as that can be said, among others of its place.
func (m blockModel) content(b zstdblock.Block, around codedSums) float64 {
	switch {
	case b.Count > 0:
		return float64(b.Out) - m.excess(float64(b.Guessed))
	case b.Out >= 0:
		return float64(b.Out)
	case b.Last:
		return m.last
	case m.splits && m.byRate:
		return m.expect(b.Length, around)
	case m.splits:
		return m.mean
	}
	return float64(m.full)
}

// excess is how much less short blocks come to that are guessed to be of the largest size: an
// encoder that fills its blocks does so with all of them.
func (m blockModel) excess(guessed float64) float64 {
	if m.splits {
		return 0
	}
	return guessed * (1 - float64(m.full)/zstdblock.MaxBlock)
}

// ofRun is what a run decodes to.
func (m blockModel) ofRun(r zstdblock.Run) sums {
	content, guessed := r.Content()
	excess := m.excess(guessed)
	return sums{in: float64(r.Length()), out: content - excess, guessed: guessed - excess}
}

// sums are input and output of blocks. guessed is the output that is not known, less how much less
// it would be if blocks compress as those of their place do, more if all are full.
type sums struct{ in, out, guessed, less, more float64 }

func (s *sums) add(other sums) {
	s.in, s.out = s.in+other.in, s.out+other.out
	s.guessed, s.less, s.more = s.guessed+other.guessed, s.less+other.less, s.more+other.more
}

// total is what a place shows of the stream from some offset on, without what is in the runs that
// count by themselves.
func (m blockModel) total(v *Place, from int64, runs []zstdblock.Run) (s sums) {
	s.in = float64(v.Other)
	around := sumCoded(v)
	for _, b := range v.Blocks {
		at := v.Offset + int64(b.At)
		if at < from || isWithin(runs, at) {
			continue
		}
		content := m.content(b, around)
		s.add(sums{in: float64(b.Length), out: content})
		switch {
		case b.Count > 0:
			s.guessed += float64(b.Guessed) - m.excess(float64(b.Guessed))
		case b.Out < 0:
			s.guessed += content
			s.less += content - min(content, m.expect(b.Length, around))
			s.more += max(0, zstdblock.MaxBlock-content)
		}
	}
	for _, r := range v.Runs {
		if r.From >= from && !isWithin(runs, r.From) {
			s.add(m.ofRun(r))
		}
	}
	return s
}

// isWithin reports whether a place is in one of some runs, which are sorted.
func isWithin(runs []zstdblock.Run, at int64) bool {
	i, found := slices.BinarySearchFunc(runs, at, func(r zstdblock.Run, at int64) int { return cmp.Compare(r.From, at) })
	return found || i > 0 && at < runs[i-1].To
}
