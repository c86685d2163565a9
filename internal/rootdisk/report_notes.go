package rootdisk

import (
	"errors"
	"fmt"
	"maps"
	"math"
	"net/http"
	"slices"
	"strings"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/layersize"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/measure"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/registry/failure"
)

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

// listFailedReads names the layers of which less is known than could be, a line for each reason.
// The reason is in our own words, since a registry's may be long.
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
		fmt.Fprintf(&b, "\nLess is known about %s than could be: %s.\n", nameLayers(failed[reason]), reason)
	}
	return b.String()
}

// describeHiddenZeros returns how many zeros samples may have missed, and where.
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
	where := nameLayers(layers)
	if len(layers) > 1 {
		where = "each of " + where
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
	return fmt.Sprintf("\nOf %s only the compressed size is known: the bounds are those of usual layers.\n"+
		"Zeros or repeated data unpack to more.\n", nameLayers(layers))
}

// nameLayers names one layer by its digest, and counts several.
func nameLayers(digests map[string]bool) string {
	if len(digests) > 1 {
		return fmt.Sprintf("%d layers", len(digests))
	}
	for digest := range digests {
		return shortDigest(digest)
	}
	return ""
}

// listRefusals names the layers that containerd does not unpack, a line for each reason.
func listRefusals(report *measure.Report) string {
	var lines []string
	for _, refusal := range report.Refusals {
		subject := "it "
		if refusal.Entry != "" {
			subject = "entry " + refusal.Entry + " "
		}
		line := fmt.Sprintf(
			"\ncontainerd does not unpack layer %s: %s%s.\n", shortDigest(refusal.Digest), subject, refusal.Reason,
		)
		if !slices.Contains(lines, line) && len(lines) < refusalsListed {
			lines = append(lines, line)
		}
	}
	return strings.Join(lines, "")
}

func faultReason(fault error) string {
	if errors.Is(fault, measure.ErrTimeUp) {
		return measure.ErrTimeUp.Error()
	}
	failed, ok := errors.AsType[*failure.Error](fault)
	if !ok {
		return "a read failed"
	}
	if failed.StatusCode >= http.StatusBadRequest {
		return fmt.Sprintf("%s (HTTP %d)", failed.Kind, failed.StatusCode)
	}
	return string(failed.Kind)
}
