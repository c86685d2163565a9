package layersize

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/layersize/rangeread"
)

// A Source is one way to learn the size of a layer: a table of contents, samples of the stream, an
// annotation. A new format of layers is a new Source.
type Source interface {
	// Name names the source in notes, and in the keys of stored measurements.
	Name() string

	// Measure measures the layer, or returns one of these errors, after which the next source is
	// tried:
	//
	//   - ErrNotApplicable: the source says nothing of this layer. Most layers have no table of
	//     contents, and that is no reason for a note.
	//   - ErrUnconfirmed, beside a measurement: nothing confirms what the layer's author wrote. The
	//     measurement counts within the bounds of the source that comes after it.
	//   - ErrTable: what the layer's author wrote is wrong.
	//   - *Fault: a read failed, and another attempt may not.
	//   - any other: why the source is passed over.
	Measure(ctx context.Context, in *Input) (Measurement, error)
}

// ErrNotApplicable is returned by a Source that says nothing of a layer.
var ErrNotApplicable = errors.New("the source says nothing of this layer")

// Fault is a failure to read that another attempt may not meet. A measurement that a fault led to
// is not stored.
type Fault struct{ Err error }

// Error implements error.
func (f *Fault) Error() string { return f.Err.Error() }

// Unwrap returns the failure.
func (f *Fault) Unwrap() error { return f.Err }

// External is a source that lies beside a layer, in the registry.
type External struct {
	Source
	Digest string // of what it reads beside the layer
	Bytes  int64  // of the same
}

// MeasureFirst tries sources in turn and returns the first measurement, with what its caller must
// know of the sources that were passed over: notes, a table of contents that is wrong, a fault. It
// returns ErrNotApplicable if no source applies, and the context's error if that is done.
func MeasureFirst(ctx context.Context, in *Input, sources []Source) (Measurement, error) {
	for _, source := range sources {
		m, err := source.Measure(ctx, in)
		switch {
		case ctx.Err() != nil:
			return Measurement{}, ctx.Err()
		case err == nil:
			return in.completeMeasurement(m), nil
		case errors.Is(err, ErrUnconfirmed):
			in.unconfirmed, in.lister = &m, source.Name()
		}
		in.passOver(source.Name(), err)
	}
	return Measurement{}, ErrNotApplicable
}

// passOver records why a source was passed over. A blob that fails is noted once, at the end.
func (in *Input) passOver(name string, err error) {
	if errors.Is(err, ErrNotApplicable) || in.Reader.Err() != nil {
		return
	}
	fault, failed := errors.AsType[*Fault](err)
	if failed {
		in.fault = cmp.Or(in.fault, fault.Err)
	}
	switch {
	case errors.Is(err, ErrUnconfirmed):
		in.AddNote("%s %v", name, err)
	case errors.Is(err, ErrTable):
		in.AddNote("%s %v", name, err)
		if !failed && !errors.Is(err, rangeread.ErrBudget) {
			in.refuted = fmt.Sprintf("%s %v", name, err)
		}
	default:
		in.AddNote("%s: %v", name, err)
	}
}

// completeMeasurement adds to a measurement what was learned from the sources that were tried
// before it.
func (in *Input) completeMeasurement(m Measurement) Measurement {
	for _, reason := range in.refusals {
		m.Refuse(reason)
	}
	if in.unconfirmed != nil && m.Inodes == nil {
		m = in.reconcileListed(*in.unconfirmed, m)
	}
	if failure := in.Reader.Err(); failure != nil {
		in.AddNote("range reads failed: %v", failure)
		in.fault = cmp.Or(in.fault, failure)
	}
	if len(in.Notes) > 0 {
		m.AddNote(strings.Join(in.Notes, "; "))
	}
	m.Refuted = cmp.Or(in.refuted, m.Refuted)
	m.Fault = cmp.Or(m.Fault, in.fault)
	return m
}

// reconcileListed keeps what is listed, and not confirmed, within the bounds that another source
// states. They refute it where it lies outside of them.
func (in *Input) reconcileListed(listed, bounds Measurement) Measurement {
	length := listed.UnpackedBytes
	if length.Max < bounds.UnpackedBytes.Min || length.Min > bounds.UnpackedBytes.Max {
		in.refuted = fmt.Sprintf("%s %v: samples of the stream do not agree with its %d bytes",
			in.lister, ErrTable, length.Value)
		return bounds
	}
	listed.DiskBytes = listed.DiskBytes.widenedTo(bounds.DiskBytes)
	if bounds.UnpackedBytes.Min >= length.Min && bounds.UnpackedBytes.Max <= length.Max {
		length = bounds.UnpackedBytes
	}
	listed.UnpackedBytes = length.widenedTo(bounds.UnpackedBytes)
	listed.Inodes, listed.Exact = nil, false
	return listed
}

// widenedTo keeps the value and takes the wider bounds.
func (i Interval) widenedTo(other Interval) Interval {
	return Interval{Value: i.Value, Min: min(i.Min, other.Min), Max: max(i.Max, other.Max)}
}
