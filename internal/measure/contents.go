package measure

import (
	"github.com/tkeimage/terraform-provider-tkeimage/internal/layersize"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/registry"
)

// certainty is whether every containerd holds something, or only some versions do (registry.Image).
type certainty struct{ always bool }

// diskNeed is what something takes on the disk: where it may not be there at all, at least nothing.
func (c certainty) diskNeed(of layersize.Interval) layersize.Interval {
	if !c.always {
		of.Min = 0
	}
	return of
}

// blob is one file of containerd's content store.
type blob struct {
	size int64
	certainty
}

// chain is one unpacked layer.
type chain struct {
	measured layersize.Measurement
	certainty
}

// blobsOf returns every distinct blob that containerd keeps of the images, by its digest.
func blobsOf(images []*registry.Image) map[string]blob {
	blobs := map[string]blob{}
	add := func(digest string, size int64, alternative bool) {
		have := blobs[digest]
		blobs[digest] = blob{max(have.size, size), certainty{have.always || !alternative}}
	}
	for _, image := range images {
		for _, d := range image.Metadata {
			add(d.Digest, d.Size, d.Alternative)
		}
		for _, d := range image.Blobs {
			add(d.Digest, d.Size, d.Alternative)
		}
		for _, layer := range image.Layers {
			add(layer.Digest, layer.Size, layer.Alternative)
		}
	}
	return blobs
}

// layerBlobsOf returns the sizes of an image's blobs without its documents, by their digests.
func layerBlobsOf(image *registry.Image) map[string]int64 {
	sizes := map[string]int64{}
	for _, layer := range image.Layers {
		sizes[layer.Digest] = layer.Size
	}
	for _, d := range image.Blobs {
		sizes[d.Digest] = d.Size
	}
	return sizes
}
