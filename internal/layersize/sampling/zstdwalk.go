package sampling

import (
	"slices"
)

const (
	hopLength   = 64       // what one range of a walk reads: the header of a block, and what proves it
	denseLength = 16 << 10 // where blocks are short, many headers
	denseBlock  = 2 << 10  // a block so short is followed by others, most of the time

	// leastStretch is the part of the stream of which each place shows all headers: two of the longest blocks.
	leastStretch = 256 << 10
	// walkRounds bounds the round trips of one walk, each of which waits for the one before.
	walkRounds = 128
	// singleHops bounds the requests of a walk where each range is a request.
	singleHops = 192
)

// walker follows the headers from a window on, a few bytes at each.
type walker struct {
	view  *zstdView
	limit int64    // no header at or behind it is read
	dense bool     // the next blocks are short
	kept  zstdView // as it was when the step began
	last  zstdBlock
}

// walkAll follows the headers behind each window, at most twice as far with each step, until all are known or most of
// the budget, or the patience, is used up. A step is as long as what it costs by the one before allows.
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
			sum += w.limit - w.view.next
		}
	}
	return sum
}

// walk follows the headers of all places for as many bytes from the window's start. done reports that nothing is left
// between the places.
func (z *zstdSampler) walk(reach int64) (done bool, err error) {
	walkers := z.walkers(reach)
	done = true
	for _, w := range walkers {
		done = done && w.limit < w.view.offset+reach
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
	views := slices.DeleteFunc(z.views(), func(v *zstdView) bool { return !v.decoded })
	sortByOffset(views)
	z.walkersOf = z.walkersOf[:0]
	known := int64(0)
	for i, v := range views {
		limit := v.offset + reach
		if v.end() <= known { // an earlier place shows all of it
			continue
		}
		known = v.end()
		if i+1 < len(views) {
			limit = min(limit, views[i+1].first)
		}
		w := &walker{view: v, limit: min(limit, z.size), kept: *v}
		if n := len(v.blocks); n > 0 {
			w.last = v.blocks[n-1]
		}
		z.walkersOf = append(z.walkersOf, w)
	}
	return slices.Clone(z.walkersOf)
}

func (w *walker) isAtEnd() bool { return w.view.next < 0 || w.view.next >= w.limit }

func (w *walker) length() int64 {
	if w.dense {
		return denseLength
	}
	return hopLength
}

// takeBack forgets what a step has added that could not be finished.
func (w *walker) takeBack() {
	if w.view.decoded {
		last := len(w.kept.blocks) - 1
		*w.view = w.kept
		if last >= 0 {
			w.view.blocks[last] = w.last
		}
	}
}

// hop reads at the next header of each walker.
func (z *zstdSampler) hop(walkers []*walker) error {
	pieces := make([]piece, len(walkers))
	for i, w := range walkers {
		pieces[i] = piece{w.view.next, min(w.length(), z.size-w.view.next)}
	}
	return z.readPieces(pieces, func(i int, data []byte) { walkers[i].take(data, z.size) })
}

// take adds the blocks whose headers were read.
func (w *walker) take(data []byte, size int64) {
	v := w.view
	n := len(data) - inputSlack
	at := 0
	for at+3 <= n && v.next < w.limit {
		if v.between {
			skip, state := frameStart(data[at:n], size-v.next)
			switch {
			case state == frameCut && at > 0:
				return
			case state != frameFound:
				w.leave(state)
				return
			}
			v.between = false
			v.other += skip
			v.members++
			at, v.next = at+skip, v.next+int64(skip)
			continue
		}
		h, ok := parseBlockHeader(data[at:])
		if !ok || weighHeader(data[:n], at) < 0 {
			w.refute()
			return
		}
		b := zstdBlock{at: int(v.next - v.offset), length: h.length(), out: -1, coded: h.kind == blockCompressed, last: h.last}
		out, ok := h.content()
		switch {
		case ok:
			b.out = out
		case at+b.length <= n:
			var z zstdBlocks
			if out, o := z.compressed(data[at+3:], h.size); o == blockCounted {
				b.out = out
			}
		case b.isShort() && at > 0:
			return // it is read again, and whole
		}
		v.addBlock(b)
		at, v.next = at+b.length, v.next+int64(b.length)
		w.dense = b.length <= denseBlock
		v.between = h.last
	}
}

// addBlock adds one block. Short ones that follow each other are one entry: a stretch may have as many as it has bytes.
func (v *zstdView) addBlock(b zstdBlock) {
	if b.isShort() {
		b.count = 1
		if b.out < 0 {
			b.out = blockMax // as those of a run are
		}
		if n := len(v.blocks); n > 0 && v.blocks[n-1].count > 0 {
			last := &v.blocks[n-1]
			last.length, last.out, last.count = last.length+b.length, last.out+b.out, last.count+1
			return
		}
	}
	v.blocks = append(v.blocks, b)
}

// isShort reports whether a block is one of those that runs consist of.
func (b zstdBlock) isShort() bool { return !b.last && b.length <= shortBlock }

// refute takes all back that a window seemed to show: a chain of headers that breaks was none.
func (w *walker) refute() {
	*w.view = zstdView{observation: observation{offset: w.view.offset}, next: -1, first: w.view.offset}
}

// leave ends the walk where the stream ends, or where nothing follows.
func (w *walker) leave(state frameState) {
	if state == frameWrong {
		w.refute()
		return
	}
	w.view.next = -1
}

// frameState is what stands where a frame may begin.
type frameState int

const (
	frameWrong frameState = iota
	frameFound
	frameCut  // there is too little to see
	streamEnd // or a skippable frame, behind which nothing was read
)

// frameStart looks for the frame that follows another one, behind a checksum or without one. It returns how long the
// checksum and the frame's header are. left is what the stream has from there on.
func frameStart(p []byte, left int64) (length int, state frameState) {
	for _, skip := range [2]int{0, 4} {
		switch {
		case int64(skip) == left:
			return skip, streamEnd
		case skip+18 > len(p) && int64(len(p)) < left:
			return 0, frameCut
		case skip+4 <= len(p) && isFrame(p[skip:]):
			if f, ok := zstdFrame(p[skip:]); ok {
				return skip + f.header, frameFound
			}
			return 0, streamEnd
		}
	}
	return 0, frameWrong
}
