//go:build linux

package main

import (
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/types"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/registry/imagetest"
)

// TestAnImageHasItsLayersAnnotations, which is where a table of contents is found, and their media
// types.
func TestAnImageHasItsLayersAnnotations(t *testing.T) {
	t.Parallel()
	hash := v1.Hash{Algorithm: "sha256", Hex: "00000000000000000000000000000000000000000000000000000000000000aa"}
	made := &layer{
		packed: packed{mediaType: types.OCILayerZStd, diffID: hash, annotations: map[string]string{"a": "b"}},
		digest: hash,
		size:   7,
	}
	image, err := imagetest.Build("arm64", made, made)
	if err != nil {
		t.Fatal(err)
	}
	manifest, err := image.Manifest()
	if err != nil {
		t.Fatal(err)
	}
	config, err := image.ConfigFile()
	if err != nil {
		t.Fatal(err)
	}
	if len(manifest.Layers) != 2 || len(config.RootFS.DiffIDs) != 2 || config.Architecture != "arm64" {
		t.Fatalf("%+v, %+v", manifest, config)
	}
	for _, d := range manifest.Layers {
		if d.Annotations["a"] != "b" || d.MediaType != types.OCILayerZStd || d.Digest != hash || d.Size != 7 {
			t.Errorf("%+v", d)
		}
	}
}
