package layersize

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
)

// # What the check of a table proves
//
// A table of contents is its writer's word. It counts as exact after these checks:
//
//   - of every entry: the chunks follow one another, fill their files, and cut the blob
//     from its start to the table into segments, each of which can hold, by the bounds of
//     its compression, what the table says (tocsegments.go);
//   - nothing but the table, skippable frames and the footer lies behind the last segment,
//     and the table is the one that the manifest's annotation names by its digest;
//   - of the first segment, the last one and each that makes up an eighth of the layer or
//     more: what it holds;
//   - the same of segments drawn at random, so that a writer cannot know which.
//
// To see what a segment holds it is unpacked, and compared by its digest and header for
// header with the table (tocproof.go). Larger ones are judged by what their ends say: a
// gzip member's trailer, or a Zstandard frame's content size where its only block fills the
// segment. Those that this leaves open are unpacked too, openSegments of them or all.
//
// A lie in a share s of the segments is missed with a probability of (1-s)^n for n that were
// drawn: 80 where a registry serves many ranges in a request, so that one in twenty is found
// in 98 of 100 cases; else all those in 4 windows of 192 KiB. What remains is a lie in a few
// small segments: of a table of 10,000 files that is wrong about one, the odds are that it is
// believed, and what a small Zstandard segment hides may be large. A large gzip segment
// could hold a member of its own before the one whose trailer was read.
//
// Where a segment can be neither confirmed nor refuted, such as a large Zstandard frame of
// many blocks, the table is unconfirmed: its number is not exact, and is checked by samples.
const (
	drawnByBytes  = 16        // segments, of equal parts of the blob
	drawnByNumber = 64        // segments, of equal parts of their list
	openSegments  = 8         // of drawn ones that only unpacking confirms, so many must be
	wholeSegment  = 32 << 10  // up to here drawn segments are unpacked at once
	mostSegment   = 512 << 10 // and those that must be, or that nothing else confirms
	checkBytes    = 2 << 20   // what a check reads, at most
	windowCount   = 4         // where one request reads one range
	windowBytes   = 192 << 10
	heavyShare    = 8
)

// errUnconfirmed is that of a table that the check neither refutes nor confirms.
var errUnconfirmed = errors.New("the table of contents is not confirmed")

// tocCheck compares a table with the stream that it describes.
type tocCheck struct {
	*segments
	proof
	blob     *budgetReader
	random   *rand.Rand
	budget   int64 // bytes that it may still read
	verified []bool
}

// proof judges segments by what was read of the blob. Its errors are those of run.
type proof interface {
	// extent is the range that must be read to unpack a segment.
	extent(i int) place
	// ends are ranges that tell something of a segment that is not read whole.
	ends(i int) []place
	// proveWhole unpacks a segment and compares it with the table.
	proveWhole(i int, content []byte) error
	// proveByEnds judges a segment by its ends.
	proveByEnds(i int, reads *rangeList) error
}

// place is a range of the blob.
type place struct{ at, length int64 }

func (p place) end() int64 { return p.at + p.length }

// run returns nil if the table is confirmed, an ErrTable if it is refuted, errUnconfirmed or
// the error of a read otherwise.
func (c *tocCheck) run() error {
	c.verified = make([]bool, len(c.list))
	c.budget = min(checkBytes, c.blob.room())
	required, open := c.required(), error(nil)
	err := c.checkTogether(required, c.draw())
	if !errors.Is(err, errors.ErrUnsupported) {
		return err
	}
	for _, i := range required {
		if err := c.checkSegment(i); err != nil {
			if !errors.Is(err, errUnconfirmed) {
				return err
			}
			open = cmp.Or(open, err) // another segment may yet refute the table
		}
	}
	return cmp.Or(c.checkWindows(), open)
}

// required are the segments of which each is checked.
func (c *tocCheck) required() []int {
	total := int64(0)
	for _, seg := range c.list {
		total = saturating(total, 1, seg.max)
	}
	var list []int
	for i, seg := range c.list {
		if i == 0 || i == len(c.list)-1 || seg.max >= total/heavyShare {
			list = append(list, i)
		}
	}
	return list
}

// draw returns segments at random, one from each of the parts.
func (c *tocCheck) draw() []int {
	var drawn []int
	for i := range int64(drawnByBytes) {
		drawn = append(drawn, c.segmentAt(c.pick(c.payload, i, drawnByBytes)))
	}
	for i := range int64(drawnByNumber) {
		drawn = append(drawn, int(c.pick(int64(len(c.list)), i, drawnByNumber)))
	}
	slices.Sort(drawn)
	return slices.Compact(drawn)
}

// pick returns a random place in the part i of so many equal parts.
func (c *tocCheck) pick(whole, i, parts int64) int64 {
	from, to := whole*i/parts, whole*(i+1)/parts
	return min(from+c.random.Int64N(max(to-from, 1)), whole-1)
}

// segmentAt returns the segment that holds an offset of the blob.
func (c *tocCheck) segmentAt(at int64) int {
	next, _ := slices.BinarySearchFunc(c.list, at, func(s segment, at int64) int { return cmp.Compare(s.at, at+1) })
	return next - 1
}

// checkTogether checks segments in as few requests as the host allows: whole, or by their
// ends, and in a second round whole where their ends leave them open.
func (c *tocCheck) checkTogether(required, drawn []int) error {
	reads, planned := &rangeList{}, c.budget/2
	for _, i := range required {
		c.plan(reads, i, mostSegment, planned)
	}
	planned = min(planned, reads.total+c.budget/4)
	for _, at := range c.random.Perm(len(drawn)) {
		c.plan(reads, drawn[at], wholeSegment, planned)
	}
	if err := c.readTogether(reads); err != nil {
		return err
	}
	needed, err := c.prove(required, reads)
	if err != nil {
		return err
	}
	open, err := c.prove(drawn, reads)
	if err != nil {
		return err
	}
	return c.proveOpen(needed, open)
}

// plan adds a segment to what is read: whole if it is no larger than that and the sum stays
// below a limit, else its ends.
func (c *tocCheck) plan(reads *rangeList, i int, size, limit int64) {
	whole := c.extent(i)
	if whole.length <= min(size, limit-reads.total) || whole.length <= tinySegment {
		reads.add(whole.at, whole.length)
		return
	}
	for _, r := range c.ends(i) {
		reads.add(r.at, r.length)
	}
}

// prove judges segments by what was read, and returns those that this leaves open.
func (c *tocCheck) prove(list []int, reads *rangeList) (open []int, err error) {
	for _, i := range list {
		if c.verified[i] {
			continue
		}
		switch err := c.proveBy(i, reads); {
		case errors.Is(err, errUnconfirmed):
			open = append(open, i)
		case err != nil:
			return nil, err
		}
	}
	return open, nil
}

func (c *tocCheck) proveBy(i int, reads *rangeList) error {
	var err error
	if whole := c.extent(i); whole.length == 0 || reads.bytes(whole.at, whole.length) != nil {
		err = c.proveWhole(i, reads.bytes(whole.at, whole.length))
	} else {
		err = c.proveByEnds(i, reads)
	}
	c.verified[i] = err == nil
	return err
}

// proveOpen unpacks segments whose ends left them open: all that are needed, and of the
// others, in a random order, as many as the budget has room for.
func (c *tocCheck) proveOpen(needed, others []int) error {
	reads := &rangeList{}
	chosen := slices.Clone(needed)
	c.random.Shuffle(len(others), func(i, j int) { others[i], others[j] = others[j], others[i] })
	for n, i := range append(chosen, others...) {
		whole := c.extent(i)
		if whole.length <= min(mostSegment, c.budget-reads.total) {
			reads.add(whole.at, whole.length)
			if n >= len(needed) {
				chosen = append(chosen, i)
			}
			continue
		}
		if n < len(needed) {
			return fmt.Errorf("%w: the %d bytes at %d were not unpacked", errUnconfirmed, whole.length, whole.at)
		}
	}
	if confirmed := len(chosen) - len(needed); confirmed < min(len(others), openSegments) {
		return fmt.Errorf("%w: of %d parts that say nothing of their length, %d were unpacked", errUnconfirmed, len(others), confirmed)
	}
	if err := c.readTogether(reads); err != nil {
		return err
	}
	for _, i := range chosen {
		if err := c.proveBy(i, reads); err != nil {
			return err
		}
	}
	return nil
}

func (c *tocCheck) readTogether(reads *rangeList) error {
	if reads.total == 0 {
		return nil
	}
	err := c.blob.ReadRanges(reads.buffers, reads.offsets)
	if err == nil {
		c.budget -= reads.total
	}
	return err
}

// checkSegment checks a segment for itself.
func (c *tocCheck) checkSegment(i int) error {
	if c.verified[i] {
		return nil
	}
	reads := &rangeList{}
	c.plan(reads, i, mostSegment, c.budget)
	if err := c.read(reads); err != nil {
		return err
	}
	return c.proveBy(i, reads)
}

// read fills a list range by range.
func (c *tocCheck) read(reads *rangeList) error {
	c.budget -= reads.total
	for i, buffer := range reads.buffers {
		if _, err := c.blob.ReadAt(buffer, reads.offsets[i]); err != nil && !errors.Is(err, io.EOF) {
			return err
		}
	}
	return nil
}

// checkWindows checks what lies in a few long ranges, each from a segment's start on, where
// one request reads one range. A segment that is longer than a window is checked for itself.
func (c *tocCheck) checkWindows() error {
	for i := range int64(windowCount) {
		first := c.segmentAt(c.pick(c.payload, i, windowCount))
		next, window := first, place{at: c.extent(first).at}
		for next < len(c.list) && c.extent(next).end()-window.at <= min(windowBytes, c.budget) {
			window.length = c.extent(next).end() - window.at
			next++
		}
		if next == first {
			if err := c.checkSegment(first); err != nil {
				return err
			}
			continue
		}
		reads := &rangeList{}
		reads.add(window.at, window.length)
		if err := c.read(reads); err != nil {
			return err
		}
		for ; first < next; first++ {
			if err := c.proveBy(first, reads); err != nil {
				return err
			}
		}
	}
	return nil
}

func refuted(at int64, format string, arguments ...any) error {
	return fmt.Errorf("%w: at %d, %w", ErrTable, at, fmt.Errorf(format, arguments...))
}
