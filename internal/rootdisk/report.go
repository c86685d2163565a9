package rootdisk

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/disksize"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/layersize"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/measure"
)

const (
	// maxHeavyLayers is how many layers the report lists.
	maxHeavyLayers = 5
	// refusalsListed is how many reasons the report lists for which containerd does not unpack a
	// layer.
	refusalsListed = 6
	// widestImage is the most columns that an image may take: with the figures beside it and the
	// eight columns by which a plan indents an output, that makes a hundred.
	widestImage = 53
)

// renderReport writes the report: Markdown for a pull request, aligned so that it reads as plain
// text in a plan too.
func renderReport(report *measure.Report, disk disksize.Recommendation) string {
	var b strings.Builder
	fmt.Fprintf(&b, "**Disk: %d GiB**, %s.\nNeeded: %s.\n\n", disk.SizeGiB, formatBilling(disk), formatNeed(report))

	head, names := imageColumn(report.Images)
	images := [][]string{{head, "Compressed", "Unpacked", "Layers"}}
	for i, image := range report.Images {
		images = append(
			images,
			[]string{
				names[i],
				formatBytes(image.CompressedBytes),
				formatBytes(image.UnpackedBytes),
				fmt.Sprint(len(image.Layers)),
			},
		)
	}
	if len(report.Images) > 1 {
		images = append(
			images,
			[]string{
				"together, shared layers once",
				formatBytes(report.CompressedBytes),
				formatBytes(report.UnpackedBytes.Value),
				"",
			},
		)
	}
	writeTable(&b, images, 1, 2, 3)

	b.WriteString("\nLayers that weigh most on the disk:\n\n")
	layers := [][]string{{"Layer", "Compressed", "On disk", "Method", "Bounds"}}
	for _, l := range heaviestLayers(report) {
		layers = append(
			layers,
			[]string{
				l.digest,
				formatBytes(l.compressed),
				formatBytes(l.measured.DiskBytes.Value),
				string(l.measured.Method),
				formatBounds(l.measured),
			},
		)
	}
	writeTable(&b, layers, 1, 2)
	b.WriteString(listManifestSets(report))
	b.WriteString(listFailedReads(report))
	b.WriteString(listRefusals(report))
	b.WriteString(describeHiddenZeros(report))
	b.WriteString(describeUnread(report))
	return b.String()
}

type heavyLayer struct {
	digest     string
	compressed int64
	measured   layersize.Measurement
}

func heaviestLayers(report *measure.Report) []heavyLayer {
	var all []heavyLayer
	seen := map[string]bool{}
	for _, image := range report.Images {
		for i, layer := range image.Layers {
			if !seen[layer.ChainID] {
				seen[layer.ChainID] = true
				all = append(all, heavyLayer{shortDigest(layer.Digest), layer.Size, image.Measurements[i]})
			}
		}
	}
	slices.SortStableFunc(all, func(a, b heavyLayer) int {
		return cmp.Compare(b.measured.DiskBytes.Value, a.measured.DiskBytes.Value)
	})
	return all[:min(len(all), maxHeavyLayers)]
}
