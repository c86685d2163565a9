// Package soci finds the SOCI index of an image, and in it what measures the image's layers.
//
// SOCI, which starts containers before their layers have come, keeps a table of contents for each
// layer in the registry: a zTOC, listed with the digest of its layer by a SOCI index. There are two
// kinds of index
// (https://github.com/awslabs/soci-snapshotter/blob/main/docs/soci-index-manifest-v2.md): the first
// refers to an image's manifest, and is found among its referrers; of the second, an annotation of
// the manifest has the digest.
package soci

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/layersize"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/layersize/ztoc"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/registry"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/registry/failure"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/store"
)

const (
	indexV1         = "application/vnd.amazon.soci.index.v1+json"
	indexV2         = "application/vnd.amazon.soci.index.v2+json"
	annotationIndex = "com.amazon.soci.index-digest"
	annotationLayer = "com.amazon.soci.image-layer-digest"
)

// lookupLife is how long a lookup of an image's referrers counts. An index can be attached at any
// time, and often is just after the push; without it each plan would cost a request for each image.
const lookupLife = 24 * time.Hour

// Index is the SOCI index of one image, looked up once, for the first layer that can use it.
type Index struct {
	client *registry.Client
	store  *store.Store
	image  *registry.Image

	once   sync.Once
	looked atomic.Bool               // once has been done
	ztocs  map[string]registry.Layer // by the digest of the layer
	err    error
}

// NewIndex returns the index of an image. A nil store keeps no lookups.
func NewIndex(client *registry.Client, store *store.Store, image *registry.Image) *Index {
	return &Index{client: client, store: store, image: image}
}

// Name names the format.
func (x *Index) Name() string { return "SOCI index" }

// AppliesTo reports whether a zTOC would say more of a layer than its own blob does.
func (x *Index) AppliesTo(layer layersize.Layer) bool { return ztoc.IsUseful(layer) }

// NeedsRequests reports whether nothing but the registry can say whether the image has an index.
func (x *Index) NeedsRequests() bool {
	return !x.looked.Load() && !x.store.Has(x.lookupKey()) && x.image.Annotations[annotationIndex] == ""
}

// Find returns the zTOC of a layer, nil if there is none.
func (x *Index) Find(ctx context.Context, layer registry.Layer) (*layersize.External, error) {
	x.once.Do(func() {
		artifact, err := x.findIndex(ctx)
		x.err = asFault(err)
		if artifact != nil {
			x.ztocs = listZTOCs(artifact)
		}
		x.looked.Store(true)
	})
	found, ok := x.ztocs[layer.Digest]
	if !ok {
		return nil, x.err
	}
	read := func() ([]byte, error) { return readVerified(x.client.Blob(ctx, x.image, found)) }
	return &layersize.External{Source: ztoc.Source{Read: read}, Digest: found.Digest, Bytes: found.Size}, nil
}

func (x *Index) findIndex(ctx context.Context) (*registry.Artifact, error) {
	if digest := x.image.Annotations[annotationIndex]; digest != "" {
		return x.readIndex(ctx, registry.Descriptor{Digest: digest, Size: -1}, indexV2, "")
	}
	first, known := x.storedLookup()
	if !known {
		referrers, err := x.client.Referrers(ctx, x.image, indexV1)
		if err != nil {
			return nil, err
		}
		if len(referrers) > 0 {
			first = referrers[0] // as the snapshotter does
		}
		x.storeLookup(first)
	}
	if first.Digest == "" {
		return nil, nil
	}
	return x.readIndex(ctx, first, indexV1, x.image.Digest)
}

// lookup is what is stored of a lookup of an image's referrers.
type lookup struct {
	At    time.Time
	Index registry.Descriptor // without a digest if there was none
}

func (x *Index) lookupKey() string {
	return "SOCI index of " + x.image.Source + "@" + x.image.Digest
}

// storedLookup returns what the last lookup found, if it was not long ago, nor tomorrow by a clock
// that was wrong.
func (x *Index) storedLookup() (registry.Descriptor, bool) {
	var last lookup
	content, found := x.store.Get(x.lookupKey())
	if !found || json.Unmarshal(content, &last) != nil || time.Since(last.At).Abs() >= lookupLife {
		return registry.Descriptor{}, false
	}
	return last.Index, true
}

func (x *Index) storeLookup(index registry.Descriptor) {
	if content, err := json.Marshal(lookup{time.Now().UTC(), index}); err == nil {
		x.store.Put(x.lookupKey(), content)
	}
}

// readIndex refuses an artifact that is not what led to it.
func (x *Index) readIndex(
	ctx context.Context, d registry.Descriptor, kind, subject string,
) (*registry.Artifact, error) {
	artifact, err := x.client.Artifact(ctx, x.image, d.Digest, d.Size)
	if err == nil && (artifact.Type != kind || artifact.Subject != subject) {
		err = fmt.Errorf("%s is of type %q and refers to %q, which is not what led to it",
			d.Digest, artifact.Type, artifact.Subject)
	}
	if err != nil {
		return nil, err
	}
	return artifact, nil
}

func listZTOCs(artifact *registry.Artifact) map[string]registry.Layer {
	ztocs := map[string]registry.Layer{}
	for _, blob := range artifact.Blobs {
		if digest := blob.Annotations[annotationLayer]; digest != "" {
			ztocs[digest] = blob
		}
	}
	return ztocs
}

// asFault returns a failure that another lookup may not meet as a fault. A registry that knows
// nothing of referrers may say so in any way, for ever.
func asFault(err error) error {
	failed, ok := errors.AsType[*failure.Error](err)
	if ok && failed.Temporary() && failed.StatusCode != http.StatusNotImplemented {
		return &layersize.Fault{Err: failed}
	}
	return err
}

// readVerified reads a blob whose digest is verified at its end.
func readVerified(blob *registry.Blob) ([]byte, error) {
	body, err := blob.Open()
	if err != nil {
		return nil, &layersize.Fault{Err: err}
	}
	defer body.Close()
	content, err := io.ReadAll(body)
	if err != nil {
		return nil, &layersize.Fault{Err: err}
	}
	return content, nil
}
