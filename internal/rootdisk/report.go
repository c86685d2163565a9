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
	// widestImage is the most columns that an image may take: with the figures beside it, and the
	// two columns by which Terraform indents an error message, that makes eighty.
	widestImage = 38
)

// renderReport writes the report: Markdown for a pull request, aligned so that it reads as plain
// text in a plan too.
func renderReport(report *measure.Report, needs disksize.Request, disk disksize.Recommendation) string {
	var b strings.Builder
	fmt.Fprintf(&b, "**Disk: %d GiB**, %s.\nNeeded: %s.\n\n", disk.SizeGiB, formatBilling(disk), formatNeed(report))

	writeTable(&b, imageRows(report), 1, 2, 3)
	b.WriteString("\n")
	writeTerms(&b, needs, disk)
	b.WriteString("\nLayers that weigh most on the disk:\n\n")
	writeTable(&b, layerRows(report), 1, 2)
	b.WriteString(listManifestSets(report))
	b.WriteString(listFailedReads(report))
	b.WriteString(listRefusals(report))
	b.WriteString(describeHiddenZeros(report))
	b.WriteString(describeUnread(report))
	return b.String()
}

// imageRows is the table of images, with its head and, for several images, their sum.
func imageRows(report *measure.Report) [][]string {
	head, names := imageColumn(report.Images)
	rows := [][]string{{head, "Compressed", "Unpacked", "Layers"}}
	for i, image := range report.Images {
		rows = append(rows, []string{
			names[i],
			formatBytes(image.CompressedBytes),
			formatBytes(image.UnpackedBytes),
			fmt.Sprint(len(image.Layers)),
		})
	}
	if len(report.Images) > 1 {
		rows = append(rows, []string{
			"together, shared layers once",
			formatBytes(report.CompressedBytes),
			formatBytes(report.UnpackedBytes.Value),
			"",
		})
	}
	return rows
}

// layerRows is the table of the heaviest layers, with its head.
func layerRows(report *measure.Report) [][]string {
	rows := [][]string{{"Layer", "Compressed", "On disk", "Method", "Bounds"}}
	for _, layer := range heaviestLayers(report) {
		rows = append(rows, []string{
			strings.TrimPrefix(layer.digest, "sha256:"),
			formatBytes(layer.compressed),
			formatBytes(layer.measured.DiskBytes.Value),
			string(layer.measured.Method),
			formatBounds(layer.measured),
		})
	}
	return rows
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
