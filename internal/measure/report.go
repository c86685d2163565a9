package measure

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"time"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/disksize"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/layersize"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/registry"
)

// Report is what images need, one by one and together. What images share is counted once in the
// sums, as containerd does: blobs by digest, unpacked layers by chain id.
type Report struct {
	Images          []Image
	CompressedBytes int64              // blobs, as their descriptors say
	UnpackedBytes   layersize.Interval // length of the layers' tars
	RequiredBytes   layersize.Interval // blobs and unpacked layers, in whole blocks
	Inodes          *int64             // of both, nil unless every layer was counted
	LikelyInodes    int64              // of both: counted where they were, else estimated from samples
	Exact           bool               // every layer was counted file by file, to the block
	TimeUp          time.Duration      // Request.Timeout, where it ran out before all was read that the mode reads
	Stale           []StaleImage       // images that could not be read, and count as they are stored
	Refusals        []Refusal          // why containerd pulls some of the images not at all, as far as it was seen
}

// Image is one image of a report.
type Image struct {
	*registry.Image
	CompressedBytes int64
	UnpackedBytes   int64
	Measurements    []layersize.Measurement // one for each of Layers
}

// snapshotDirectories are what the overlayfs snapshotter keeps for each layer beside the layer's
// own root directory: one for the snapshot, and one for overlayfs to work in. A blob is one file.
const snapshotDirectories = 2

// addUp makes the report. The sums fail only when sizes are claimed that no disk could hold.
func addUp(images []*registry.Image, measured results) (*Report, error) {
	report := &Report{Exact: true, Inodes: new(int64)}
	sum := &adder{}
	for _, b := range blobsOf(images) {
		report.addBlob(sum, b)
	}
	for _, image := range images {
		report.addImage(sum, image, measured[image.Repository])
	}
	chains := chainsOf(report.Images)
	for _, c := range chains {
		report.addLayer(sum, c)
	}
	sum.addScatter(&report.UnpackedBytes, unpackedOf, chains)
	sum.addScatter(&report.RequiredBytes, diskOf, chains)
	return report, sum.err
}

// addBlob adds what one file of the content store takes.
func (r *Report) addBlob(sum *adder, b blob) {
	sum.addNumber(&r.CompressedBytes, b.size)
	sum.addInterval(&r.RequiredBytes, b.diskNeed(layersize.Exactly(disksize.Blocks(b.size))))
	r.countInodes(sum, 1, true)
	r.Exact = r.Exact && b.always
}

// addImage adds an image by itself, with its layers as its repository serves them.
func (r *Report) addImage(sum *adder, image *registry.Image, served map[layerKey]layersize.Measurement) {
	detail := Image{Image: image}
	r.Exact = r.Exact && image.Featured == nil
	for _, layer := range image.Layers {
		measurement := inImage(layer, layer.ChainID == layer.DiffID, served[keyOf(layer)])
		for _, refusal := range measurement.Refusals {
			r.Refusals = append(r.Refusals, Refusal{image.Reference, layer.Digest, refusal})
		}
		r.Exact = r.Exact && measurement.Exact
		detail.Measurements = append(detail.Measurements, measurement)
		sum.addNumber(&detail.UnpackedBytes, measurement.UnpackedBytes.Value)
	}
	for _, size := range layerBlobsOf(image) {
		sum.addNumber(&detail.CompressedBytes, size)
	}
	r.Images = append(r.Images, detail)
}

// chainsOf returns each unpacked layer once, by its chain id.
func chainsOf(images []Image) map[string]chain {
	chains := map[string]chain{}
	for _, image := range images {
		for i, layer := range image.Layers {
			measurement := image.Measurements[i]
			other, shared := chains[layer.ChainID]
			if shared {
				measurement = eitherOf(other.measured, measurement)
			}
			chains[layer.ChainID] = chain{measurement, certainty{other.always || !layer.Alternative}}
		}
	}
	return chains
}

// addLayer adds what one unpacked layer takes.
func (r *Report) addLayer(sum *adder, c chain) {
	m := c.measured
	unpacked, disk := m.UnpackedBytes, m.DiskBytes
	if hasSampledBounds(m) {
		unpacked, disk = layersize.Exactly(unpacked.Value), layersize.Exactly(disk.Value)
	}
	sum.addInterval(&r.UnpackedBytes, c.diskNeed(unpacked))
	sum.addInterval(&r.RequiredBytes, c.diskNeed(disk))
	sum.addInterval(&r.RequiredBytes, c.diskNeed(layersize.Exactly(snapshotDirectories*disksize.BlockSize)))
	r.countInodes(sum, snapshotDirectories, true)
	r.Exact = r.Exact && m.Exact && c.always
	r.countInodes(sum, m.LikelyInodes, m.Inodes != nil)
}

// eitherOf is what is known of one unpacked layer that was measured twice: from two repositories,
// or from two blobs that unpack to it. One of the measurements holds, and nothing says which.
func eitherOf(a, b layersize.Measurement) layersize.Measurement {
	either := layersize.Measurement{
		UnpackedBytes: hullOf(a.UnpackedBytes, b.UnpackedBytes),
		DiskBytes:     hullOf(a.DiskBytes, b.DiskBytes),
		LikelyInodes:  max(a.LikelyInodes, b.LikelyInodes),
	}
	if a.Inodes != nil && b.Inodes != nil && *a.Inodes == *b.Inodes {
		either.Inodes = a.Inodes
		either.Exact = a.Exact && b.Exact && a.DiskBytes == b.DiskBytes
	}
	return either
}

// hullOf returns the interval that holds two intervals. Its value is the larger one: a disk must
// have room for it.
func hullOf(a, b layersize.Interval) layersize.Interval {
	return layersize.Interval{Value: max(a.Value, b.Value), Min: min(a.Min, b.Min), Max: max(a.Max, b.Max)}
}

func (r *Report) countInodes(sum *adder, inodes int64, counted bool) {
	sum.addNumber(&r.LikelyInodes, inodes)
	if !counted {
		r.Inodes = nil
	}
	if r.Inodes != nil {
		sum.addNumber(r.Inodes, inodes)
	}
}

// Disk is the disk that holds what was measured, with the default margin.
func (r *Report) Disk() disksize.Request { return r.Needs(DefaultDisk) }

// Needs is a disk with what was measured on it: the upper bound of the bytes, and the inodes that
// are likely, since their bounds from a few samples would order disks that hardly an image needs.
func (r *Report) Needs(disk disksize.Request) disksize.Request {
	disk.RequiredBytes, disk.Inodes = r.RequiredBytes.Max, r.LikelyInodes
	return disk
}

func unpackedOf(m layersize.Measurement) layersize.Interval { return m.UnpackedBytes }

func diskOf(m layersize.Measurement) layersize.Interval { return m.DiskBytes }

// hasSampledBounds reports whether the bounds of a layer are those of samples. Samples of one layer
// know nothing of another, so that their errors are independent, and the bounds of a sum are as far
// away as the root of the sum of squares. Where nothing was sampled the bounds are what layers are
// like in general: all of them may be off to the same side, and the bounds add up.
func hasSampledBounds(m layersize.Measurement) bool {
	switch m.Method {
	case layersize.MethodSampled, layersize.MethodTrailer, layersize.MethodContentSize, layersize.MethodUncompressed:
		return true
	}
	return false
}

// addScatter moves the bounds of a sum of which the layers with independent errors have added their
// values alone.
func (a *adder) addScatter(
	total *layersize.Interval, of func(layersize.Measurement) layersize.Interval, chains map[string]chain,
) {
	below, above := 0.0, 0.0
	for _, id := range slices.Sorted(maps.Keys(chains)) { // in order, as sums of floating-point numbers depend on it
		c := chains[id]
		if !hasSampledBounds(c.measured) {
			continue
		}
		i := of(c.measured)
		above = math.Hypot(above, float64(i.Max-i.Value))
		if c.always {
			below = math.Hypot(below, float64(i.Value-i.Min))
		}
	}
	total.Min = max(0, total.Min-int64(math.Ceil(below)))
	a.addNumber(&total.Max, int64(min(math.Ceil(above), math.MaxInt64/2)))
}

// adder adds sizes that others claim, and remembers the first sum that went wrong.
type adder struct{ err error }

func (a *adder) addNumber(total *int64, value int64) {
	sum, err := disksize.Sum(*total, value)
	if err != nil && a.err == nil {
		a.err = fmt.Errorf("the sizes of the layers cannot be added up: %w", err)
	}
	*total = sum
}

func (a *adder) addInterval(total *layersize.Interval, value layersize.Interval) {
	a.addNumber(&total.Value, value.Value)
	a.addNumber(&total.Min, value.Min)
	a.addNumber(&total.Max, value.Max)
}
