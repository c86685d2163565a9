package rootdisk

import (
	"fmt"
	"slices"
	"strings"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/disksize"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/layersize"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/measure"
)

func formatBilling(disk disksize.Recommendation) string {
	if disk.FitsDefaultDisk() {
		return "which is free"
	}
	return fmt.Sprintf("of which %d GiB are billed", disk.BillableGiB)
}

// imageColumn are the head and the cells of the first column. The platform stands in the head, as
// it is the same for all images but where one has a variant.
func imageColumn(images []measure.Image) (head string, cells []string) {
	head = fmt.Sprintf("Image (%s)", images[0].Platform)
	alike := !slices.ContainsFunc(
		images, func(image measure.Image) bool { return image.Platform != images[0].Platform },
	)
	for _, image := range images {
		platform := ""
		if !alike {
			head, platform = "Image", fmt.Sprintf(" (%s)", image.Platform)
		}
		cells = append(cells, shortenReference(image.Reference, widestImage-len(platform))+platform)
	}
	return head, cells
}

// shortenReference shortens a reference that is too wide: of a digest the beginning is enough, and
// of a name the end, which differs.
func shortenReference(reference string, width int) string {
	if name, digest, found := strings.Cut(reference, "@"); found {
		reference = name + "@" + shortDigest(digest)
	}
	letters := []rune(reference)
	if len(letters) <= width {
		return reference
	}
	return "…" + string(letters[len(letters)-width+1:])
}

func formatNeed(report *measure.Report) string {
	required := report.RequiredBytes
	from, to, differ := formatInterval(required)
	switch {
	case report.Exact:
		return formatBytes(required.Value) + " (counted file by file)"
	case report.Inodes != nil && required.Max > required.Min:
		return fmt.Sprintf(
			"%s (counted file by file, give or take %s)", formatBytes(required.Value),
			formatBytes(maxDeviation(required)),
		)
	case differ:
		return fmt.Sprintf("%s (between %s and %s)", formatBytes(required.Value), from, to)
	}
	return "about " + to
}

// maxDeviation is how far the bounds are away.
func maxDeviation(of layersize.Interval) int64 { return max(of.Value-of.Min, of.Max-of.Value) }

func formatBounds(m layersize.Measurement) string {
	from, to, differ := formatInterval(m.DiskBytes)
	switch {
	case m.Exact:
		return "exact"
	case m.Inodes != nil && m.DiskBytes.Max > m.DiskBytes.Min:
		return "± " + formatBytes(maxDeviation(m.DiskBytes))
	case differ:
		return from + " to " + to
	}
	return "about " + to
}

// formatInterval formats both ends of an interval, with one unit where it is the same, and reports
// whether they read differently.
func formatInterval(of layersize.Interval) (from, to string, differ bool) {
	from, to = formatBytes(of.Min), formatBytes(of.Max)
	differ = from != to
	if figure, unit, _ := strings.Cut(from, " "); strings.HasSuffix(to, " "+unit) {
		from = figure
	}
	return from, to, differ
}

// shortDigest is enough of a digest to recognize it by.
func shortDigest(digest string) string {
	const letters = len("sha256:") + 12
	return digest[:min(len(digest), letters)]
}

// formatBytes writes bytes in binary units, the ones that disks are ordered in.
func formatBytes(bytes int64) string {
	value, unit := float64(bytes), "B"
	for _, next := range []string{"KiB", "MiB", "GiB", "TiB"} {
		if value < 1024 {
			break
		}
		value, unit = value/1024, next
	}
	if unit == "B" {
		return fmt.Sprintf("%d B", bytes)
	}
	return fmt.Sprintf("%.1f %s", value, unit)
}
