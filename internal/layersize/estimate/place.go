package estimate

import (
	"slices"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/layersize/zstdblock"
)

// LongRun is how long a run is that counts by itself: up to 64 MiB of zeros are as other data are,
// which windows show more or less of.
const LongRun = 2 << 10

// Place is what one window has shown of a zstd stream.
type Place struct {
	Observation // of tar headers; what it says of lengths follows from the blocks
	Blocks      []zstdblock.Block
	Other       int // bytes that are no blocks
	Runs        []zstdblock.Run
	length      int64 // of the window
	First, Next int64 // of the stream: where the first header is, and the next one; −1 where there is none
	Between     bool  // next is the end of a frame
}

// NewPlace is what a window has shown that begins at an offset of the stream.
func NewPlace(z *zstdblock.Window, offset int64) *Place {
	v := &Place{Observation: Observation{Offset: offset, Decoded: true, Members: z.Members}}
	v.Blocks, v.Other = slices.Clone(z.Blocks), z.Other
	v.length = int64(z.End)
	v.First, v.Next, v.Between = offset+int64(z.First), offset+int64(z.Pos), z.Between
	if z.Ended {
		v.Next = -1
	}
	for _, r := range z.Runs {
		r.From, r.To = r.From+offset, r.To+offset
		v.Runs = append(v.Runs, r)
	}
	v.Observe(z.Spans, int64(z.End)*8, int64(z.End)*8, z.Text)
	return v
}

// NewPiece is what a part of a stream has shown that was decoded from its first byte on, where a
// chance does not weigh.
func NewPiece(z *zstdblock.Window, offset int64) *Place {
	for i := range z.Spans {
		z.Spans[i].Depth = 0
	}
	v := NewPlace(z, 0)
	v.Offset = offset
	z.Restart()
	return v
}

// Content is what all that a window has shown decodes to.
func (v *Place) Content() (n int64, known bool) {
	for _, b := range v.Blocks {
		if b.Out < 0 {
			return 0, false
		}
		n += int64(b.Out)
	}
	known = true
	for _, r := range v.Runs {
		n, known = n+r.Counted.Output, known && r.Counted.Guessed == 0
	}
	return n, known
}

// End is behind the last block that a place shows.
func (v *Place) End() int64 {
	end := v.First
	if n := len(v.Blocks); n > 0 {
		end = v.Offset + int64(v.Blocks[n-1].At+v.Blocks[n-1].Length)
	}
	if n := len(v.Runs); n > 0 {
		end = max(end, v.Runs[n-1].To)
	}
	return end
}

// MoreRuns are the runs of a place that count by themselves and are not part of a known one: long ones,
// and those that a known one is a part of. Others are part of what the place shows.
func (v *Place) MoreRuns(known []zstdblock.Run) (more []zstdblock.Run) {
	all := slices.Clone(v.Runs)
	for _, b := range v.Blocks {
		if from := v.Offset + int64(b.At); b.Count > 0 {
			all = append(all, zstdblock.Run{From: from, To: from + int64(b.Length), Counted: zstdblock.Tally{
				Length: int64(b.Length), Output: int64(b.Out), Guessed: int64(b.Guessed),
			}})
		}
	}
	for _, r := range all {
		isPart := func(k zstdblock.Run) bool { return k.From <= r.From && r.To <= k.To }
		meets := func(k zstdblock.Run) bool { return k.From <= r.To && r.From <= k.To }
		if !slices.ContainsFunc(known, isPart) && (r.Length() >= LongRun || slices.ContainsFunc(known, meets)) {
			more = append(more, r)
		}
	}
	return more
}

// Boundary is the first end of a block at or behind a window's part of some length.
func (v *Place) Boundary(length int64) int64 {
	for _, b := range v.Blocks {
		if end := int64(b.At + b.Length); end >= max(length, v.length) {
			return v.Offset + end
		}
	}
	return v.End()
}

// AddBlock adds one block. Short ones that follow each other are one entry: a stretch may have as
// many as it has bytes.
func (v *Place) AddBlock(b zstdblock.Block) {
	if b.IsShort() {
		b.Count = 1
		if b.Out < 0 {
			b.Out, b.Guessed = zstdblock.MaxBlock, zstdblock.MaxBlock // as those of a run are
		}
		if n := len(v.Blocks); n > 0 && v.Blocks[n-1].Count > 0 {
			last := &v.Blocks[n-1]
			last.Length, last.Count = last.Length+b.Length, last.Count+1
			last.Out, last.Guessed = last.Out+b.Out, last.Guessed+b.Guessed
			return
		}
	}
	v.Blocks = append(v.Blocks, b)
}

// Places are all places.
func (z *Zstd) Places() []*Place {
	views := slices.Clone(z.Middle)
	for _, end := range []*Place{z.Head, z.Tail} {
		if end != nil {
			views = append(views, end)
		}
	}
	sortByOffset(views)
	return views
}
