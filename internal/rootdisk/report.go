package rootdisk

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"math"
	"net/http"
	"slices"
	"strings"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/disksize"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/layersize"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/measure"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/registry/failure"
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

// listManifestSets lists the images of which containerd 2 pulls more than 1.6 does.
func listManifestSets(report *measure.Report) string {
	var b strings.Builder
	for _, image := range report.Images {
		if !image.HasAlternatives() {
			continue
		}
		if b.Len() == 0 {
			b.WriteString(
				"\ncontainerd 2 pulls more of an index than 1.6 does, and the disk has room for all of it:\n\n",
			)
		}
		what := "entries without a platform"
		if len(image.Manifests) > 1 {
			what = fmt.Sprintf("%d manifests that match", len(image.Manifests))
		}
		fmt.Fprintf(&b, "- %s: %s\n", shortenReference(image.Reference, widestImage), what)
	}
	return b.String()
}

// listFailedReads says of which layers less is known than might be, a line for each reason. The
// reason is put into words of our own, since a registry's may be long.
func listFailedReads(report *measure.Report) string {
	failed := map[string]map[string]bool{} // digests by the reason
	for _, image := range report.Images {
		for i, m := range image.Measurements {
			if m.Fault == nil {
				continue
			}
			reason := faultReason(m.Fault)
			if failed[reason] == nil {
				failed[reason] = map[string]bool{}
			}
			failed[reason][image.Layers[i].Digest] = true
		}
	}
	var b strings.Builder
	for _, reason := range slices.Sorted(maps.Keys(failed)) {
		which := fmt.Sprintf("%d layers", len(failed[reason]))
		if len(failed[reason]) == 1 {
			which = shortDigest(slices.Collect(maps.Keys(failed[reason]))[0])
		}
		fmt.Fprintf(&b, "\nLess is known about %s than could be: %s.\n", which, reason)
	}
	return b.String()
}

// describeHiddenZeros says how many zeros samples may have missed, and where.
func describeHiddenZeros(report *measure.Report) string {
	layers := map[string]bool{}
	var most layersize.HiddenZeros
	for _, image := range report.Images {
		for i, m := range image.Measurements {
			if m.HiddenZeros.Longest == 0 {
				continue
			}
			layers[image.Layers[i].Digest] = true
			if m.HiddenZeros.Longest > most.Longest {
				most = m.HiddenZeros
			}
		}
	}
	if len(layers) == 0 {
		return ""
	}
	where := fmt.Sprintf("each of %d layers", len(layers))
	if len(layers) == 1 {
		where = shortDigest(slices.Collect(maps.Keys(layers))[0])
	}
	return fmt.Sprintf("\nUp to %s of zeros may hide in %s (1 GiB is met in %.0f of 100).\n",
		formatBytes(most.Longest), where, math.Floor(100*most.ChanceOfGiB))
}

// describeUnread names the layers that are estimated from their compressed size alone. Nothing
// limits what such a layer unpacks to: its bounds hold for usual content only.
func describeUnread(report *measure.Report) string {
	layers := map[string]bool{}
	for _, image := range report.Images {
		for i, m := range image.Measurements {
			if m.Method == layersize.MethodRatio {
				layers[image.Layers[i].Digest] = true
			}
		}
	}
	if len(layers) == 0 {
		return ""
	}
	which := fmt.Sprintf("%d layers", len(layers))
	if len(layers) == 1 {
		which = shortDigest(slices.Collect(maps.Keys(layers))[0])
	}
	return fmt.Sprintf("\nOf %s only the compressed size is known: the bounds are those of usual layers.\n"+
		"Zeros or repeated data unpack to more.\n", which)
}

// listRefusals names the layers that containerd does not unpack, a line for each reason.
func listRefusals(report *measure.Report) string {
	var lines []string
	for _, refusal := range report.Refusals {
		subject := ""
		if refusal.Entry != "" {
			subject = "entry " + refusal.Entry + " "
		}
		line := fmt.Sprintf(
			"\ncontainerd does not unpack layer %s: %s%s.\n", shortDigest(refusal.Digest), cmp.Or(subject, "it "),
			refusal.Reason,
		)
		if !slices.Contains(lines, line) && len(lines) < refusalsListed {
			lines = append(lines, line)
		}
	}
	return strings.Join(lines, "")
}

func faultReason(fault error) string {
	failed, ok := errors.AsType[*failure.Error](fault)
	if !ok {
		return "a read failed"
	}
	if failed.StatusCode >= http.StatusBadRequest {
		return fmt.Sprintf("%s (HTTP %d)", failed.Kind, failed.StatusCode)
	}
	return string(failed.Kind)
}

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
