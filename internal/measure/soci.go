package measure

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"sync"
	"time"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/layersize"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/registry"
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
	ztocs map[string]registry.Layer // by the digest of the layer
	fault error                     // why nobody knows whether there is one; it may pass
}

// bareFor is how long an image is believed to have no index, since one can be attached at any time, and often is just after the push.
const bareFor = 24 * time.Hour

// of gives the zTOC of a layer, if there is one. Whatever goes wrong on the way means that there is none. That an image has no index is
// kept for a while, and that there is one is not: its zTOC names what is kept of it.
func (s *sociIndex) of(ctx context.Context, m *Measurer, layer registry.Layer) (registry.Layer, bool) {
	s.once.Do(func() {
		none := "no SOCI index " + s.image.Repository + "@" + s.image.Digest
		if seen, _ := m.Kept.Get(none); recent(seen) {
			return
		}
		artifact, err := s.find(ctx, m.Registry)
		if artifact == nil && err == nil {
			m.Kept.Put(none, []byte(time.Now().UTC().Format(time.RFC3339)))
		}
		if err != nil {
			m.log(ctx, "no SOCI index", map[string]any{"image": s.image.Reference, "error": err.Error()})
			s.fault = passing(err)
		}
		if artifact != nil {
			s.ztocs = ztocsOf(artifact)
		}
	})
	ztoc, found := s.ztocs[layer.Digest]
	return ztoc, found
}

// recent reports whether a look was not long ago, nor tomorrow by a clock that was wrong.
func recent(look []byte) bool {
	at, err := time.Parse(time.RFC3339, string(look))
	return err == nil && time.Since(at).Abs() < bareFor
}

func (s *sociIndex) find(ctx context.Context, from Registry) (*registry.Artifact, error) {
	if digest := s.image.Annotations[annotationIndex]; digest != "" {
		return s.read(ctx, from, registry.Descriptor{Digest: digest, Size: -1}, sociV2, "")
	}
	referrers, err := from.Referrers(ctx, s.image, sociV1)
	if err != nil || len(referrers) == 0 {
		return nil, err
	}
	return s.read(ctx, from, referrers[0], sociV1, s.image.Digest) // the first, as the snapshotter does
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

// probe reads ranges of a layer, or in their place its zTOC, within the layer's allowance.
func (m *Measurer) probe(ctx context.Context, j *job, input layersize.Layer) (layersize.Measurement, error) {
	if !layersize.Indexed(input) {
		return m.ranges(ctx, j, input, j.allowance)
	}
	ztoc, found := j.index.of(ctx, m, j.layer)
	if !found {
		result, err := m.ranges(ctx, j, input, j.allowance)
		if fault := j.index.fault; fault != nil {
			result = noted(result, "nobody knows of a SOCI index: "+fault.Error(), fault)
		}
		return result, err
	}
	left := j.allowance - ztoc.Size
	if left < 0 { // it costs more than the probe in whose place it stands
		result, err := m.ranges(ctx, j, input, j.allowance)
		return noted(result, fmt.Sprintf("the SOCI index has a zTOC of %d bytes, and %d may be read", ztoc.Size, j.allowance), nil), err
	}
	result, unread := m.known(j.claims("indexed", ztoc.Digest), func() (layersize.Measurement, error) {
		return m.byZTOC(ctx, j, input, ztoc)
	})
	if unread == nil {
		return result, nil
	}
	result, err := m.ranges(ctx, j, input, left)
	return noted(result, "the SOCI index was passed over: "+unread.Error(), failedRead(unread)), err
}

// ranges measures a layer by itself.
func (m *Measurer) ranges(ctx context.Context, j *job, input layersize.Layer, budget int64) (layersize.Measurement, error) {
	return m.known(j.claims("probed", budget), func() (layersize.Measurement, error) {
		return layersize.Probe(ctx, input, budget)
	})
}

func (m *Measurer) byZTOC(ctx context.Context, j *job, input layersize.Layer, ztoc registry.Layer) (layersize.Measurement, error) {
	content, err := readWhole(m.Registry.Blob(ctx, j.image, ztoc))
	if err != nil {
		return layersize.Measurement{}, err
	}
	return layersize.ZTOC(input, content)
}

// noted says in a measurement why the index was of no use, and that a fault was the reason, if there was one.
func noted(result layersize.Measurement, why string, fault error) layersize.Measurement {
	if result.Note != "" {
		why += "; " + result.Note
	}
	result.Note, result.Fault = why, cmp.Or(result.Fault, fault)
	return result
}

// failedRead is the failure to read in an error, and nil where what was read is not good.
func failedRead(err error) error {
	if failed, ok := errors.AsType[*registry.Error](err); ok {
		return failed
	}
	return nil
}

// passing is a failure that another look may not meet. A registry that knows nothing of referrers may say so in any way, for ever.
func passing(err error) error {
	if failed, ok := errors.AsType[*registry.Error](err); ok && failed.Temporary() && failed.StatusCode != http.StatusNotImplemented {
		return failed
	}
	return nil
}

// readWhole reads a blob whose digest is verified at its end.
func readWhole(blob *registry.Blob) ([]byte, error) {
	body, err := blob.Open()
	if err != nil {
		return nil, err
	}
	defer body.Close()
	return io.ReadAll(body)
}
