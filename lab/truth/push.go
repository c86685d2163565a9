//go:build linux

package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/types"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/registry/imagetest"
)

const (
	platform      = "linux/amd64"
	otherPlatform = "arm64"
)

// pusher generates layers, each once, and pushes images of them.
type pusher struct {
	folder string
	layers map[*part]*layer
}

// referencesOf returns the names of a case's images in a registry.
func referencesOf(host string, images []imagePlan) []string {
	references := make([]string, len(images))
	for i := range images {
		references[i] = fmt.Sprintf("%s/corpus/image-%d:v1", host, i)
	}
	return references
}

// pushAll pushes each image under its reference. It removes the generated layers when it returns:
// the registry has them.
func pushAll(ctx context.Context, references []string, folder string, images []imagePlan) (err error) {
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(folder)) }()
	p := &pusher{folder: folder, layers: map[*part]*layer{}}
	for i, image := range images {
		if err := p.pushImage(ctx, references[i], image); err != nil {
			return fmt.Errorf("pushing %s: %w", references[i], err)
		}
	}
	return nil
}

func (p *pusher) pushImage(ctx context.Context, reference string, plan imagePlan) error {
	if plan.produce != nil {
		return p.pushProduced(ctx, reference, plan)
	}
	image, err := p.buildImage(ctx, plan.layers, "amd64")
	if err != nil {
		return err
	}
	if plan.other == nil {
		_, err = imagetest.Push(ctx, reference, image)
		return err
	}
	other, err := p.buildImage(ctx, plan.other, otherPlatform)
	if err != nil {
		return err
	}
	index := mutate.AppendManifests(
		mutate.IndexMediaType(empty.Index, types.OCIImageIndex),
		mutate.IndexAddendum{
			Add:        other,
			Descriptor: v1.Descriptor{Platform: &v1.Platform{OS: "linux", Architecture: otherPlatform}},
		},
		mutate.IndexAddendum{
			Add:        image,
			Descriptor: v1.Descriptor{Platform: &v1.Platform{OS: "linux", Architecture: "amd64"}},
		},
	)
	_, err = imagetest.Push(ctx, reference, index)
	return err
}

// buildImage builds an image of layers, and generates those that no image before it has.
func (p *pusher) buildImage(ctx context.Context, parts []*part, architecture string) (v1.Image, error) {
	layers := make([]v1.Layer, 0, len(parts))
	for _, part := range parts {
		made, ok := p.layers[part]
		if !ok {
			var err error
			if made, err = part.generateLayer(ctx, p.folder); err != nil {
				return nil, err
			}
			p.layers[part] = made
		}
		layers = append(layers, made)
	}
	return imagetest.Build(architecture, layers...)
}

// pushProduced writes the tars of an image's layers and has its producer build the image and push
// it.
func (p *pusher) pushProduced(ctx context.Context, reference string, plan imagePlan) (err error) {
	folder, err := os.MkdirTemp(p.folder, "producer-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(folder)) }()
	var tars []string
	for i, part := range plan.layers {
		path := filepath.Join(folder, fmt.Sprintf("layer-%d.tar", i))
		if err := writeTar(ctx, path, part.tar); err != nil {
			return err
		}
		tars = append(tars, path)
	}
	return plan.produce(ctx, folder, reference, tars)
}

func writeTar(ctx context.Context, path string, tar recipe) (err error) {
	file, err := os.Create(path)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	return tar(ctx, file)
}
