package measure

import (
	"cmp"
	"maps"
	"slices"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/layersize"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/layersize/probe"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/registry"
)

// way is how one layer is to be read.
type way int

const (
	wayDeclare way = iota // read nothing
	wayProbe              // ranges within an allowance
	wayStream             // everything
)

// job is the measuring of one distinct layer.
type job struct {
	layer     registry.Layer
	origins   []*origin // in an order that does not depend on the configuration's
	way       way
	orProbe   bool  // where streaming is refused
	allowance int64 // bytes that a probe may fetch from each source
}

// origin is one repository that serves a layer. A stream is verified by the layer's digest, so that
// one suffices for all origins. Ranges are not: what they say of a layer counts for the repository
// that served them, and each origin is probed.
type origin struct {
	image   *registry.Image // the first one of the repository that holds the layer
	formats []format        // what may lie beside the image
	result  layersize.Measurement
	ranges  *ranges // what was read of it, where it may be read again
}

// layerKey is what manifests must agree on to mean one layer: they might claim another size for a
// digest, or another type.
type layerKey struct {
	digest, mediaType string
	size              int64
}

func keyOf(layer registry.Layer) layerKey { return layerKey{layer.Digest, layer.MediaType, layer.Size} }

// uniqueLayers returns each distinct layer once. A layer's annotations are those on which all
// images agree that hold it, and the images through which it is read do not depend on the order in
// which they are listed.
func (m *Measurer) uniqueLayers(images []*registry.Image) (jobs []*job) {
	found := map[layerKey]*job{}
	for _, image := range sortImages(images) {
		formats := m.newFormats(image)
		for _, layer := range image.Layers {
			j := found[keyOf(layer)]
			if j == nil {
				layer.Annotations = probe.SizeHints(layer.Annotations)
				j = &job{layer: layer}
				jobs, found[keyOf(layer)] = append(jobs, j), j
			}
			maps.DeleteFunc(j.layer.Annotations, func(key, value string) bool {
				return layer.Annotations[key] != value
			})
			j.addOrigin(image, formats)
		}
	}
	return jobs
}

// addOrigin adds an image's repository, unless it is there. Images are sorted, so that those of one
// repository are neighbours.
func (j *job) addOrigin(image *registry.Image, formats []format) {
	if n := len(j.origins); n > 0 && j.origins[n-1].image.Repository == image.Repository {
		return
	}
	j.origins = append(j.origins, &origin{image: image, formats: formats})
}

// probeCount returns how often the layer is read if it is probed.
func (j *job) probeCount() int64 { return int64(len(j.origins)) }

// sortImages returns the images in an order that does not depend on the configuration's.
func sortImages(images []*registry.Image) []*registry.Image {
	return slices.SortedFunc(slices.Values(images), func(a, b *registry.Image) int {
		return cmp.Or(
			cmp.Compare(a.Repository, b.Repository), cmp.Compare(a.Digest, b.Digest),
			cmp.Compare(a.Reference, b.Reference),
		)
	})
}
