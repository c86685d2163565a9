package tfdiag

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/measure"
)

// refusalsListed bounds the layers that one warning lists.
const refusalsListed = 6

// RefusedLayers warns of images that containerd does not pull, one warning for each, attributed to
// the image in the list at base.
func RefusedLayers(base path.Path, images []string, refusals []measure.Refusal) diag.Diagnostics {
	var warnings diag.Diagnostics
	for _, image := range images {
		var reasons []string
		for _, refusal := range refusals {
			if refusal.Image == image {
				reasons = append(reasons, formatRefusal(refusal))
			}
		}
		if len(reasons) == 0 || hasWarning(warnings, imagePath(base, images, image)) {
			continue
		}
		if len(reasons) > refusalsListed {
			reasons = append(reasons[:refusalsListed], fmt.Sprintf("and %d more reasons", len(reasons)-refusalsListed))
		}
		warnings.Append(
			diag.NewAttributeWarningDiagnostic(imagePath(base, images, image), "Image cannot be unpacked", fmt.Sprintf(
				"%s: containerd does not unpack all of its layers, so no disk size suffices:\n\n- %s\n\n"+
					"Rebuild the image with another tool or version, and pull it once with containerd. Until then "+
					"its size is not exact.",
				image, strings.Join(reasons, "\n- "))),
		)
	}
	return warnings
}

// FeaturedImages warns of images of which containerd pulls one manifest or another, depending on
// its version.
func FeaturedImages(base path.Path, images []string, measured []measure.Image) diag.Diagnostics {
	var warnings diag.Diagnostics
	for _, image := range measured {
		where := imagePath(base, images, image.Reference)
		if image.Featured == nil || hasWarning(warnings, where) {
			continue
		}
		warnings.Append(
			diag.NewAttributeWarningDiagnostic(where, "Image depends on the version of containerd", fmt.Sprintf(
				"%s: its index lists %s for %s before the image that was measured, %s. containerd before 2.3 "+
					"ignores such features of "+
					"an operating system (os.features), and pulls the former, which it may fail to unpack.\n\n"+
					"Refer to the image by its digest, as in pinned_images. Until then its size is not exact.",
				image.Reference, image.Featured.Digest, image.Featured.Platform, image.Digest,
			)),
		)
	}
	return warnings
}

// hasWarning reports whether an image that is listed twice was seen.
func hasWarning(warnings diag.Diagnostics, where path.Path) bool {
	return slices.ContainsFunc(warnings, func(d diag.Diagnostic) bool {
		at, ok := d.(diag.DiagnosticWithPath)
		return ok && at.Path().Equal(where)
	})
}

// formatRefusal returns which layer is refused, which entry of it, and why.
func formatRefusal(refusal measure.Refusal) string {
	if refusal.Entry == "" {
		return fmt.Sprintf("layer %s %s", refusal.Digest, refusal.Reason)
	}
	return fmt.Sprintf("layer %s: entry %s %s", refusal.Digest, refusal.Entry, refusal.Reason)
}

// foreignLayer says of a layer that is not where the image is.
func foreignLayer(where path.Path, err error) diag.Diagnostic {
	layer, ok := errors.AsType[*measure.LayerError](err)
	if !ok {
		return diag.NewAttributeErrorDiagnostic(where, "Layer is foreign", endSentence(err.Error()))
	}
	return diag.NewAttributeErrorDiagnostic(where, "Layer is foreign", fmt.Sprintf(
		"%s: layer %s: %s\n\nNodes fetch it from the URLs that the manifest lists, which the provider does not "+
			"follow. "+
			`Push the image with its foreign layers, or use measure = "sample" to estimate it.`,
		layer.Image, layer.Digest, endSentence(measure.ErrForeign.Error()),
	))
}
