package measure

import (
	"cmp"
	"maps"
	"slices"

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
	layer     registry.Layer
	sources   []*source // in an order that does not depend on the configuration's
	way       way
	orProbe   bool  // where streaming is refused
	allowance int64 // bytes that a probe may fetch from each source
}

// source is one repository that serves a layer. A stream is verified by the layer's digest, so that
// one suffices for all sources. Ranges are not: what they say of a layer counts for the repository
// that served them, and each source is probed.
type source struct {
	image  *registry.Image // the first one of the repository that holds the layer
	index  *sociIndex      // of the image
	result layersize.Measurement
	ranges *ranges // what was read of it, where it may be read again
}

// layerKey is what manifests must agree on to mean one layer: they might claim another size for a
// digest, or another type.
type layerKey struct {
	digest, mediaType string
	size              int64
}

func keyOf(layer registry.Layer) layerKey { return layerKey{layer.Digest, layer.MediaType, layer.Size} }

// uniqueLayers returns each distinct layer once. A layer's annotations are those on which all images
// agree that hold it, and the images through which it is read do not depend on the order in which
// they are listed.
func uniqueLayers(images []*registry.Image) (jobs []*job) {
	known := map[layerKey]*job{}
	for _, image := range inOrder(images) {
		index := &sociIndex{image: image}
		for _, layer := range image.Layers {
			j := known[keyOf(layer)]
			if j == nil {
				layer.Annotations = layersize.Believed(layer.Annotations)
				j = &job{layer: layer}
				jobs, known[keyOf(layer)] = append(jobs, j), j
			}
			maps.DeleteFunc(j.layer.Annotations, func(key, value string) bool { return layer.Annotations[key] != value })
			j.addSource(image, index)
		}
	}
	return jobs
}

// addSource adds an image's repository, unless it is there. Images come in order, so that those of
// one repository are neighbours.
func (j *job) addSource(image *registry.Image, index *sociIndex) {
	if n := len(j.sources); n > 0 && j.sources[n-1].image.Repository == image.Repository {
		return
	}
	j.sources = append(j.sources, &source{image: image, index: index})
}

// probes is how often the layer is read if it is probed.
func (j *job) probes() int64 { return int64(len(j.sources)) }

func inOrder(images []*registry.Image) []*registry.Image {
	return slices.SortedFunc(slices.Values(images), func(a, b *registry.Image) int {
		return cmp.Or(cmp.Compare(a.Repository, b.Repository), cmp.Compare(a.Digest, b.Digest), cmp.Compare(a.Reference, b.Reference))
	})
}

// What a probe of one layer may fetch: a part of the layer, between two bounds. It depends on nothing but the layer and the budget,
// so that what is learned of it, and kept, does not change when another layer of the image does.
const (
	allowedPart      = 32
	leastAllowance   = 2 << 20
	mostAllowance    = 47 << 18  // with the default budget, and in proportion with a larger one
	uselessAllowance = 256 << 10 // less than this teaches too little for its requests
)

// In Auto's first round each probe has half of that, since the layers that matter have more in the next ones, and all layers
// together half of the budget.
const (
	leastFirst = leastAllowance / 2

	// The smallest layers are streamed, where the many small files usually are, for up to this part of the budget: one request
	// counts all of a layer, and a probe takes thirty.
	streamedPart = 4

	// A sixteenth of the budget is left for what a larger allowance does not read as a smaller one did.
	reservedPart = 16
)

func allowanceFor(size, budget int64) int64 {
	most := max(mostAllowance, int64(float64(mostAllowance)*(float64(budget)/float64(DefaultReadBudget))))
	return min(size, max(leastAllowance, min(most, size/allowedPart)))
}

// firstAllowance is what a probe may fetch in Auto's first round.
func firstAllowance(size, budget int64) int64 { return min(size, allowanceFor(size, budget)/2) }

// plan decides how each layer is read, in Auto in the first round, and returns what is left of the budget. It looks at nothing but
// sizes, digests and the budget, and so decides the same everywhere.
func plan(jobs []*job, request Request) (left int64) {
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
		return planFirstRound(ascending, request.ReadBudget)
	case Sample:
		share(ascending, request.ReadBudget, request.ReadBudget, allowanceFor)
	case Manifest: // nothing is read
	}
	return 0
}

// planFirstRound streams an image that fits into the budget. Of any other it streams the smallest layers, and probes the rest with
// half of what is left.
func planFirstRound(ascending []*job, budget int64) (left int64) {
	rest, left := streamSmall(ascending, budget, budget)
	if len(rest) > 0 {
		for _, j := range ascending {
			j.way, j.orProbe = declare, false
		}
		rest, left = streamSmall(ascending, budget, budget/streamedPart)
	}
	for _, j := range rest {
		for _, s := range j.sources {
			s.ranges = &ranges{}
		}
	}
	left -= budget / reservedPart
	return left - left/2 + share(rest, left/2, budget, firstAllowance)
}

// streamSmall has the smallest layers streamed, as many as a part of the budget allows. It returns the others, and what is left of
// the budget.
func streamSmall(ascending []*job, budget, part int64) (rest []*job, left int64) {
	for i, j := range ascending {
		if part -= j.layer.Size; part < 0 {
			return ascending[i:], budget
		}
		j.way, j.orProbe = stream, true
		budget -= j.layer.Size
	}
	return nil, budget
}

// share gives each layer its allowance, or a like part of it where the budget does not suffice for all. A layer whose part would
// be too little to learn from is left to what its manifest declares. It returns what no layer was given.
func share(layers []*job, part, budget int64, allowance func(size, budget int64) int64) (left int64) {
	wanted := int64(0)
	for _, j := range layers {
		wanted += j.probes() * allowance(j.layer.Size, budget)
	}
	left = part
	for _, j := range layers {
		given := allowance(j.layer.Size, budget)
		if wanted > part {
			given = int64(float64(given)*float64(part)/float64(wanted)) / uselessAllowance * uselessAllowance // in steps, so that little changes of the rest change nothing
		}
		if given >= min(uselessAllowance, j.layer.Size) {
			j.way, j.allowance = probe, given
			left -= j.probes() * given
		}
	}
	return left
}
