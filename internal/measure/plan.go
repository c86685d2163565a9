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

// What a probe of one layer may fetch at first: a part of the layer, between two bounds. It depends on nothing but the layer, so
// that what is learned of it, and kept, does not change when another layer of the image does.
const (
	allowedPart      = 32
	leastAllowance   = 2 << 20
	mostAllowance    = 12 << 20
	uselessAllowance = 256 << 10 // less than this teaches too little for its requests
)

// What Auto adds from the part of the budget that is left over. It is a ceiling: a probe ends as soon as it knows enough, which most
// layers tell from less than the first allowance. In steps, so that little changes of the other layers change nothing here.
const (
	surplusStep   = 4 << 20
	mostWithExtra = 48 << 20
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
		left = share(rest, left)
		addSurplus(rest, left)
		for _, j := range rest {
			if j.allowance == j.layer.Size && j.way == probe {
				j.way = stream // whoever may read all of it had better count it
			}
		}
		for _, j := range jobs {
			j.orProbe = j.way == stream
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
		reserved += j.probes() * allowanceFor(j.layer.Size)
	}
	for i, j := range ascending {
		reserved -= j.probes() * allowanceFor(j.layer.Size)
		if j.layer.Size+min(reserved, half) > budget {
			return ascending[i:], budget
		}
		j.way = stream
		budget -= j.layer.Size
	}
	return nil, budget
}

// share gives each layer its allowance, or a like part of it where the budget does not suffice for all. A layer whose part would
// be too little to learn from is left to what its manifest declares. What nobody was given is left.
func share(layers []*job, budget int64) (left int64) {
	wanted := int64(0)
	for _, j := range layers {
		wanted += j.probes() * allowanceFor(j.layer.Size)
	}
	left = budget
	for _, j := range layers {
		j.allowance = allowanceFor(j.layer.Size)
		if wanted > budget {
			part := int64(float64(j.allowance) * float64(budget) / float64(wanted))
			j.allowance = part / uselessAllowance * uselessAllowance // in steps, so that little changes of the rest change nothing
		}
		if j.allowance >= min(uselessAllowance, j.layer.Size) {
			j.way = probe
			left -= j.probes() * j.allowance
		}
	}
	return left
}

// addSurplus divides what is left of the budget among the layers that are probed, by their sizes.
func addSurplus(layers []*job, surplus int64) {
	total := 0.0
	for _, j := range layers {
		if j.way == probe {
			total += float64(j.probes()) * float64(j.layer.Size)
		}
	}
	for _, j := range layers {
		if j.way != probe {
			continue
		}
		extra := int64(float64(surplus) * float64(j.layer.Size) / total)
		j.allowance += min(extra/surplusStep*surplusStep, max(0, min(mostWithExtra, j.layer.Size)-j.allowance))
	}
}
