package registry

import (
	"encoding/hex"
	"errors"
	"maps"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/mediatype"
)

// Image is one platform's image, as its registry describes it.
type Image struct {
	Reference  string       // as the user wrote it
	Repository string       // registry/repository, as a Pod names it: docker.io/library/nginx
	Digest     string       // of the platform's manifest
	Platform   string       // os/architecture[/variant], of the image that was chosen
	Metadata   []Descriptor // index (or several), manifest and configuration: containerd keeps these beside the layers
	Layers     []Layer      // lowest first

	Annotations map[string]string // of the platform's manifest
}

// Descriptor names a document by its digest.
type Descriptor struct {
	Digest    string
	MediaType string
	Size      int64
}

// Layer is one blob and what it unpacks to. Two layers with the same digest are one blob on a disk; two with the same chain
// id are one directory. A foreign layer (a media type with "nondistributable" or "foreign") may not be in the registry.
type Layer struct {
	Digest      string // of the blob
	DiffID      string // of the uncompressed tar
	ChainID     string // of this tar on top of those below
	MediaType   string
	Size        int64 // of the blob
	Annotations map[string]string
	Elsewhere   bool // its descriptor lists URLs, where containerd looks first
}

var errEncrypted = errors.New("the layer is encrypted")

// checkLayerTypes returns an error for the first layer that containerd does not unpack. It comes before anything else is
// expected of the layers: an artifact's may have no diff ids.
func checkLayerTypes(layers []v1.Descriptor) error {
	for _, layer := range layers {
		_, err := mediatype.ParseLayer(string(layer.MediaType))
		refused, isRefused := errors.AsType[*mediatype.Error](err)
		if !isRefused {
			continue
		}
		failed := &Error{Kind: KindLayerType, MediaType: orDefault(plainWords(refused.MediaType, nil), "(none)")}
		if refused.Encrypted {
			failed.Err = errEncrypted
		}
		return failed
	}
	return nil
}

// stacked joins a manifest's layers with its configuration's diff ids and computes their chain ids.
func stacked(layers []v1.Descriptor, diffIDs []v1.Hash) ([]Layer, error) {
	if len(layers) != len(diffIDs) {
		return nil, malformed("the manifest has %d layers and the configuration %d", len(layers), len(diffIDs))
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
