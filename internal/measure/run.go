package measure

import (
	"context"
	"errors"
	"fmt"

	"golang.org/x/sync/errgroup"
	"golang.org/x/sync/semaphore"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/layersize"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/layersize/probe"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/layersize/stream"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/registry"
)

// measureLayers measures the layers, several at once. What the mode cannot live with is an error of
// the images that hold the layer (target.err), and does not end the others. The error is the
// context's.
func (m *Measurer) measureLayers(ctx context.Context, jobs []*job) error {
	streams, probes := semaphore.NewWeighted(streamsAtOnce()), semaphore.NewWeighted(probesAtOnce)
	group := &errgroup.Group{}
	begin := func(gate *semaphore.Weighted, measure func()) {
		group.Go(func() error { // waits inside, so that a stream that waits for its turn holds no probe back
			if gate.Acquire(ctx, 1) != nil {
				return ctx.Err()
			}
			defer gate.Release(1)
			measure()
			return nil
		})
	}
	for _, j := range jobs {
		if j.way == wayStream {
			begin(streams, func() { m.streamLayer(ctx, j) })
			continue
		}
		for _, o := range j.origins {
			begin(probes, func() { m.measureOrigin(ctx, j, o) })
		}
	}
	_ = group.Wait()
	return ctx.Err()
}

// measureOrigin declares a layer, or probes it in one repository.
func (m *Measurer) measureOrigin(ctx context.Context, j *job, o *origin) {
	if j.way == wayDeclare {
		o.result = probe.Declare(inputOf(j, nil))
		return
	}
	if !o.isWanted() {
		return
	}
	blob := m.Registry.Blob(ctx, o.image(), j.layer)
	input := inputOf(j, blob)
	if o.ranges != nil {
		input.Blob = &rangeMemory{Blob: blob, ranges: o.ranges}
	}
	result, err := m.probeLayer(ctx, j, o, input)
	if err != nil {
		o.fail(j, err)
		return
	}
	o.result = result
	m.logMeasured(ctx, j, o, blob)
}

// inputOf is a layer as layersize takes it. Nothing is read of it without a blob.
func inputOf(j *job, blob layersize.Blob) layersize.Layer {
	return layersize.Layer{
		MediaType: j.layer.MediaType, Size: j.layer.Size, Annotations: j.layer.Annotations, Blob: blob,
	}
}

// streamLayer counts a layer file by file, from the first origin that serves it and for all of
// them. A Zstandard window that would take too much memory is no fault of the layer, since
// containerd unpacks it: where the mode does not demand the count, ranges of each origin are read,
// for no more than streaming would have read.
func (m *Measurer) streamLayer(ctx context.Context, j *job) {
	left, refused := m.refusedBefore(j)
	for i := 0; i < len(j.origins) && !refused; i++ {
		o := j.origins[i]
		if !o.isWanted() {
			continue
		}
		result, err := m.streamOrigin(ctx, j, o)
		switch {
		case err == nil:
			for _, other := range j.origins {
				other.result = result
			}
			return
		case j.orProbe && errors.Is(err, layersize.ErrWindow):
			left, refused = leftAfter(err, j.layer.Size), true
			m.storeRefusal(j, left)
		default:
			o.fail(j, err)
		}
	}
	for _, o := range j.origins {
		if refused && o.isWanted() {
			m.probeRefused(ctx, j, o, left/j.probeCount())
		}
	}
}

// streamOrigin streams a layer as one repository serves it.
func (m *Measurer) streamOrigin(ctx context.Context, j *job, o *origin) (layersize.Measurement, error) {
	blob := m.Registry.Blob(ctx, o.image(), j.layer)
	source := stream.Source{Limits: m.streamLimits(ctx, j), Demanded: !j.orProbe}
	result, err := m.measureOnce(ctx, source, j.verifiedKey("streamed"), inputOf(j, blob), 0)
	if err == nil {
		o.result = result
		m.logMeasured(ctx, j, o, blob)
	}
	return result, err
}

// probeRefused probes a layer whose stream was refused.
func (m *Measurer) probeRefused(ctx context.Context, j *job, o *origin, budget int64) {
	blob := m.Registry.Blob(ctx, o.image(), j.layer)
	result, err := m.probeRanges(ctx, j, o, inputOf(j, blob), budget)
	if err != nil {
		o.fail(j, err)
		return
	}
	result.AddNote(fmt.Sprintf("it was not streamed: a Zstandard window above %d MiB, or above 32 MiB in a later frame",
		stream.DefaultWindowBytes>>20))
	o.result = result
	m.logMeasured(ctx, j, o, blob)
}

// streamAhead is what a stream may have read, in its two buffers, before the first frame's header
// is looked at.
const streamAhead = 512 << 10

// leftAfter is what may be read by ranges of a layer whose stream was refused, which is more than
// nothing only if that was at its start.
func leftAfter(refusal error, size int64) int64 {
	if !errors.Is(refusal, layersize.ErrFirstWindow) {
		return 0
	}
	return max(0, min(allowanceFor(size, DefaultReadBudget), size-streamAhead))
}

// logMeasured logs what came of a layer. Where nothing was requested, it was kept.
func (m *Measurer) logMeasured(ctx context.Context, j *job, o *origin, blob *registry.Blob) {
	bytes, requests := blob.Stats()
	fields := map[string]any{
		"image": o.image().Reference, "layer": j.layer.Digest, "method": string(o.result.Method), "exact": o.result.Exact,
		"compressed_bytes": j.layer.Size, "unpacked_bytes": o.result.UnpackedBytes.Value,
		"bytes_read": bytes, "requests": requests,
	}
	if o.result.Note != "" {
		fields["note"] = m.Secrets.Text(o.result.Note, maxText)
	}
	m.log(ctx, "layer measured", fields)
}

// streamLimits are layersize's own, with the progress of this layer in the log.
func (m *Measurer) streamLimits(ctx context.Context, j *job) stream.Limits {
	return stream.Limits{Progress: func(compressed, unpacked int64) {
		m.log(ctx, "streaming layer", map[string]any{
			"layer": j.layer.Digest, "compressed_bytes": compressed, "of": j.layer.Size, "unpacked_bytes": unpacked,
		})
	}}
}

func (m *Measurer) log(ctx context.Context, message string, fields map[string]any) {
	if m.Log != nil {
		m.Log(ctx, message, fields)
	}
}
