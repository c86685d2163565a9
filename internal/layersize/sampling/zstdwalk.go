package sampling

import (
	"slices"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/layersize/estimate"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/layersize/transcript"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/layersize/zstdblock"
)

const (
	hopLength   = 64       // what one range of a walk reads: the header of a block, and what proves it
	denseLength = 16 << 10 // where blocks are short, many headers

	// leastStretch is the part of the stream of which each place shows all headers: two of the
	// longest blocks.
	leastStretch = 256 << 10
	// walkRounds bounds the round trips of one walk, each of which waits for the one before. Within
	// them and 32 MiB all headers of a layer of 84 MB are followed (Python's science packages by
	// BuildKit, 2,705 blocks), and its length is known; of one of 133 MB (modules of npm, 5,800 blocks)
	// it is known to 6 % then.
	walkRounds = 128
	// singleHops bounds the requests of a walk where each range is a request: three for each of the
	// first windows. It is a choice, which no run decided.
	singleHops = 192
)

// walker follows the headers from a window on, a few bytes at each.
type walker struct {
	view  *estimate.Place
	limit int64          // no header at or behind it is read
	dense bool           // the next blocks are short
	kept  estimate.Place // as it was when the step began
	last  zstdblock.Block
}

// walkAll follows the headers behind each window, at most twice as far with each step, until all
// are known or most of the budget is used up. A step is as long as its cost allows, by what the one
// before has cost.
func (z *zstdSampler) walkAll() error {
	z.rounds = 0
	least := z.left / 4
	reach := int64(leastStretch)
	for factor := 1.0; factor > 0; reach = int64(float64(reach) * (1 + factor)) {
		read, togo := z.read, z.toGo(reach)
		switch {
		case togo == 0 && z.toGo(z.size) == 0:
			return nil
		case togo == 0:
			continue
		}
		done, err := z.walk(reach)
		if err != nil || done || !z.readsMany() {
			return err
		}
		z.rounds += z.lastRounds
		next := float64(z.toGo(2*reach)) / float64(togo)
		cost, rounds := next*float64(z.read-read), next*float64(max(1, z.lastRounds))
		factor = min(1, 0.8*float64(z.left-least)/max(1, cost), float64(walkRounds-z.rounds)/rounds)
		if factor < 0.1 {
			factor = 0
		}
	}
	return nil
}

// toGo is how many bytes of the stream are between what is known of each place and the given reach.
func (z *zstdSampler) toGo(reach int64) (sum int64) {
	for _, w := range z.walkers(reach) {
		if !w.isAtEnd() {
			sum += w.limit - w.view.Next
		}
	}
	return sum
}

// walk follows the headers of all places for as many bytes from the window's start. done reports
// that nothing is left between the places.
func (z *zstdSampler) walk(reach int64) (done bool, err error) {
	walkers := z.walkers(reach)
	done = true
	for _, w := range walkers {
		done = done && w.limit < w.view.Offset+reach
	}
	z.lastRounds = 0
	hops := 0
	for {
		walkers = slices.DeleteFunc(walkers, (*walker).isAtEnd)
		if len(walkers) == 0 {
			return done, nil
		}
		cost := int64(0)
		for _, w := range walkers {
			cost += z.cost(1, w.length())
		}
		hops += len(walkers)
		if cost > z.left || !z.readsMany() && hops > singleHops || z.rounds+z.lastRounds > 2*walkRounds {
			for _, w := range z.walkersOf {
				w.takeBack()
			}
			return true, nil
		}
		z.lastRounds++
		if err := z.hop(walkers); err != nil {
			return false, err
		}
	}
}

// walkers are one for each window from which there is more to follow.
func (z *zstdSampler) walkers(reach int64) []*walker {
	views := slices.DeleteFunc(z.Places(), func(v *estimate.Place) bool { return !v.Decoded })
	z.walkersOf = z.walkersOf[:0]
	known := int64(0)
	for i, v := range views {
		limit := v.Offset + reach
		if v.End() <= known { // an earlier place shows all of it
			continue
		}
		known = v.End()
		if i+1 < len(views) {
			limit = min(limit, views[i+1].First)
		}
		w := &walker{view: v, limit: min(limit, z.size), kept: *v}
		if n := len(v.Blocks); n > 0 {
			w.last = v.Blocks[n-1]
		}
		z.walkersOf = append(z.walkersOf, w)
	}
	return slices.Clone(z.walkersOf)
}

func (w *walker) isAtEnd() bool { return w.view.Next < 0 || w.view.Next >= w.limit }

func (w *walker) length() int64 {
	if w.dense {
		return denseLength
	}
	return hopLength
}

// takeBack forgets what a step has added that could not be finished.
func (w *walker) takeBack() {
	if w.view.Decoded {
		last := len(w.kept.Blocks) - 1
		*w.view = w.kept
		if last >= 0 {
			w.view.Blocks[last] = w.last
		}
	}
}

// hop reads at the next header of each walker.
func (z *zstdSampler) hop(walkers []*walker) error {
	pieces := make([]piece, len(walkers))
	for i, w := range walkers {
		pieces[i] = piece{w.view.Next, min(w.length(), z.size-w.view.Next)}
	}
	return z.readPieces(pieces, func(i int, data []byte) { walkers[i].take(data, z.size) })
}

// take adds the blocks whose headers were read.
func (w *walker) take(data []byte, size int64) {
	v := w.view
	n := len(data) - transcript.Slack
	at := 0
	for at+3 <= n && v.Next < w.limit {
		if v.Between {
			skip, state := zstdblock.FindFrame(data[at:n], size-v.Next)
			switch {
			case state == zstdblock.FrameCut && at > 0:
				return
			case state != zstdblock.FrameFound:
				w.leave(state)
				return
			}
			v.Between = false
			v.Other += skip
			v.Members++
			at, v.Next = at+skip, v.Next+int64(skip)
			continue
		}
		h, ok := zstdblock.ParseHeader(data[at:])
		if !ok || zstdblock.WeighHeader(data[:n], at) < 0 {
			w.refute()
			return
		}
		b := zstdblock.NewBlock(int(v.Next-v.Offset), h)
		switch {
		case b.Out >= 0:
		case at+b.Length <= n:
			b.Out = zstdblock.CountBlock(data[at:], h)
		case b.IsShort() && at > 0:
			return // it is read again, and whole
		}
		v.AddBlock(b)
		at, v.Next = at+b.Length, v.Next+int64(b.Length)
		w.dense = b.Length <= estimate.DenseBlock
		v.Between = h.Last
	}
}

// refute takes all back that a window seemed to show: a chain of headers that breaks was none.
func (w *walker) refute() {
	*w.view = estimate.Place{Observation: estimate.Observation{Offset: w.view.Offset}, Next: -1, First: w.view.Offset}
}

// leave ends the walk where the stream ends, or where nothing follows.
func (w *walker) leave(state zstdblock.FrameState) {
	if state == zstdblock.FrameWrong {
		w.refute()
		return
	}
	w.view.Next = -1
}
