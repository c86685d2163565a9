package sampling

import (
	"errors"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/layersize/estimate"
)

// escalate takes windows, and follows the headers behind them, until the error is small beside the
// length.
func (z *zstdSampler) escalate() (estimate.Estimate, error) {
	var before *estimate.Estimate
	kept := min(z.left/4, (z.left+z.read)/runShare) // to follow the runs that windows meet
	z.left -= kept
	for n := z.firstWindows(); ; n *= 2 {
		more, err := z.sample(n)
		if err == nil && z.isAmple() {
			err = z.readBetween()
		}
		if err != nil {
			return keepRound(before, err)
		}
		e := z.estimate()
		before = &e
		good := n >= zstdLeast && (e.Settled || z.IsPrecise()) && e.FilesKnown(z.size)
		if good || !more || n >= zstdMost || z.room() < max(1, int64(len(z.Middle))/8) {
			z.left += kept
			return z.conclude()
		}
	}
}

// isAmple reports whether the budget suffices for more than a few windows.
func (z *zstdSampler) isAmple() bool { return z.left+z.read >= leastBetween }

// readBetween reads what is behind the windows: the ends of their last blocks, and headers.
func (z *zstdSampler) readBetween() error {
	if _, err := z.walk(leastStretch); err != nil {
		return err
	}
	if err := z.completeSome(); err != nil {
		return err
	}
	return z.walkAll()
}

// firstWindows is how many windows the first round reads: half of the budget where all are read on
// once, and no more than zstdLeast.
func (z *zstdSampler) firstWindows() int {
	n := 1
	for n < zstdLeast && int64(2*n)*2*(z.windowSize+rangeOverhead) <= z.left/2 {
		n *= 2
	}
	return n
}

// windowFor is the length of windows, which hold the header of a block that compresses well. It
// does not depend on the budget, so that a larger one reads again what a smaller one has read.
func (z *zstdSampler) windowFor(most int64) int64 {
	switch {
	case z.readsMany():
		return min(most, zstdWindowSize)
	case z.size < smallStream:
		return min(most, singleWindow)
	}
	return most
}

// keepRound returns what the rounds before a failed read have shown: each of them is a fair sample,
// and the windows of a round that was cut short need not be. The reader remembers the failure.
func keepRound(before *estimate.Estimate, err error) (estimate.Estimate, error) {
	if before == nil || errors.Is(err, ErrFormat) {
		return estimate.Estimate{}, err
	}
	return *before, nil
}
