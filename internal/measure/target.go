package measure

import (
	"cmp"
	"slices"
	"strings"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/registry"
)

// target is one reference of a request, what it was resolved to, and why it cannot be measured.
// What one image meets does not end the reading of another, so that one run names all wrong images.
type target struct {
	reference string
	index     int // where the reference stands first in the list
	image     *registry.Image

	offered *StoredImage // what the store has of it, looked up after a failure
	stored  *StoredImage // the same, where it counts

	mutex sync.Mutex
	err   error // the first failure
}

// newTargets returns each reference once, in the order of the list.
func newTargets(references []string) (targets []*target) {
	known := map[string]bool{}
	for i, reference := range references {
		if !known[reference] {
			known[reference] = true
			targets = append(targets, &target{reference: reference, index: i})
		}
	}
	return targets
}

// fail records the first failure.
func (t *target) fail(err error) {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	t.err = cmp.Or(t.err, err)
}

func (t *target) hasFailed() bool {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	return t.err != nil
}

// resolveImages reads what the registries have for each reference.
func (m *Measurer) resolveImages(r reading, targets []*target, platform string) {
	group := &errgroup.Group{}
	group.SetLimit(imagesAtOnce)
	for _, t := range targets {
		group.Go(func() error {
			image, err := m.Registry.Resolve(r.until, t.reference, platform)
			if r.hasCut(err) {
				err = &TimeUpError{r.timeout, err}
			}
			if t.image = image; err != nil {
				t.fail(err)
			}
			return nil
		})
	}
	_ = group.Wait()
}

// resolvedOf returns the targets that have an image, in an order that does not depend on the
// configuration's.
func resolvedOf(targets []*target) []*target {
	resolved := slices.DeleteFunc(slices.Clone(targets), func(t *target) bool { return t.image == nil })
	slices.SortFunc(resolved, func(a, b *target) int {
		return cmp.Or(
			cmp.Compare(a.image.Repository, b.image.Repository), cmp.Compare(a.image.Digest, b.image.Digest),
			cmp.Compare(a.reference, b.reference),
		)
	})
	return resolved
}

// listImages returns the image of each reference of a request, whose targets have all one.
func listImages(references []string, targets []*target) []*registry.Image {
	byReference := map[string]*registry.Image{}
	for _, t := range targets {
		byReference[t.reference] = t.image
	}
	images := make([]*registry.Image, 0, len(references))
	for _, reference := range references {
		images = append(images, byReference[reference])
	}
	return images
}

// ImageError says why one image cannot be measured: its cause is a *failure.Error or a *LayerError.
type ImageError struct {
	Index  int // of the image in the request
	Err    error
	Stored *StoredImage // what Request.StaleIfError would let count, nil for nothing
}

func (e *ImageError) Error() string { return e.Err.Error() }

// Unwrap returns the cause.
func (e *ImageError) Unwrap() error { return e.Err }

// ImageErrors are all images of a request that cannot be measured, in its order.
type ImageErrors []*ImageError

func (e ImageErrors) Error() string {
	texts := make([]string, 0, len(e))
	for _, one := range e {
		texts = append(texts, one.Error())
	}
	return strings.Join(texts, "; ")
}

// Unwrap returns the errors of the images.
func (e ImageErrors) Unwrap() []error {
	list := make([]error, 0, len(e))
	for _, one := range e {
		list = append(list, one)
	}
	return list
}

// failuresOf returns an ImageErrors of the targets that failed, nil for none.
func (m *Measurer) failuresOf(targets []*target) error {
	var failed ImageErrors
	for _, t := range targets {
		if t.hasFailed() && t.stored == nil {
			failed = append(failed, &ImageError{t.index, m.redactError(t.err), t.offered})
		}
	}
	if len(failed) == 0 {
		return nil
	}
	return failed
}
