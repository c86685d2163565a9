package measure

import (
	"context"
	"encoding/json"
	"fmt"

	"golang.org/x/sync/errgroup"
	"golang.org/x/sync/semaphore"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/layersize"
)

// run measures the layers, several at once. The first error that the mode cannot live with ends it.
func (m *Measurer) run(ctx context.Context, jobs []*job) error {
	streams, probes := semaphore.NewWeighted(streamsAtOnce), semaphore.NewWeighted(probesAtOnce)
	group, running := errgroup.WithContext(ctx)
	for _, j := range jobs {
		gate := probes
		if j.way == stream {
			gate = streams
		}
		if err := gate.Acquire(running, 1); err != nil {
			break // one of the group failed, and Wait says why, or the caller gave up
		}
		group.Go(func() error {
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
	if m.recall(j) {
		return nil
	}
	blob := m.Registry.Blob(ctx, j.image, j.layer)
	input.Blob = blob
	if j.way == stream {
		j.result, err = layersize.Stream(ctx, input, m.limits(ctx, j))
	} else {
		j.result, err = m.probe(ctx, j, input)
	}
	if err != nil {
		return &LayerError{Image: j.image.Reference, Digest: j.layer.Digest, Err: err}
	}
	bytes, requests := blob.Stats()
	fields := map[string]any{
		"image": j.image.Reference, "layer": j.layer.Digest, "method": string(j.result.Method), "exact": j.result.Exact,
		"compressed_bytes": j.layer.Size, "unpacked_bytes": j.result.UnpackedBytes.Value, "bytes_read": bytes, "requests": requests,
	}
	if j.result.Note != "" {
		fields["note"] = j.result.Note
	}
	m.log(ctx, "layer measured", fields)
	m.remember(j)
	return nil
}

// limits are the measurer's, with the progress of this layer told to the log.
func (m *Measurer) limits(ctx context.Context, j *job) layersize.Limits {
	limits := m.Limits
	limits.Progress = func(compressed, unpacked int64) {
		m.log(ctx, "streaming layer", map[string]any{
			"layer": j.layer.Digest, "compressed_bytes": compressed, "of": j.layer.Size, "unpacked_bytes": unpacked,
		})
	}
	return limits
}

// key names what was read as well as how, since another way of reading may give another number.
func (j *job) key() string {
	if j.way == stream {
		return "streamed " + j.layer.Digest + " " + j.layer.MediaType
	}
	return fmt.Sprintf("probed %s %s %d", j.layer.Digest, j.layer.MediaType, j.allowance)
}

func (m *Measurer) recall(j *job) bool {
	content, ok := m.Kept.Get(j.key())
	return ok && json.Unmarshal(content, &j.result) == nil
}

// remember keeps what follows from the layer. What came of a fault may be another number tomorrow, or from another registry: even
// ranges that are ignored are the registry's doing, or that of a cache before it.
func (m *Measurer) remember(j *job) {
	if j.result.Fault != nil {
		return
	}
	if content, err := json.Marshal(j.result); err == nil {
		m.Kept.Put(j.key(), content)
	}
}

func (m *Measurer) log(ctx context.Context, message string, fields map[string]any) {
	if m.Log != nil {
		m.Log(ctx, message, fields)
	}
}
