//go:build linux

package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"time"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/disksize"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/measure"
	"github.com/tkeimage/terraform-provider-tkeimage/lab/giant"
)

// Images that need 20 to 60 GiB are not pulled: few machines have room for their blobs, their
// content and a disk of each size. Their layers are spliced of content that was packed once, and a
// registry computes their bytes when they are read. What they need is known by counting: streaming
// counts each tree once, which is what containerd uses to within 0.1 % (the table of the pulls),
// and a file of so many bytes takes as many blocks.
const (
	leastNeed, mostNeed, needStep = 20 * gib, 60 * gib, 4 * gib

	leastLayer, mostLayer = 2 * gib, 12 * gib // unpacked, as far as the need is not met before
	mostPieces            = 20                // of a file, 256 MiB each
)

// splicedImage is an image of spliced layers.
type splicedImage struct {
	title  string
	layers []*giant.Layer
	taken  []use // unpacked, by layer
	need   use   // of all together, counted
}

// trySizes measures images of all sizes in both formats, and prints the table even where a claim
// does not hold.
func trySizes(ctx context.Context, o options, folder string) (err error) {
	begun := time.Now()
	registry, err := giant.Serve(0)
	if err != nil {
		return err
	}
	defer registry.Close()
	segments := filepath.Join(folder, "segments")
	if o.keep {
		segments = filepath.Join(o.cache, "segments")
	}
	var rows []sizeRow
	for _, format := range []giant.Format{giant.Gzip, giant.Zstandard} {
		images, err := spliceImages(ctx, o.cache, segments, format)
		if err != nil {
			return err
		}
		for _, image := range images {
			row, err := measureSpliced(ctx, registry, image)
			if err != nil {
				return fmt.Errorf("%s: %w", image.title, err)
			}
			row.printRow()
			rows = append(rows, row)
		}
	}
	if err := publishTable(o, sizesMarks, formatSizes(rows, time.Since(begun))); err != nil {
		return err
	}
	return checkSizes(rows)
}

// spliceImages packs the content and makes an image for each need.
func spliceImages(ctx context.Context, cache, folder string, format giant.Format) (images []splicedImage, err error) {
	if err := os.MkdirAll(folder, 0o750); err != nil {
		return nil, err
	}
	content, err := packMaterials(ctx, cache, folder, format)
	if err != nil {
		return nil, err
	}
	random := rand.New(rand.NewPCG(uint64(format), 20261127))
	for need := int64(leastNeed); need <= mostNeed; need += needStep {
		images = append(images, spliceImage(content, need, random))
	}
	return images, nil
}

// spliceImage makes an image that needs about so much: a base, and layers until it is enough.
func spliceImage(content *materials, need int64, random *rand.Rand) splicedImage {
	image := splicedImage{title: fmt.Sprintf("%d GiB, %s", need/gib, content.formatName())}
	image.addLayer(content.spliceLayer(image.title+" 0", []material{content.base}, material{}, 0, random))
	for n := 1; image.need.Bytes < need; n++ {
		left := need - image.need.Bytes
		size := min(leastLayer+random.Int64N(mostLayer-leastLayer), left*2/3)
		trees, file := content.drawLayer(random, size)
		image.addLayer(content.spliceLayer(fmt.Sprintf("%s %d", image.title, n), trees, file, size, random))
	}
	return image
}

func (i *splicedImage) addLayer(layer *giant.Layer, unpacked use) {
	const snapshotFolders = 2
	i.layers, i.taken = append(i.layers, layer), append(i.taken, unpacked)
	i.need.Bytes += disksize.Blocks(layer.Size) + unpacked.Bytes + snapshotFolders*disksize.BlockSize
	i.need.Inodes += unpacked.Inodes + snapshotFolders + 1 // its blob
}

// measureSpliced measures in the ways that read ranges, and chooses the disks.
func measureSpliced(ctx context.Context, registry *giant.Registry, image splicedImage) (row sizeRow, err error) {
	reference, err := registry.Add("sizes/image", image.layers...)
	if err != nil {
		return row, err
	}
	row = sizeRow{image: image, measured: map[measure.Mode]measured{}, sizes: map[measure.Mode]int64{}}
	for _, mode := range []measure.Mode{measure.Auto, measure.Sample} {
		m, err := measureIn(ctx, mode, []string{reference})
		if err != nil {
			return row, err
		}
		row.measured[mode] = m
		if row.sizes[mode], err = recommendSize(m.report); err != nil {
			return row, err
		}
	}
	needed := measure.DefaultDisk
	needed.RequiredBytes, needed.Inodes = image.need.Bytes, image.need.Inodes
	right, err := disksize.Recommend(needed)
	row.right = right.SizeGiB
	return row, err
}
