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

// StoredImage is what the store has of a reference: what it was resolved to when it was last
// measured, and what its layers came to.
type StoredImage struct {
	At           time.Time
	Mode         Mode
	Image        *registry.Image
	Measurements []layersize.Measurement // one for each of Image.Layers, as their repository served them
}

// StaleImage is an image that could not be read, and that counts as it is stored
// (Request.StaleIfError).
type StaleImage struct {
	Index  int // of the image in the request
	Stored *StoredImage
	Err    error
}

// outages are the failures after which a stored image may count: the registry cannot be reached,
// refuses, or has the image no longer. What a registry says of an image that it has is no outage.
var outages = []failure.Kind{
	failure.Unreachable, failure.Timeout, failure.TLS, failure.Unauthorized, failure.Forbidden, failure.NotFound,
	failure.RateLimited, failure.Unavailable, failure.Refused, failure.Protocol, failure.Proxy, failure.WebPage,
}

// isOutage reports whether a failure is one of the way to the image rather than of the image.
func isOutage(err error) bool {
	return slices.ContainsFunc(outages, func(kind failure.Kind) bool { return errors.Is(err, kind) })
}

// storedImageKeys are the keys of a reference: of what was measured in the same way, and in any.
func storedImageKeys(reference string, request Request) []string {
	key := fmt.Sprintf("image %s for %s", reference, request.Platform)
	return []string{fmt.Sprintf("%s by %s within %d", key, request.Mode, request.ReadBudget), key}
}

// loadStoredImage returns what the store has of a reference, nil for nothing. What was measured in
// the same way comes first.
func (m *Measurer) loadStoredImage(reference string, request Request) *StoredImage {
	for _, key := range storedImageKeys(reference, request) {
		content, found := m.Store.Get(key)
		var image StoredImage
		if found && json.Unmarshal(content, &image) == nil && image.isSoundFor(reference) {
			return &image
		}
	}
	return nil
}

// isSoundFor reports whether an entry can have been written by storeImages: files can be changed.
func (s *StoredImage) isSoundFor(reference string) bool {
	return s.Image != nil && s.Image.Reference == reference && s.Image.Digest != "" &&
		len(s.Measurements) == len(s.Image.Layers) &&
		!slices.ContainsFunc(s.Measurements, func(m layersize.Measurement) bool { return !isPossible(m) }) &&
		!slices.ContainsFunc(s.Image.Layers, func(l registry.Layer) bool { return l.Size < 0 || l.Size > mostBytes })
}

// storeImages stores the images that were read, with what they came to. One with a fault replaces
// none that is there.
func (m *Measurer) storeImages(targets []*target, measured results, request Request) {
	if m.Store == nil {
		return
	}
	for _, t := range targets {
		if t.stored != nil {
			continue
		}
		image := StoredImage{At: time.Now().UTC(), Mode: request.Mode, Image: t.image}
		for _, layer := range t.image.Layers {
			image.Measurements = append(image.Measurements, measured[t.image.Repository][keyOf(layer)])
		}
		content, err := json.Marshal(image)
		if err != nil || m.Secrets.Holds(content) {
			continue
		}
		for _, key := range storedImageKeys(t.reference, request) {
			if !image.hasFault() || !m.Store.Has(key) {
				m.Store.Put(key, content)
			}
		}
	}
}

// hasFault reports whether a failed read made a measurement worse.
func (s *StoredImage) hasFault() bool {
	return slices.ContainsFunc(s.Measurements, func(m layersize.Measurement) bool { return m.Fault != nil })
}

// useStoredImages looks up the images that cannot be read, and lets what is stored of them count
// where the request allows it.
func (m *Measurer) useStoredImages(targets []*target, request Request) {
	for _, t := range targets {
		if !t.hasFailed() || t.stored != nil || !isOutage(t.err) {
			continue
		}
		if t.offered = m.loadStoredImage(t.reference, request); t.offered != nil && request.StaleIfError {
			t.stored, t.image = t.offered, t.offered.Image
		}
	}
}

// addStored adds the measurements of stored images that count. What was read of the same repository
// counts more.
func (r results) addStored(targets []*target) {
	for _, t := range targets {
		if t.stored == nil {
			continue
		}
		for i, layer := range t.image.Layers {
			if _, read := r[t.image.Repository][keyOf(layer)]; !read {
				r.add(t.image.Repository, layer, t.stored.Measurements[i])
			}
		}
	}
}

// listStale returns the images that count as they are stored, in the order of the request.
func (m *Measurer) listStale(targets []*target) (stale []StaleImage) {
	for _, t := range targets {
		if t.stored != nil {
			stale = append(stale, StaleImage{t.index, t.stored, m.redactError(t.err)})
		}
	}
	return stale
}
