package measure

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/layersize"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/layersize/probe"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/layersize/stream"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/registry"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/registry/failure"
)

// ErrTimeUp is the fault of a measurement that the end of Request.Timeout has cut short.
var ErrTimeUp = errors.New("the time to read ran out")

// TimeUpError says that nothing was learned of an image before Request.Timeout had passed.
type TimeUpError struct {
	After time.Duration
	Err   error
}

func (e *TimeUpError) Error() string {
	return fmt.Sprintf("%v after %s: %v", ErrTimeUp, e.After, e.Err)
}

// Unwrap returns the failure that the end of the time led to.
func (e *TimeUpError) Unwrap() error { return e.Err }

// reading is the time in which registries may be read. Blobs are read with the context of reading,
// which ends with it; layers are measured with that of the run, so that what was read counts.
type reading struct {
	run     context.Context // ends when the caller gives up
	until   context.Context // ends then too, and when the time to read has run out
	timeout time.Duration   // 0 for none
}

func newReading(ctx context.Context, timeout time.Duration) (r reading, stop context.CancelFunc) {
	r = reading{run: ctx, until: ctx, timeout: timeout}
	if timeout <= 0 {
		return r, func() {}
	}
	r.until, stop = context.WithTimeout(ctx, timeout)
	return r, stop
}

// isOver reports whether the time to read has run out, while the caller still waits.
func (r reading) isOver() bool { return r.run.Err() == nil && r.until.Err() != nil }

// hasCut reports whether a failure is due to the end of the time.
func (r reading) hasCut(err error) bool {
	return err != nil && r.isOver() &&
		(errors.Is(err, failure.Timeout) || errors.Is(err, context.DeadlineExceeded) || errors.Is(err, ErrTimeUp))
}

// recordResult records what came of a layer: a measurement, or the error of all images that hold
// it. Where the time has run out, what was known before counts unless more was learned.
func (r reading) recordResult(j *job, o *origin, result layersize.Measurement, err error) {
	switch {
	case r.hasCut(err):
		result = declareCut(j, err)
		result.Fault = ErrTimeUp
	case err != nil:
		o.fail(j, err)
		return
	case isNotPulled(j.layer, result.Fault):
		o.fail(j, result.Fault)
		return
	case r.hasCut(result.Fault):
		result.Fault = ErrTimeUp
	}
	if errors.Is(result.Fault, ErrTimeUp) && o.isMeasured() && widthOf(o.result) <= widthOf(result) {
		return
	}
	o.result = result
}

// isNotPulled reports whether a read failed in a way that stops containerd too: the registry does
// not have the blob, or has another one than the manifest says. Of a layer with URLs, containerd
// asks those first.
func isNotPulled(layer registry.Layer, fault error) bool {
	failed, ok := errors.AsType[*failure.Error](fault)
	return ok && !layer.Elsewhere &&
		(failed.Kind == failure.NotFound && !failed.Elsewhere || errors.Is(failed, failure.ErrWrongSize))
}

// noteTimeUp notes in a report that the time ran out before all was read: a layer was cut short, or
// there is another round.
func (r *Report) noteTimeUp(within reading, unfinished bool) *Report {
	for _, image := range r.Images {
		unfinished = unfinished || slices.ContainsFunc(image.Measurements, IsCut)
	}
	if unfinished && within.isOver() {
		r.TimeUp = within.timeout
	}
	return r
}

// IsCut reports whether the end of Request.Timeout has cut a measurement short.
func IsCut(m layersize.Measurement) bool { return errors.Is(m.Fault, ErrTimeUp) }

// declareCut returns what is known of a layer whose reading was cut short: the files that a stream
// has counted until then, and for all else what the size declares.
func declareCut(j *job, err error) layersize.Measurement {
	input := inputOf(j, nil)
	cut, counted := errors.AsType[*stream.InterruptedError](err)
	if !counted {
		return probe.Declare(input)
	}
	m := probe.DeclareRest(input, cut.Read, cut.Unpacked)
	m.DiskBytes.Min = max(m.DiskBytes.Min, cut.Counted.DiskBytes.Min)
	m.DiskBytes.Value = max(m.DiskBytes.Value, cut.Counted.DiskBytes.Value)
	m.DiskBytes.Max = max(m.DiskBytes.Max, cut.Counted.DiskBytes.Max)
	m.LikelyInodes, m.Refusals = max(m.LikelyInodes, cut.Counted.LikelyInodes), cut.Counted.Refusals
	return m
}

// isMeasured reports whether there is a result.
func (o *origin) isMeasured() bool { return o.result.Method != "" }

func widthOf(m layersize.Measurement) int64 { return m.DiskBytes.Max - m.DiskBytes.Min }
