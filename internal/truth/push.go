//go:build linux

package main

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

const (
	platform      = "linux/amd64"
	otherPlatform = "arm64"
)

// pusher generates layers, each once, and pushes images of them.
type pusher struct {
	host, folder string
	layers       map[*part]*layer
}

// pushAll gives the references of the images. What was generated is gone when it returns: the registry has it.
func pushAll(ctx context.Context, host, folder string, images []plan) (references []string, err error) {
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(folder)) }()
	p := &pusher{host: host, folder: folder, layers: map[*part]*layer{}}
	for i, image := range images {
		reference := fmt.Sprintf("%s/corpus/image-%d:v1", host, i)
		if err := p.push(ctx, reference, image); err != nil {
			return nil, fmt.Errorf("pushing %s: %w", reference, err)
		}
		references = append(references, reference)
	}
	return references, nil
}

func (p *pusher) push(ctx context.Context, reference string, plan plan) error {
	tag, err := name.NewTag(reference)
	if err != nil {
		return err
	}
	image, err := p.image(ctx, plan.layers, "amd64")
	if err != nil {
		return err
	}
	if plan.other == nil {
		return remote.Write(tag, image, remote.WithContext(ctx))
	}
	other, err := p.image(ctx, plan.other, otherPlatform)
	if err != nil {
		return err
	}
	index := mutate.AppendManifests(mutate.IndexMediaType(empty.Index, types.OCIImageIndex),
		mutate.IndexAddendum{Add: other, Descriptor: v1.Descriptor{Platform: &v1.Platform{OS: "linux", Architecture: otherPlatform}}},
		mutate.IndexAddendum{Add: image, Descriptor: v1.Descriptor{Platform: &v1.Platform{OS: "linux", Architecture: "amd64"}}})
	return remote.WriteIndex(tag, index, remote.WithContext(ctx))
}

// image joins layers to an OCI image, with the configuration that containerd checks them by.
func (p *pusher) image(ctx context.Context, parts []*part, architecture string) (v1.Image, error) {
	image := mutate.ConfigMediaType(mutate.MediaType(empty.Image, types.OCIManifestSchema1), types.OCIConfigJSON)
	image, err := mutate.ConfigFile(image, &v1.ConfigFile{OS: "linux", Architecture: architecture, RootFS: v1.RootFS{Type: "layers"}})
	if err != nil {
		return nil, err
	}
	for _, part := range parts {
		made, ok := p.layers[part]
		if !ok {
			if made, err = part.generate(ctx, p.folder); err != nil {
				return nil, err
			}
			p.layers[part] = made
		}
		image, err = mutate.Append(image, mutate.Addendum{Layer: made, MediaType: made.mediaType, Annotations: made.annotations})
		if err != nil {
			return nil, err
		}
	}
	return image, nil
}
