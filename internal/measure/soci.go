package measure

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/registry"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/registry/failure"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/store"
)

// SOCI, which starts containers before their layers have come, keeps a table of contents for each layer in the registry: a zTOC,
// listed with the digest of its layer by a SOCI index. There are two kinds of index
// (https://github.com/awslabs/soci-snapshotter/blob/main/docs/soci-index-manifest-v2.md): the first refers to an image's manifest,
// and is found among its referrers; of the second, an annotation of the manifest has the digest.
const (
	sociV1          = "application/vnd.amazon.soci.index.v1+json"
	sociV2          = "application/vnd.amazon.soci.index.v2+json"
	annotationIndex = "com.amazon.soci.index-digest"
	annotationLayer = "com.amazon.soci.image-layer-digest"
)

// sociIndex is the SOCI index of one image, looked for once and by the first layer that has use for it.
type sociIndex struct {
	image *registry.Image
	once  sync.Once
	known atomic.Bool               // once has been done
	ztocs map[string]registry.Layer // by the digest of the layer
	fault error                     // why nobody knows whether there is one; it may pass
}

// lookFor is how long a look at an image's referrers counts. An index can be attached at any time, and often is just after the push;
// and whoever asked with every plan would pay a request for each image.
const lookFor = 24 * time.Hour

// of gives the zTOC of a layer, if there is one. Whatever goes wrong on the way means that there is none.
func (s *sociIndex) of(ctx context.Context, m *Measurer, layer registry.Layer) (registry.Layer, bool) {
	s.once.Do(func() {
		artifact, err := s.find(ctx, m)
		if err != nil {
			m.log(ctx, "no SOCI index", map[string]any{"image": s.image.Reference, "error": err.Error()})
			s.fault = passing(err)
		}
		if artifact != nil {
			s.ztocs = ztocsOf(artifact)
		}
		s.known.Store(true)
	})
	ztoc, found := s.ztocs[layer.Digest]
	return ztoc, found
}

func (s *sociIndex) find(ctx context.Context, m *Measurer) (*registry.Artifact, error) {
	if digest := s.image.Annotations[annotationIndex]; digest != "" {
		return s.read(ctx, m.Registry, registry.Descriptor{Digest: digest, Size: -1}, sociV2, "")
	}
	first, known := s.seen(m.Kept)
	if !known {
		referrers, err := m.Registry.Referrers(ctx, s.image, sociV1)
		if err != nil {
			return nil, err
		}
		if len(referrers) > 0 {
			first = referrers[0] // as the snapshotter does
		}
		s.keep(m.Kept, first)
	}
	if first.Digest == "" {
		return nil, nil
	}
	return s.read(ctx, m.Registry, first, sociV1, s.image.Digest)
}

// look is what is kept of a look at an image's referrers.
type look struct {
	At    time.Time
	Index registry.Descriptor // without a digest if there was none
}

func (s *sociIndex) key() string { return "SOCI index of " + s.image.Repository + "@" + s.image.Digest }

// seen is what the last look found, if it was not long ago, nor tomorrow by a clock that was wrong.
func (s *sociIndex) seen(kept *store.Store) (registry.Descriptor, bool) {
	var last look
	content, found := kept.Get(s.key())
	if !found || json.Unmarshal(content, &last) != nil || time.Since(last.At).Abs() >= lookFor {
		return registry.Descriptor{}, false
	}
	return last.Index, true
}

func (s *sociIndex) keep(kept *store.Store, index registry.Descriptor) {
	if content, err := json.Marshal(look{time.Now().UTC(), index}); err == nil {
		kept.Put(s.key(), content)
	}
}

// takesRoundTrips reports whether nothing but the registry can tell of this image's index.
func (s *sociIndex) takesRoundTrips(kept *store.Store) bool {
	return !s.known.Load() && !kept.Has(s.key()) && s.image.Annotations[annotationIndex] == ""
}

// read refuses an artifact that is not what led to it.
func (s *sociIndex) read(ctx context.Context, from Registry, d registry.Descriptor, kind, subject string) (*registry.Artifact, error) {
	artifact, err := from.Artifact(ctx, s.image, d.Digest, d.Size)
	if err == nil && (artifact.Type != kind || artifact.Subject != subject) {
		err = fmt.Errorf("%s is of type %q and refers to %q, which is not what led to it", d.Digest, artifact.Type, artifact.Subject)
	}
	if err != nil {
		return nil, err
	}
	return artifact, nil
}

func ztocsOf(artifact *registry.Artifact) map[string]registry.Layer {
	ztocs := map[string]registry.Layer{}
	for _, blob := range artifact.Blobs {
		if digest := blob.Annotations[annotationLayer]; digest != "" {
			ztocs[digest] = blob
		}
	}
	return ztocs
}

// passing is a failure that another look may not meet. A registry that knows nothing of referrers may say so in any way, for ever.
func passing(err error) error {
	if failed, ok := errors.AsType[*failure.Error](err); ok && failed.Temporary() && failed.StatusCode != http.StatusNotImplemented {
		return failed
	}
	return nil
}
