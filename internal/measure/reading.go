package measure

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"golang.org/x/sync/errgroup"
	"golang.org/x/sync/semaphore"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/layersize"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/registry"
)

// way is how one layer is to be read.
type way int

const (
	declare way = iota // read nothing
	probe              // ranges within an allowance
	stream             // everything
)

// job is the measuring of one distinct layer.
type job struct {
	image     *registry.Image
	layer     registry.Layer
	way       way
	allowance int64 // bytes that a probe may fetch
	result    layersize.Measurement
}

// uniqueLayers gives each distinct layer once, in the order of the images, and every distinct blob that containerd keeps.
func uniqueLayers(images []*registry.Image) (jobs []*job, blobs map[string]int64) {
	blobs = map[string]int64{}
	for _, image := range images {
		for _, d := range image.Metadata {
			blobs[d.Digest] = d.Size
		}
		for _, layer := range image.Layers {
			if _, seen := blobs[layer.Digest]; !seen {
				jobs = append(jobs, &job{image: image, layer: layer})
			}
			blobs[layer.Digest] = layer.Size
		}
	}
	return jobs, blobs
}

// What a probe of one layer may fetch: a part of the layer, between two bounds. It depends on nothing but the layer, so that what
// is learned of it, and kept, does not change when another layer of the image does.
const (
	allowedPart      = 32
	leastAllowance   = 2 << 20
	mostAllowance    = 12 << 20
	uselessAllowance = 256 << 10 // less than this teaches too little for its requests
)

func allowanceFor(size int64) int64 {
	return min(size, max(leastAllowance, min(mostAllowance, size/allowedPart)))
}

// plan decides how each layer is read. It looks at nothing but sizes, digests and the budget, and so decides the same everywhere.
func plan(jobs []*job, request Request) {
	ascending := slices.Clone(jobs)
	slices.SortFunc(ascending, func(a, b *job) int {
		return cmp.Or(cmp.Compare(a.layer.Size, b.layer.Size), cmp.Compare(a.layer.Digest, b.layer.Digest))
	})
	switch request.Mode {
	case Full:
		for _, j := range jobs {
			j.way = stream
		}
	case Auto:
		rest, left := streamSmall(ascending, request.ReadBudget)
		share(rest, left)
		for _, j := range rest {
			if j.allowance == j.layer.Size && j.way == probe {
				j.way = stream // whoever may read all of it had better count it
			}
		}
	case Sample:
		share(ascending, request.ReadBudget)
	case Manifest: // nothing is read
	}
}

// streamSmall has the smallest layers streamed, where the many small files usually are: as many as leave every other layer its
// allowance, or all others together half of the budget. It gives the others, and what is left of the budget.
func streamSmall(ascending []*job, budget int64) ([]*job, int64) {
	reserved, half := int64(0), budget/2
	for _, j := range ascending {
		reserved += allowanceFor(j.layer.Size)
	}
	for i, j := range ascending {
		reserved -= allowanceFor(j.layer.Size)
		if j.layer.Size+min(reserved, half) > budget {
			return ascending[i:], budget
		}
		j.way = stream
		budget -= j.layer.Size
	}
	return nil, budget
}

// share gives each layer its allowance, or a like part of it where the budget does not suffice for all. A layer whose part would
// be too little to learn from is left to what its manifest declares.
func share(layers []*job, budget int64) {
	wanted := int64(0)
	for _, j := range layers {
		wanted += allowanceFor(j.layer.Size)
	}
	for _, j := range layers {
		j.allowance = allowanceFor(j.layer.Size)
		if wanted > budget {
			part := int64(float64(j.allowance) * float64(budget) / float64(wanted))
			j.allowance = part / uselessAllowance * uselessAllowance // in steps, so that little changes of the rest change nothing
		}
		if j.allowance >= min(uselessAllowance, j.layer.Size) {
			j.way = probe
		}
	}
}

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
		j.result, err = layersize.Probe(ctx, input, j.allowance)
	}
	if err != nil {
		return &LayerError{Image: j.image.Reference, Digest: j.layer.Digest, Err: err}
	}
	bytes, requests := blob.Stats()
	m.log(ctx, "layer measured", map[string]any{
		"image": j.image.Reference, "layer": j.layer.Digest, "method": string(j.result.Method), "exact": j.result.Exact,
		"compressed_bytes": j.layer.Size, "unpacked_bytes": j.result.UnpackedBytes.Value, "bytes_read": bytes, "requests": requests,
	})
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

// remember keeps what can be learned again only at a cost, and nothing that came of a passing fault.
func (m *Measurer) remember(j *job) {
	if j.way == probe && j.result.Method == layersize.MethodRatio {
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
