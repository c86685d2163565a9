//go:build linux

package main

import (
	"bufio"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/types"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/registry/imagetest"
)

// A packing turns a tar into a blob.
type packing func(ctx context.Context, blob io.Writer, tar recipe) (packed, error)

// packed is what a packing knows of its blob.
type packed struct {
	mediaType   types.MediaType
	diffID      v1.Hash
	annotations map[string]string
}

// part is a layer of the corpus. Images share a layer where they name the same part.
type part struct {
	tar  recipe
	pack packing
}

// layer is a part that was generated, in a file.
type layer struct {
	packed
	path   string
	digest v1.Hash
	size   int64
}

var _ v1.Layer = (*layer)(nil)

// generateLayer writes the part into a new file in folder.
func (p *part) generateLayer(ctx context.Context, folder string) (_ *layer, err error) {
	file, err := os.CreateTemp(folder, "layer-")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	digest := sha256.New()
	blob := bufio.NewWriterSize(io.MultiWriter(file, digest), 1<<20)
	made, err := p.pack(ctx, blob, p.tar)
	if err != nil {
		return nil, fmt.Errorf("generating a layer: %w", err)
	}
	if err := blob.Flush(); err != nil {
		return nil, err
	}
	info, err := file.Stat()
	if err != nil {
		return nil, err
	}
	return &layer{packed: made, path: file.Name(), digest: imagetest.Sum(digest), size: info.Size()}, nil
}

// Descriptor returns the layer's entry in a manifest, with its annotations.
func (l *layer) Descriptor() (*v1.Descriptor, error) { //nolint:unparam // go-containerregistry looks for this form
	return &v1.Descriptor{MediaType: l.mediaType, Size: l.size, Digest: l.digest, Annotations: l.annotations}, nil
}

func (l *layer) Digest() (v1.Hash, error)            { return l.digest, nil }
func (l *layer) DiffID() (v1.Hash, error)            { return l.diffID, nil }
func (l *layer) Size() (int64, error)                { return l.size, nil }
func (l *layer) MediaType() (types.MediaType, error) { return l.mediaType, nil }
func (l *layer) Compressed() (io.ReadCloser, error)  { return os.Open(l.path) }
func (*layer) Uncompressed() (io.ReadCloser, error)  { return nil, errors.New("a push does not unpack") }
