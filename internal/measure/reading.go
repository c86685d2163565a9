package measure

import (
	"context"
	"errors"
	"fmt"

	"golang.org/x/sync/errgroup"
	"golang.org/x/sync/semaphore"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/layersize"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/registry"
)

// run measures the layers, several at once. The first error that the mode cannot live with ends it.
func (m *Measurer) run(ctx context.Context, jobs []*job) error {
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
		if j.way == stream {
			begin(streams, func(ctx context.Context) error { return m.streamLayer(ctx, j) })
			continue
		}
		for _, s := range j.sources {
			begin(probes, func(ctx context.Context) error { return m.measureSource(ctx, j, s) })
		}
	}
	if err := group.Wait(); err != nil {
		return err
	}
	return ctx.Err()
}

// measureSource declares a layer, or probes it in one repository.
func (m *Measurer) measureSource(ctx context.Context, j *job, s *source) (err error) {
	if j.way == declare {
		s.result = layersize.Declared(inputOf(j, nil))
		return nil
	}
	blob := m.Registry.Blob(ctx, s.image, j.layer)
	input := inputOf(j, blob)
	if s.ranges != nil {
		input.Blob = &rangeMemory{Blob: blob, ranges: s.ranges}
	}
	if s.result, err = m.probe(ctx, j, s, input); err != nil {
		return s.failed(j, err)
	}
	m.logMeasured(ctx, j, s, blob)
	return nil
}

// inputOf is a layer as layersize takes it. Nothing is read of it without a blob.
func inputOf(j *job, blob layersize.Blob) layersize.Layer {
	return layersize.Layer{MediaType: j.layer.MediaType, Size: j.layer.Size, Annotations: j.layer.Annotations, Blob: blob}
}

func (s *source) failed(j *job, err error) error {
	return &LayerError{Image: s.image.Reference, Digest: j.layer.Digest, Err: explainForeign(j.layer, err)}
}

// streamLayer counts a layer file by file, from its first source and for all of them. A Zstandard
// window that would take too much memory is no fault of the layer, since containerd unpacks it:
// where the mode does not demand the count, ranges of each source are read, for no more than
// streaming would have read.
func (m *Measurer) streamLayer(ctx context.Context, j *job) error {
	first := j.sources[0]
	blob := m.Registry.Blob(ctx, first.image, j.layer)
	left, refused := m.refusedBefore(j)
	if !refused {
		result, err := m.known(j.content("streamed"), func() (layersize.Measurement, error) {
			return m.countFiles(ctx, j, inputOf(j, blob))
		})
		if err == nil {
			for _, s := range j.sources {
				s.result = result
			}
			m.logMeasured(ctx, j, first, blob)
			return nil
		}
		if !j.orProbe || !errors.Is(err, layersize.ErrWindow) {
			return first.failed(j, err)
		}
		left = leftAfter(err, j.layer.Size)
		m.keepRefusal(j, left)
	}
	for _, s := range j.sources {
		if s != first {
			blob = m.Registry.Blob(ctx, s.image, j.layer)
		}
		result, err := m.ranges(ctx, j, s, inputOf(j, blob), left/j.probes())
		if err != nil {
			return s.failed(j, err)
		}
		s.result = noted(result, fmt.Sprintf("it was not streamed: a Zstandard window above %d MiB, or above 32 MiB in a later frame",
			layersize.DefaultWindowBytes>>20), nil)
		m.logMeasured(ctx, j, s, blob)
	}
	return nil
}

// countFiles streams a layer. A large window of a later frame is met when much was read already: where the mode demands the
// count, the layer is read again, with the memory for it.
func (m *Measurer) countFiles(ctx context.Context, j *job, input layersize.Layer) (layersize.Measurement, error) {
	limits := m.limits(ctx, j)
	result, err := layersize.Stream(ctx, input, limits)
	if j.orProbe || !errors.Is(err, layersize.ErrWindow) || errors.Is(err, layersize.ErrFirstWindow) {
		return result, err
	}
	limits.AnyFrame = true
	return layersize.Stream(ctx, input, limits)
}

// streamAhead is what a stream may have read, in its two buffers, before the first frame's header is looked at.
const streamAhead = 512 << 10

// leftAfter is what may be read by ranges of a layer whose stream was refused, which is more than nothing only if that was at its start.
func leftAfter(refusal error, size int64) int64 {
	if !errors.Is(refusal, layersize.ErrFirstWindow) {
		return 0
	}
	return max(0, min(allowanceFor(size, DefaultReadBudget), size-streamAhead))
}

// logMeasured logs what came of a layer. Where nothing was requested, it was kept.
func (m *Measurer) logMeasured(ctx context.Context, j *job, s *source, blob *registry.Blob) {
	bytes, requests := blob.Stats()
	fields := map[string]any{
		"image": s.image.Reference, "layer": j.layer.Digest, "method": string(s.result.Method), "exact": s.result.Exact,
		"compressed_bytes": j.layer.Size, "unpacked_bytes": s.result.UnpackedBytes.Value, "bytes_read": bytes, "requests": requests,
	}
	if s.result.Note != "" {
		fields["note"] = m.Secrets.Text(s.result.Note, maxText)
	}
	m.log(ctx, "layer measured", fields)
}

// limits are layersize's own, with the progress of this layer told to the log.
func (m *Measurer) limits(ctx context.Context, j *job) layersize.Limits {
	return layersize.Limits{Progress: func(compressed, unpacked int64) {
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
