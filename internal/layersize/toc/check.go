package toc

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"slices"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/layersize"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/layersize/rangeread"
)

// TinySegment is the length up to which a segment is read whole in place of its ends.
const TinySegment = 256

// CheckBytes is what a check reads at most.
const CheckBytes = 2 << 20

const (
	drawnByBytes  = 16        // segments, of equal parts of the blob
	drawnByNumber = 64        // segments, of equal parts of their list
	openSegments  = 8         // of drawn ones that only unpacking confirms, so many must be
	wholeSegment  = 32 << 10  // up to here drawn segments are unpacked at once
	mostSegment   = 512 << 10 // and those that must be, or that nothing else confirms
	windowCount   = 4         // where one request reads one range
	windowBytes   = 192 << 10
	heavyShare    = 8
)

// Check compares a table with the stream that it describes.
type Check struct {
	*Segments
	Proof
	blob     *rangeread.Reader
	random   *rand.Rand
	budget   int64 // bytes that it may still read
	verified []bool
}

// NewCheck returns the check of a table that cuts a blob into these segments.
func NewCheck(segments *Segments, proof Proof, blob *rangeread.Reader) *Check {
	return &Check{Segments: segments, Proof: proof, blob: blob, random: secretRandom()}
}

// Proof judges segments by what was read of the blob. Its errors are those of Run.
type Proof interface {
	// Extent is the range that must be read to unpack a segment.
	Extent(i int) Range
	// Ends are ranges that say something of a segment that is not read whole.
	Ends(i int) []Range
	// ProveWhole unpacks a segment and compares it with the table.
	ProveWhole(i int, content []byte) error
	// ProveByEnds judges a segment by its ends.
	ProveByEnds(i int, reads *rangeread.List) error
}

// Range is a range of the blob.
type Range struct{ At, Length int64 }

// End is the offset behind the range.
func (p Range) End() int64 { return p.At + p.Length }

// Run returns nil if the table is confirmed, an ErrTable if it is refuted, ErrUnconfirmed or the
// error of a read otherwise.
func (c *Check) Run() error {
	c.verified = make([]bool, len(c.List))
	c.budget = min(CheckBytes, c.blob.Room())
	required, open := c.requiredSegments(), error(nil)
	err := c.checkTogether(required, c.drawSegments())
	if !errors.Is(err, errors.ErrUnsupported) {
		return err
	}
	for _, i := range required {
		if err := c.checkSegment(i); err != nil {
			if !errors.Is(err, layersize.ErrUnconfirmed) {
				return err
			}
			open = cmp.Or(open, err) // another segment may yet refute the table
		}
	}
	return cmp.Or(c.checkWindows(), open)
}

// checkTogether checks segments in as few requests as the host allows: whole, or by their ends, and
// in a second round whole where their ends leave them open.
func (c *Check) checkTogether(required, drawn []int) error {
	reads, planned := &rangeread.List{}, c.budget/2
	for _, i := range required {
		c.planReads(reads, i, mostSegment, planned)
	}
	planned = min(planned, reads.Total+c.budget/4)
	for _, at := range c.random.Perm(len(drawn)) {
		c.planReads(reads, drawn[at], wholeSegment, planned)
	}
	if err := c.readTogether(reads); err != nil {
		return err
	}
	needed, err := c.proveSegments(required, reads)
	if err != nil {
		return err
	}
	open, err := c.proveSegments(drawn, reads)
	if err != nil {
		return err
	}
	return c.proveOpen(needed, open)
}

// planReads adds a segment to what is read: whole if it is no larger than that and the sum stays
// below a limit, else its ends.
func (c *Check) planReads(reads *rangeread.List, i int, size, limit int64) {
	whole := c.Extent(i)
	if whole.Length <= min(size, limit-reads.Total) || whole.Length <= TinySegment {
		reads.Add(whole.At, whole.Length)
		return
	}
	for _, r := range c.Ends(i) {
		reads.Add(r.At, r.Length)
	}
}

// proveSegments judges segments by what was read, and returns those that this leaves open.
func (c *Check) proveSegments(list []int, reads *rangeread.List) (open []int, err error) {
	for _, i := range list {
		if c.verified[i] {
			continue
		}
		switch err := c.proveSegment(i, reads); {
		case errors.Is(err, layersize.ErrUnconfirmed):
			open = append(open, i)
		case err != nil:
			return nil, err
		}
	}
	return open, nil
}

func (c *Check) proveSegment(i int, reads *rangeread.List) error {
	var err error
	if whole := c.Extent(i); whole.Length == 0 || reads.Bytes(whole.At, whole.Length) != nil {
		err = c.ProveWhole(i, reads.Bytes(whole.At, whole.Length))
	} else {
		err = c.ProveByEnds(i, reads)
	}
	c.verified[i] = err == nil
	return err
}

// proveOpen unpacks segments whose ends left them open: all that are needed, and of the others, in
// a random order, as many as the budget has room for.
func (c *Check) proveOpen(needed, others []int) error {
	reads := &rangeread.List{}
	chosen := slices.Clone(needed)
	c.random.Shuffle(len(others), func(i, j int) { others[i], others[j] = others[j], others[i] })
	for n, i := range append(chosen, others...) {
		whole := c.Extent(i)
		if whole.Length <= min(mostSegment, c.budget-reads.Total) {
			reads.Add(whole.At, whole.Length)
			if n >= len(needed) {
				chosen = append(chosen, i)
			}
			continue
		}
		if n < len(needed) {
			return fmt.Errorf(
				"%w: the %d bytes at %d were not unpacked",
				layersize.ErrUnconfirmed, whole.Length, whole.At,
			)
		}
	}
	if confirmed := len(chosen) - len(needed); confirmed < min(len(others), openSegments) {
		return fmt.Errorf("%w: of %d parts that say nothing of their length, %d were unpacked",
			layersize.ErrUnconfirmed, len(others), confirmed)
	}
	if err := c.readTogether(reads); err != nil {
		return err
	}
	for _, i := range chosen {
		if err := c.proveSegment(i, reads); err != nil {
			return err
		}
	}
	return nil
}

func (c *Check) readTogether(reads *rangeread.List) error {
	if reads.Total == 0 {
		return nil
	}
	err := c.blob.ReadRanges(reads.Buffers, reads.Offsets)
	if err == nil {
		c.budget -= reads.Total
	}
	return err
}

// checkSegment checks a segment for itself.
func (c *Check) checkSegment(i int) error {
	if c.verified[i] {
		return nil
	}
	reads := &rangeread.List{}
	c.planReads(reads, i, mostSegment, c.budget)
	if err := c.readEach(reads); err != nil {
		return err
	}
	return c.proveSegment(i, reads)
}

// readEach fills a list range by range.
func (c *Check) readEach(reads *rangeread.List) error {
	c.budget -= reads.Total
	for i, buffer := range reads.Buffers {
		if _, err := c.blob.ReadAt(buffer, reads.Offsets[i]); err != nil && !errors.Is(err, io.EOF) {
			return err
		}
	}
	return nil
}

// checkWindows checks what lies in a few long ranges, each from a segment's start on, where one
// request reads one range. A segment that is longer than a window is checked for itself.
func (c *Check) checkWindows() error {
	for i := range int64(windowCount) {
		first := c.segmentAt(c.pickPlace(c.Payload, i, windowCount))
		next, window := first, Range{At: c.Extent(first).At}
		for next < len(c.List) && c.Extent(next).End()-window.At <= min(windowBytes, c.budget) {
			window.Length = c.Extent(next).End() - window.At
			next++
		}
		if next == first {
			if err := c.checkSegment(first); err != nil {
				return err
			}
			continue
		}
		reads := &rangeread.List{}
		reads.Add(window.At, window.Length)
		if err := c.readEach(reads); err != nil {
			return err
		}
		for ; first < next; first++ {
			if err := c.proveSegment(first, reads); err != nil {
				return err
			}
		}
	}
	return nil
}

// RefutedAt returns the error of a table that what lies at an offset refutes.
func RefutedAt(at int64, format string, arguments ...any) error {
	return fmt.Errorf("%w: at %d, %w", layersize.ErrTable, at, fmt.Errorf(format, arguments...))
}
