package imagetest

import (
	"context"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

// Build makes an OCI image for linux and an architecture out of layers. A layer with a method
// Descriptor brings its annotations.
func Build(architecture string, layers ...v1.Layer) (v1.Image, error) {
	base := mutate.ConfigMediaType(mutate.MediaType(empty.Image, types.OCIManifestSchema1), types.OCIConfigJSON)
	image, err := mutate.AppendLayers(base, layers...)
	if err != nil {
		return nil, err
	}
	config, err := image.ConfigFile()
	if err != nil {
		return nil, err
	}
	config = config.DeepCopy()
	config.OS, config.Architecture = "linux", architecture
	return mutate.ConfigFile(image, config)
}

// Push pushes an image or an index, and returns its digest. A reference on loopback is reached over
// plain HTTP.
func Push(
	ctx context.Context, reference string, what remote.Taggable, options ...remote.Option,
) (digest string, err error) {
	tag, err := name.ParseReference(reference)
	if err != nil {
		return "", err
	}
	options = append(options, remote.WithContext(ctx))
	var hash v1.Hash
	switch what := what.(type) {
	case v1.Image:
		if err = remote.Write(tag, what, options...); err == nil {
			hash, err = what.Digest()
		}
	case v1.ImageIndex:
		if err = remote.WriteIndex(tag, what, options...); err == nil {
			hash, err = what.Digest()
		}
	}
	return hash.String(), err
}
