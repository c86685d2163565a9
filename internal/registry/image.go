package registry

import (
	"cmp"
	"encoding/hex"
	"errors"
	"maps"
	"slices"
	"strings"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/types"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/mediatype"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/redact"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/registry/failure"
)

// Image is what containerd pulls of one reference for one platform, as its registry describes it.
//
// An index may name several manifests that match. containerd 1.6 pulls the first of them, as 1.7
// and the client of 2.x do; the transfer service of 2.x, which CRI uses since 2.1, pulls all and
// unpacks each that differs. Which one a node has is not known, so that an image holds all of it:
// what the first alone does not need is marked as Alternative.
type Image struct {
	Reference  string       // as the user wrote it
	Repository string       // registry/repository, as a Pod names it: docker.io/library/nginx
	Source     string       // Repository, and the mirrors that what no digest verifies may come from
	Digest     string       // of the first manifest
	Platform   string       // os/architecture[/variant], of the first manifest
	Manifests  []string     // digests of all manifests that are unpacked, the first one first
	Metadata   []Descriptor // indexes, manifests and configurations: containerd keeps these beside the layers
	Layers     []Layer      // of the first manifest, lowest first, and then of others what unpacks to something else
	// what is pulled and not unpacked: another packing of a layer above, or what an artifact holds
	Blobs []Descriptor

	Annotations map[string]string // of the first manifest

	Featured *Featured // what some versions pull instead of the first manifest, nil for nothing

	repo name.Repository // Repository, parsed
}

// Featured is a manifest that asks for features of the operating system (os.features), as those of
// nydus and erofs do. containerd heeds that since version 2.3; before, it pulls such a manifest
// where it comes first, and usually fails to unpack it.
type Featured struct{ Digest, Platform string }

// HasAlternatives returns whether versions of containerd differ in what they pull.
func (i *Image) HasAlternatives() bool {
	isAlternative := func(d Descriptor) bool { return d.Alternative }
	return len(i.Manifests) > 1 ||
		slices.ContainsFunc(i.Metadata, isAlternative) || slices.ContainsFunc(i.Blobs, isAlternative)
}

// Descriptor names a document or a blob by its digest.
type Descriptor struct {
	Digest      string
	MediaType   string
	Size        int64 // bytes
	Alternative bool  // not pulled by every containerd
}

// Layer is one blob and what it unpacks to. Two layers with the same digest are one blob on a disk;
// two with the same chain id are one directory. A foreign layer (a media type with
// "nondistributable" or "foreign") may not be in the registry.
type Layer struct {
	Digest      string // of the blob
	DiffID      string // of the uncompressed tar
	ChainID     string // of this tar on top of those below
	MediaType   string
	Size        int64 // of the blob, in bytes
	Annotations map[string]string
	Elsewhere   bool // its descriptor lists URLs, where containerd looks first
	Alternative bool // not pulled by every containerd
}

// checkLayerTypes returns an error for the first layer that containerd does not unpack. It comes
// before anything else is expected of the layers: an artifact's may have no diff ids.
func checkLayerTypes(layers []v1.Descriptor) error {
	for _, layer := range layers {
		_, err := mediatype.ParseLayer(string(layer.MediaType))
		refused, isRefused := errors.AsType[*mediatype.Error](err)
		if !isRefused {
			if !redact.IsMediaType(string(layer.MediaType)) { // containerd takes any suffix
				return malformedError("%q is not a media type", layer.MediaType)
			}
			continue
		}
		failed := &failure.Error{Kind: failure.LayerType, MediaType: cmp.Or(refused.MediaType, "(none)")}
		if refused.Encrypted {
			failed.Err = failure.ErrEncrypted
		}
		return failed
	}
	return nil
}

// isLayerType is true for what containerd unpacks, or tries to; it fetches all else without
// unpacking it.
func isLayerType(mediaType types.MediaType) bool {
	return strings.HasPrefix(string(mediaType), "application/vnd.oci.image.layer.") ||
		strings.HasPrefix(string(mediaType), "application/vnd.docker.image.rootfs.")
}

// stackLayers joins a manifest's layers with its configuration's diff ids and computes their chain
// ids.
func stackLayers(layers []v1.Descriptor, diffIDs []v1.Hash) ([]Layer, error) {
	if len(layers) != len(diffIDs) {
		return nil, malformedError("the manifest has %d layers and the configuration %d", len(layers), len(diffIDs))
	}
	stack := make([]Layer, len(layers))
	chain := ""
	for i, layer := range layers {
		chain = chainID(chain, diffIDs[i].String())
		stack[i] = Layer{
			Digest: layer.Digest.String(), DiffID: diffIDs[i].String(), ChainID: chain,
			MediaType: string(layer.MediaType), Size: layer.Size, Annotations: maps.Clone(layer.Annotations),
			Elsewhere: len(layer.URLs) > 0,
		}
	}
	return stack, nil
}

// chainID identifies a layer on top of a chain (OCI image-spec, section Layer ChainID).
func chainID(below, diffID string) string {
	if below == "" {
		return diffID
	}
	return digestOf([]byte(below+" "+diffID), "sha256:")
}

// digestOf digests data with the algorithm of another digest.
func digestOf(data []byte, like string) string {
	algorithm := "sha256"
	if h, err := v1.NewHash(like); err == nil {
		algorithm = h.Algorithm
	}
	hasher, err := v1.Hasher(algorithm)
	if err != nil {
		return ""
	}
	hasher.Write(data)
	return algorithm + ":" + hex.EncodeToString(hasher.Sum(nil))
}
