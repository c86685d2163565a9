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
	full int     // what an encoder's full block decodes to
	last float64 // a frame's last block
	mean float64 // a block of which nothing else is known
	err  float64 // standard error of mean, relative

	lasts int // frames' last blocks that were not decoded
	known int // compressed blocks whose content is known, frames' last ones left out
}

// modelBlocks learns from the blocks whose content is known: most encoders fill all but a frame's
// last one.
func modelBlocks(views []*Place) blockModel {
	m := blockModel{full: zstdblock.MaxBlock, last: zstdblock.MaxBlock / 2}
	sizes := map[int]int{}
	lastCount, lastSum := 0, 0
	var coded []float64
	for _, v := range views {
		for _, b := range v.Blocks {
			switch {
			case b.Out < 0:
				if b.Last {
					m.lasts++
				}
			case b.Count > 0:
			case b.Last:
				lastCount, lastSum = lastCount+1, lastSum+b.Out
			default:
				if b.Coded && b.Length > DenseBlock {
					m.known++
					sizes[b.Out]++
					coded = append(coded, float64(b.Out))
				}
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
	m.mean = float64(m.full)
	if n := float64(len(coded)); n > 1 && sizes[m.full]*100 < len(coded)*99 {
		m.mean = sum(coded) / n
		spread := 0.0
		for _, out := range coded {
			spread += sq(out - m.mean)
		}
		m.err = math.Sqrt(spread/(n-1)/n) / m.mean
	}
	return m
}

// shortShare is how much less than full blocks those may come to that were not decoded. Where all
// that were are full, the encoder fills its blocks, or it is one of the few that split them, and
// all of what it splits was missed.
func (m blockModel) shortShare() float64 {
	return splitDeficit * (1 - math.Pow((1-zstdBound)/splitPrior, 1/float64(m.known+1)))
}

// longShare is how much more those blocks may come to that were not decoded, where the encoder splits blocks: what
// it does not split repeats tables more often than what it splits, up to all of them.
func (m blockModel) longShare() float64 {
	if m.fills() {
		return 0
	}
	return max(0, zstdblock.MaxBlock/m.mean-1)
}

// fills reports whether the encoder fills its blocks, as far as they were decoded.
func (m blockModel) fills() bool { return m.mean == float64(m.full) }

// content is what a block decodes to, as far as that can be said.
func (m blockModel) content(b zstdblock.Block) float64 {
	switch {
	case b.Count > 0:
		return float64(b.Out) - m.excess(float64(b.Guessed))
	case b.Out >= 0:
		return float64(b.Out)
	case b.Last:
		return m.last
	}
	return m.mean
}

// excess is how much less short blocks come to that are guessed to be of the largest size: an
// encoder that fills its blocks does so with all of them.
func (m blockModel) excess(guessed float64) float64 {
	if !m.fills() {
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

// sums are input and output of blocks. guessed is the output that is not known.
type sums struct{ in, out, guessed float64 }

func (s *sums) add(other sums) {
	s.in, s.out, s.guessed = s.in+other.in, s.out+other.out, s.guessed+other.guessed
}

// total is what a place shows of the stream from some offset on, without what is in the runs that
// count by themselves.
func (m blockModel) total(v *Place, from int64, runs []zstdblock.Run) (s sums) {
	s.in = float64(v.Other)
	for _, b := range v.Blocks {
		at := v.Offset + int64(b.At)
		if at < from || isWithin(runs, at) {
			continue
		}
		content := m.content(b)
		s.add(sums{in: float64(b.Length), out: content})
		switch {
		case b.Out < 0:
			s.guessed += content
		case b.Count > 0:
			s.guessed += float64(b.Guessed) - m.excess(float64(b.Guessed))
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
