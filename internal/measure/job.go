package measure

import (
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
	targets []*target // the images of the repository that hold the layer; it is read as part of the first one
	formats []format  // what may lie beside the image
	result  layersize.Measurement
	ranges  *ranges       // what was read of it, where it may be read again
	memory  *probe.Memory // what probes leave to the next one
}

// layerKey is what manifests must agree on to mean one layer: they might claim another size for a
// digest, or another type.
type layerKey struct {
	digest, mediaType string
	size              int64
}

func keyOf(layer registry.Layer) layerKey { return layerKey{layer.Digest, layer.MediaType, layer.Size} }

// image returns the image as a part of which the layer is read.
func (o *origin) image() *registry.Image { return o.targets[0].image }

// isWanted reports whether a measurement of the layer would still serve an image: not where all
// that hold it have failed.
func (o *origin) isWanted() bool {
	return slices.ContainsFunc(o.targets, func(t *target) bool { return !t.hasFailed() })
}

// wantedOf returns the layers that an image needs which has not failed.
func wantedOf(jobs []*job) []*job {
	return slices.DeleteFunc(slices.Clone(jobs), func(j *job) bool {
		return !slices.ContainsFunc(j.origins, (*origin).isWanted)
	})
}

// fail records for all images that hold the layer why it cannot be measured.
func (o *origin) fail(j *job, err error) {
	for _, t := range o.targets {
		t.fail(&LayerError{Image: t.reference, Digest: j.layer.Digest, Err: explainForeign(j.layer, err)})
	}
}

// uniqueLayers returns each distinct layer once. A layer's annotations are those on which all
// images agree that hold it, and the images through which it is read do not depend on the order in
// which they are listed, as targets are sorted.
func (m *Measurer) uniqueLayers(targets []*target) (jobs []*job) {
	found := map[layerKey]*job{}
	for _, t := range targets {
		formats := m.newFormats(t.image)
		for _, layer := range t.image.Layers {
			j := found[keyOf(layer)]
			if j == nil {
				layer.Annotations = probe.SizeHints(layer.Annotations)
				j = &job{layer: layer}
				jobs, found[keyOf(layer)] = append(jobs, j), j
			}
			maps.DeleteFunc(j.layer.Annotations, func(key, value string) bool {
				return layer.Annotations[key] != value
			})
			j.addOrigin(t, formats)
		}
	}
	return jobs
}

// addOrigin adds an image's repository, unless it is there. Images are sorted, so that those of one
// repository are neighbours.
func (j *job) addOrigin(t *target, formats []format) {
	n := len(j.origins)
	if n == 0 || j.origins[n-1].image().Repository != t.image.Repository {
		j.origins = append(j.origins, &origin{targets: []*target{t}, formats: formats})
		return
	}
	if last := j.origins[n-1]; !slices.Contains(last.targets, t) {
		last.targets = append(last.targets, t)
	}
}

// probeCount returns how often the layer is read if it is probed.
func (j *job) probeCount() int64 { return int64(len(j.origins)) }
