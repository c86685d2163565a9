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

// leastAllowance is what a probe needs to be worth its requests.
const leastAllowance = 256 << 10

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
		left := streamSmall(ascending, request.ReadBudget)
		share(slices.DeleteFunc(ascending, func(j *job) bool { return j.way == stream }), left)
	case Sample:
		share(ascending, request.ReadBudget)
	case Manifest: // nothing is read
	}
}

// streamSmall has the smallest layers streamed, where the many small files usually are, and gives what is left of the budget.
// Half of it is set aside for probing when not all layers fit.
func streamSmall(ascending []*job, budget int64) (left int64) {
	var total int64
	for _, j := range ascending {
		total += j.layer.Size
	}
	spendable := budget
	if total > budget {
		spendable = budget / 2
	}
	left = budget
	for _, j := range ascending {
		if j.layer.Size > spendable {
			break
		}
		j.way = stream
		spendable -= j.layer.Size
		left -= j.layer.Size
	}
	return left
}

// share divides a budget among layers to be probed, by their size, the smallest first so that what they do not need goes on
// to the larger ones. A layer whose share would be too little to learn from is left to what its manifest declares.
func share(ascending []*job, budget int64) {
	var total int64
	for _, j := range ascending {
		total += j.layer.Size
	}
	for i, j := range ascending {
		fair := budget / int64(len(ascending)-i)
		if total > 0 {
			fair = max(fair/2, int64(float64(budget)*float64(j.layer.Size)/float64(total)))
		}
		j.allowance = min(fair, j.layer.Size)
		if j.allowance < min(leastAllowance, j.layer.Size) {
			continue
		}
		j.way = probe
		budget -= j.allowance
		total -= j.layer.Size
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
