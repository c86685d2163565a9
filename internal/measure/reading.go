package measure

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"

	"golang.org/x/sync/errgroup"
	"golang.org/x/sync/semaphore"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/layersize"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/registry"
)

// run measures the layers, several at once. The first error that the mode cannot live with ends it.
func (m *Measurer) run(ctx context.Context, jobs []*job) error {
	streams, probes := semaphore.NewWeighted(streamsAtOnce()), semaphore.NewWeighted(probesAtOnce)
	group, running := errgroup.WithContext(ctx)
	for _, j := range jobs {
		gate := probes
		if j.way == stream {
			gate = streams
		}
		group.Go(func() error { // waits inside, so that a stream that waits for its turn holds no probe back
			if gate.Acquire(running, 1) != nil {
				return nil // one of the group failed, and Wait says why, or the caller gave up
			}
			defer gate.Release(1)
			return m.measure(running, j)
		})
	}
	if err := group.Wait(); err != nil {
		return err
	}
	return ctx.Err()
}

func (m *Measurer) measure(ctx context.Context, j *job) (err error) {
	input := layersize.Layer{MediaType: j.layer.MediaType, Size: j.layer.Size, Annotations: j.layer.Annotations}
	if j.way == declare {
		j.result = layersize.Declared(input)
		return nil
	}
	blob := m.Registry.Blob(ctx, j.image, j.layer)
	input.Blob = blob
	if j.way == stream {
		j.result, err = m.stream(ctx, j, input)
	} else {
		j.result, err = m.probe(ctx, j, input)
	}
	if err != nil {
		return &LayerError{Image: j.image.Reference, Digest: j.layer.Digest, Err: err}
	}
	m.logMeasured(ctx, j, blob)
	return nil
}

// stream counts a layer file by file. A Zstandard window that would take too much memory is no fault of the layer, since containerd
// unpacks it: whoever did not demand the count gets what ranges tell, for no more than streaming would have read.
func (m *Measurer) stream(ctx context.Context, j *job, input layersize.Layer) (layersize.Measurement, error) {
	refused := j.content("probed in place of a stream")
	left, known := m.Kept.Get(refused)
	if !known || !j.orProbe {
		result, err := m.known(j.content("streamed"), func() (layersize.Measurement, error) {
			return layersize.Stream(ctx, input, m.limits(ctx, j))
		})
		if !j.orProbe || !errors.Is(err, layersize.ErrWindow) {
			return result, err
		}
		left = []byte(strconv.FormatInt(leftAfter(err, j.layer.Size), 10))
		m.Kept.Put(refused, left)
	}
	budget, _ := strconv.ParseInt(string(left), 10, 64)
	result, err := m.ranges(ctx, j, input, budget)
	return noted(result, "it was not streamed, as its Zstandard window is too large", nil), err
}

// streamAhead is what a stream may have read, in its two buffers, before the first frame's header is looked at.
const streamAhead = 512 << 10

// leftAfter is what a probe may read of a layer whose stream was refused, which is more than nothing only if that was at its start.
func leftAfter(refusal error, size int64) int64 {
	if !errors.Is(refusal, layersize.ErrFirstWindow) {
		return 0
	}
	return max(0, min(allowanceFor(size), size-streamAhead))
}

// logMeasured tells what came of a layer. Where nothing was requested, it was kept.
func (m *Measurer) logMeasured(ctx context.Context, j *job, blob *registry.Blob) {
	bytes, requests := blob.Stats()
	fields := map[string]any{
		"image": j.image.Reference, "layer": j.layer.Digest, "method": string(j.result.Method), "exact": j.result.Exact,
		"compressed_bytes": j.layer.Size, "unpacked_bytes": j.result.UnpackedBytes.Value, "bytes_read": bytes, "requests": requests,
	}
	if j.result.Note != "" {
		fields["note"] = j.result.Note
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

// content names what a layer's bytes tell, and how they were read, since another way of reading may give another number.
func (j *job) content(how string) string {
	return fmt.Sprintf("%s %s %s %d", how, j.layer.Digest, j.layer.MediaType, j.layer.Size)
}

// claims names what follows from a part of the bytes, and so from what else was believed: a digest vouches for the layer alone, and
// anybody may write another manifest around it.
func (j *job) claims(how string, with any) string {
	annotations, _ := json.Marshal(j.layer.Annotations) // of strings to strings, which cannot fail, with its keys in order
	return fmt.Sprintf("%s %x %v", j.content(how), sha256.Sum256(annotations), with)
}

// known gives what was kept, or else what comes of reading, which is then kept: but nothing of a fault. Tomorrow, or from another
// registry, the number may be another. Even ranges that are ignored are the registry's doing, or that of a cache before it.
func (m *Measurer) known(key string, read func() (layersize.Measurement, error)) (layersize.Measurement, error) {
	var kept layersize.Measurement
	if content, ok := m.Kept.Get(key); ok && json.Unmarshal(content, &kept) == nil {
		return kept, nil
	}
	result, err := read()
	if err != nil || result.Fault != nil {
		return result, err
	}
	if content, err := json.Marshal(result); err == nil {
		m.Kept.Put(key, content)
	}
	return result, nil
}

func (m *Measurer) log(ctx context.Context, message string, fields map[string]any) {
	if m.Log != nil {
		m.Log(ctx, message, fields)
	}
}
