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

// measureLayers measures the layers, several at once. The first error that the mode cannot live
// with ends it.
func (m *Measurer) measureLayers(ctx context.Context, jobs []*job) error {
	streams, probes := semaphore.NewWeighted(streamsAtOnce()), semaphore.NewWeighted(probesAtOnce)
	group, running := errgroup.WithContext(ctx)
	begin := func(gate *semaphore.Weighted, measure func(ctx context.Context) error) {
		group.Go(func() error { // waits inside, so that a stream that waits for its turn holds no probe back
			if gate.Acquire(running, 1) != nil {
				return nil // one of the group failed, and Wait says why, or the caller gave up
			}
			defer gate.Release(1)
			return measure(running)
		})
	}
	for _, j := range jobs {
		if j.way == wayStream {
			begin(streams, func(ctx context.Context) error { return m.streamLayer(ctx, j) })
			continue
		}
		for _, o := range j.origins {
			begin(probes, func(ctx context.Context) error { return m.measureOrigin(ctx, j, o) })
		}
	}
	if err := group.Wait(); err != nil {
		return err
	}
	return ctx.Err()
}

// measureOrigin declares a layer, or probes it in one repository.
func (m *Measurer) measureOrigin(ctx context.Context, j *job, o *origin) (err error) {
	if j.way == wayDeclare {
		o.result = probe.Declare(inputOf(j, nil))
		return nil
	}
	blob := m.Registry.Blob(ctx, o.image, j.layer)
	input := inputOf(j, blob)
	if o.ranges != nil {
		input.Blob = &rangeMemory{Blob: blob, ranges: o.ranges}
	}
	if o.result, err = m.probeLayer(ctx, j, o, input); err != nil {
		return o.layerError(j, err)
	}
	m.logMeasured(ctx, j, o, blob)
	return nil
}

// inputOf is a layer as layersize takes it. Nothing is read of it without a blob.
func inputOf(j *job, blob layersize.Blob) layersize.Layer {
	return layersize.Layer{
		MediaType: j.layer.MediaType, Size: j.layer.Size, Annotations: j.layer.Annotations, Blob: blob,
	}
}

func (o *origin) layerError(j *job, err error) error {
	return &LayerError{Image: o.image.Reference, Digest: j.layer.Digest, Err: explainForeign(j.layer, err)}
}

// streamLayer counts a layer file by file, from its first origin and for all of them. A Zstandard
// window that would take too much memory is no fault of the layer, since containerd unpacks it:
// where the mode does not demand the count, ranges of each origin are read, for no more than
// streaming would have read.
func (m *Measurer) streamLayer(ctx context.Context, j *job) error {
	first := j.origins[0]
	left, refused := m.refusedBefore(j)
	if !refused {
		blob := m.Registry.Blob(ctx, first.image, j.layer)
		source := stream.Source{Limits: m.streamLimits(ctx, j), Demanded: !j.orProbe}
		result, err := m.measureOnce(ctx, source, j.verifiedKey("streamed"), inputOf(j, blob), 0)
		if err == nil {
			for _, o := range j.origins {
				o.result = result
			}
			m.logMeasured(ctx, j, first, blob)
			return nil
		}
		if !j.orProbe || !errors.Is(err, layersize.ErrWindow) {
			return first.layerError(j, err)
		}
		left = leftAfter(err, j.layer.Size)
		m.storeRefusal(j, left)
	}
	for _, o := range j.origins {
		if err := m.probeRefused(ctx, j, o, left/j.probeCount()); err != nil {
			return err
		}
	}
	return nil
}

// probeRefused probes a layer whose stream was refused.
func (m *Measurer) probeRefused(ctx context.Context, j *job, o *origin, budget int64) error {
	blob := m.Registry.Blob(ctx, o.image, j.layer)
	result, err := m.probeRanges(ctx, j, o, inputOf(j, blob), budget)
	if err != nil {
		return o.layerError(j, err)
	}
	result.AddNote(fmt.Sprintf("it was not streamed: a Zstandard window above %d MiB, or above 32 MiB in a later frame",
		stream.DefaultWindowBytes>>20))
	o.result = result
	m.logMeasured(ctx, j, o, blob)
	return nil
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
		"image": o.image.Reference, "layer": j.layer.Digest, "method": string(o.result.Method), "exact": o.result.Exact,
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
