package measure

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/layersize"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/layersize/probe"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/measure/soci"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/registry"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/store"
)

// formats are the formats that keep beside an image what measures its layers, in the order in which
// they are tried. A new one has its place here; formats that keep it within a layer's blob have
// theirs in package probe.
var formats = []func(*registry.Client, *store.Store, *registry.Image) format{
	func(client *registry.Client, store *store.Store, image *registry.Image) format {
		return soci.NewIndex(client, store, image)
	},
}

// A format is what may lie beside one image. It is safe for concurrent use.
type format interface {
	Name() string

	// AppliesTo reports whether the format would say more of a layer than a probe.
	AppliesTo(layer layersize.Layer) bool

	// NeedsRequests reports whether nothing but the registry can say what lies beside the image.
	NeedsRequests() bool

	// Find returns what measures a layer, nil if there is nothing. A *layersize.Fault says that
	// this could not be learned.
	Find(ctx context.Context, layer registry.Layer) (*layersize.External, error)
}

// newFormats returns the formats of an image.
func (m *Measurer) newFormats(image *registry.Image) (list []format) {
	for _, newFormat := range formats {
		list = append(list, newFormat(m.Registry, m.Store, image))
	}
	return list
}

// probeLayer measures a layer by what lies beside the image, and by ranges of the layer in one
// repository, within the layer's allowance.
func (m *Measurer) probeLayer(
	r reading, j *job, o *origin, input layersize.Layer,
) (layersize.Measurement, error) {
	var notes []string
	var fault error
	for _, f := range o.formats {
		if !f.AppliesTo(input) {
			continue
		}
		external, err := m.findExternal(r.until, j, o, f, &input)
		left := j.allowance
		if external != nil {
			// Whether the ends were read or not: what is stored must not decide.
			left -= external.Bytes + 2*layersize.StartBytes(j.allowance)
		}
		switch passing, failed := errors.AsType[*layersize.Fault](err); {
		case failed:
			notes = append(notes, fmt.Sprintf("whether there is a %s is unknown: %v", f.Name(), passing))
			fault = passing.Err
		case external == nil:
		case left < 0: // it costs more than the probe in whose place it stands
			notes = append(
				notes,
				fmt.Sprintf("%s has %d bytes, and %d may be read", external.Name(), external.Bytes, j.allowance),
			)
		default:
			key := j.annotatedKey(o, "indexed", fmt.Sprintf("%s %d", external.Digest, left))
			source := probe.Source{Further: []layersize.Source{external}, Memory: o.memory}
			return m.measureOnce(r.run, source, key, input, left)
		}
	}
	result, err := m.probeRanges(r.run, j, o, input, j.allowance)
	if len(notes) > 0 {
		result.AddNote(strings.Join(notes, "; "))
	}
	if result.Fault == nil {
		result.Fault = fault
	}
	return result, err
}

// findExternal looks for what measures a layer beside the image. Meanwhile the ends of the layer
// are read, which takes a round trip too: usually nothing lies beside the image.
func (m *Measurer) findExternal(
	ctx context.Context, j *job, o *origin, f format, input *layersize.Layer,
) (*layersize.External, error) {
	if f.NeedsRequests() && !m.Store.Has(j.probedKey(o, j.allowance)) {
		prefetched := prefetchEnds(input.Blob, j.layer.Size, layersize.StartBytes(j.allowance))
		defer prefetched.waitForEnds()
		input.Blob = prefetched
	}
	external, err := f.Find(ctx, j.layer)
	if err != nil {
		m.log(ctx, "no "+f.Name(), map[string]any{"image": o.image().Reference, "error": err.Error()})
	}
	return external, err
}

// probeRanges measures a layer by its own bytes, as one repository serves it.
func (m *Measurer) probeRanges(
	ctx context.Context, j *job, o *origin, input layersize.Layer, budget int64,
) (layersize.Measurement, error) {
	return m.measureOnce(ctx, probe.Source{Memory: o.memory}, j.probedKey(o, budget), input, budget)
}

// measureOnce measures a layer by a source, or returns what is stored.
func (m *Measurer) measureOnce(
	ctx context.Context, source layersize.Source, key string, input layersize.Layer, budget int64,
) (layersize.Measurement, error) {
	return m.withStore(source, key).Measure(ctx, layersize.NewInput(ctx, input, budget))
}
