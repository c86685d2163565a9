package measure

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/layersize"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/registry"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/registry/failure"
)

// KeptImage is what is kept of a reference: what it was resolved to when it was last measured, and
// what its layers came to.
type KeptImage struct {
	At           time.Time
	Mode         Mode
	Image        *registry.Image
	Measurements []layersize.Measurement // one for each of Image.Layers, as their repository served them
}

// StaleImage says that an image could not be read, and that what is kept of it counts instead
// (Request.StaleIfError).
type StaleImage struct {
	Index int // of the image in the request
	Kept  *KeptImage
	Err   error
}

// outages are the failures after which what is kept may count: the registry cannot be reached,
// refuses, or has the image no longer. What a registry says of an image that it has is no outage.
var outages = []failure.Kind{
	failure.Unreachable, failure.Timeout, failure.TLS, failure.Unauthorized, failure.Forbidden, failure.NotFound,
	failure.RateLimited, failure.Unavailable, failure.Refused, failure.Protocol, failure.Proxy, failure.WebPage,
}

// isOutage reports whether a failure is one of the way to the image rather than of the image.
func isOutage(err error) bool {
	return slices.ContainsFunc(outages, func(kind failure.Kind) bool { return errors.Is(err, kind) })
}

// keptKeys are the keys of what is kept of a reference: measured in the same way, and in any.
func keptKeys(reference string, request Request) []string {
	key := fmt.Sprintf("image %s for %s", reference, request.Platform)
	return []string{fmt.Sprintf("%s by %s within %d", key, request.Mode, request.ReadBudget), key}
}

// loadKept returns what is kept of a reference, nil for nothing. What was measured in the same way
// comes first.
func (m *Measurer) loadKept(reference string, request Request) *KeptImage {
	for _, key := range keptKeys(reference, request) {
		content, found := m.Kept.Get(key)
		var kept KeptImage
		if found && json.Unmarshal(content, &kept) == nil && kept.isSoundFor(reference) {
			return &kept
		}
	}
	return nil
}

// isSoundFor reports whether an entry can have been written by storeKept: files can be changed.
func (k *KeptImage) isSoundFor(reference string) bool {
	return k.Image != nil && k.Image.Reference == reference && k.Image.Digest != "" &&
		len(k.Measurements) == len(k.Image.Layers) &&
		!slices.ContainsFunc(k.Measurements, func(m layersize.Measurement) bool { return !isPossible(m) }) &&
		!slices.ContainsFunc(k.Image.Layers, func(l registry.Layer) bool { return l.Size < 0 || l.Size > mostBytes })
}

// storeKept keeps what the images came to that were read. A measurement with a fault replaces none
// that is there.
func (m *Measurer) storeKept(targets []*target, measured results, request Request) {
	if m.Kept == nil {
		return
	}
	for _, t := range targets {
		if t.kept != nil {
			continue
		}
		kept := KeptImage{At: time.Now().UTC(), Mode: request.Mode, Image: t.image}
		for _, layer := range t.image.Layers {
			kept.Measurements = append(kept.Measurements, measured[t.image.Repository][keyOf(layer)])
		}
		content, err := json.Marshal(kept)
		if err != nil || m.Secrets.Holds(content) {
			continue
		}
		for _, key := range keptKeys(t.reference, request) {
			if !kept.hasFault() || !m.Kept.Has(key) {
				m.Kept.Put(key, content)
			}
		}
	}
}

// hasFault reports whether a failed read made a measurement worse.
func (k *KeptImage) hasFault() bool {
	return slices.ContainsFunc(k.Measurements, func(m layersize.Measurement) bool { return m.Fault != nil })
}

// useKept lets what is kept count for the images that cannot be read, where the request allows it.
func (m *Measurer) useKept(targets []*target, request Request) {
	for _, t := range targets {
		if !t.hasFailed() || t.kept != nil || !isOutage(t.err) {
			continue
		}
		if t.offered = m.loadKept(t.reference, request); t.offered != nil && request.StaleIfError {
			t.kept, t.image = t.offered, t.offered.Image
		}
	}
}

// addKept adds what is kept of images that could not be read. What was read of the same repository
// counts more.
func (r results) addKept(targets []*target) {
	for _, t := range targets {
		if t.kept == nil {
			continue
		}
		for i, layer := range t.image.Layers {
			if _, read := r[t.image.Repository][keyOf(layer)]; !read {
				r.add(t.image.Repository, layer, t.kept.Measurements[i])
			}
		}
	}
}

// listStale returns the images for which what is kept counts, in the order of the request.
func (m *Measurer) listStale(targets []*target) (stale []StaleImage) {
	for _, t := range targets {
		if t.kept != nil {
			stale = append(stale, StaleImage{t.index, t.kept, m.redactError(t.err)})
		}
	}
	return stale
}
