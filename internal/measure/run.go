package measure

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"golang.org/x/sync/semaphore"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/layersize"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/layersize/probe"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/layersize/stream"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/registry"
)

// measureLayers measures the layers, several at once. What the mode cannot live with is an error of
// the images that hold the layer (target.err), and does not end the others.
func (m *Measurer) measureLayers(r reading, jobs []*job) {
	streams, probes := semaphore.NewWeighted(streamsAtOnce()), semaphore.NewWeighted(probesAtOnce)
	var group sync.WaitGroup
	begin := func(gate *semaphore.Weighted, measure, skip func()) {
		group.Go(func() { // waits inside, so that a stream that waits for its turn holds no probe back
			if gate.Acquire(r.until, 1) != nil {
				skip()
				return
			}
			defer gate.Release(1)
			measure()
		})
	}
	for _, j := range jobs {
		skip := func() {
			for _, o := range j.origins {
				r.recordResult(j, o, layersize.Measurement{}, ErrTimeUp)
			}
		}
		if j.way == wayStream {
			begin(streams, func() { m.streamLayer(r, j) }, skip)
			continue
		}
		for _, o := range j.origins {
			begin(probes, func() { m.measureOrigin(r, j, o) }, skip)
		}
	}
	group.Wait()
}

// measureOrigin declares a layer, or probes it in one repository.
func (m *Measurer) measureOrigin(r reading, j *job, o *origin) {
	if j.way == wayDeclare {
		o.result = probe.Declare(inputOf(j, nil))
		return
	}
	if !o.isWanted() {
		return
	}
	blob := m.Registry.Blob(r.until, o.image(), j.layer)
	input := inputOf(j, blob)
	if o.ranges != nil {
		input.Blob = &rangeMemory{Blob: blob, ranges: o.ranges}
	}
	result, err := m.probeLayer(r, j, o, input)
	r.recordResult(j, o, result, err)
	m.logMeasured(r.run, j, o, blob)
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
func (m *Measurer) streamLayer(r reading, j *job) {
	left, refused := m.refusedBefore(j)
	for i := 0; i < len(j.origins) && !refused; i++ {
		o := j.origins[i]
		if !o.isWanted() {
			continue
		}
		result, err := m.streamOrigin(r, j, o)
		switch {
		case err == nil:
			for _, other := range j.origins {
				r.recordResult(j, other, result, nil)
			}
			return
		case j.orProbe && errors.Is(err, layersize.ErrWindow):
			left, refused = leftAfter(err, j.layer.Size), true
			m.storeRefusal(j, left)
		default:
			r.recordResult(j, o, result, err)
		}
	}
	for _, o := range j.origins {
		if refused && o.isWanted() {
			m.probeRefused(r, j, o, left/j.probeCount())
		}
	}
}

// streamOrigin streams a layer as one repository serves it.
func (m *Measurer) streamOrigin(r reading, j *job, o *origin) (layersize.Measurement, error) {
	blob := m.Registry.Blob(r.until, o.image(), j.layer)
	source := stream.Source{Limits: m.streamLimits(r.run, j), Demanded: !j.orProbe}
	result, err := m.measureOnce(r.run, source, j.verifiedKey("streamed"), inputOf(j, blob), 0)
	if err == nil {
		o.result = result
		m.logMeasured(r.run, j, o, blob)
	}
	return result, err
}

// probeRefused probes a layer whose stream was refused.
func (m *Measurer) probeRefused(r reading, j *job, o *origin, budget int64) {
	blob := m.Registry.Blob(r.until, o.image(), j.layer)
	result, err := m.probeRanges(r.run, j, o, inputOf(j, blob), budget)
	result.AddNote(fmt.Sprintf("it was not streamed: a Zstandard window above %d MiB, or above 32 MiB in a later frame",
		stream.DefaultWindowBytes>>20))
	r.recordResult(j, o, result, err)
	m.logMeasured(r.run, j, o, blob)
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
		"image": o.image().Reference, "layer": j.layer.Digest,
		"method": string(o.result.Method), "exact": o.result.Exact,
		"compressed_bytes": j.layer.Size, "unpacked_bytes": o.result.UnpackedBytes.Value,
		"allowance": j.allowance, "bytes_read": bytes, "requests": requests,
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
