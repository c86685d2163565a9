package toc

import (
	"cmp"
	crand "crypto/rand"
	"math/rand/v2"
	"slices"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/layersize"
)

// requiredSegments are the segments of which each is checked.
func (c *Check) requiredSegments() []int {
	total := int64(0)
	for _, seg := range c.List {
		total = layersize.SaturatingSum(total, 1, seg.Max)
	}
	var list []int
	for i, seg := range c.List {
		if i == 0 || i == len(c.List)-1 || seg.Max >= total/heavyShare {
			list = append(list, i)
		}
	}
	return list
}

// drawSegments returns segments at random, one from each of the parts.
func (c *Check) drawSegments() []int {
	var drawn []int
	for i := range int64(drawnByBytes) {
		drawn = append(drawn, c.segmentAt(c.pickPlace(c.Payload, i, drawnByBytes)))
	}
	for i := range int64(drawnByNumber) {
		drawn = append(drawn, int(c.pickPlace(int64(len(c.List)), i, drawnByNumber)))
	}
	slices.Sort(drawn)
	return slices.Compact(drawn)
}

// pickPlace returns a random place in the part i of so many equal parts.
func (c *Check) pickPlace(whole, i, parts int64) int64 {
	from, to := whole*i/parts, whole*(i+1)/parts
	return min(from+c.random.Int64N(max(to-from, 1)), whole-1)
}

// segmentAt returns the segment that holds an offset of the blob.
func (c *Check) segmentAt(at int64) int {
	next, _ := slices.BinarySearchFunc(c.List, at, func(s Segment, at int64) int { return cmp.Compare(s.At, at+1) })
	return next - 1
}

// secretRandom cannot be predicted by the writer of a layer. A true table is confirmed whatever it
// draws, so that the same configuration yields the same number.
func secretRandom() *rand.Rand {
	var seed [32]byte
	_, _ = crand.Read(seed[:]) // which never fails
	return rand.New(rand.NewChaCha8(seed))
}
