package tfdiag

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/measure"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/registry/failure"
)

// StaleImages warns of images that could not be read, for which what is kept counts: one warning
// each, with how old that is and why it is used.
func StaleImages(base path.Path, stale []measure.StaleImage, now time.Time) (warnings diag.Diagnostics) {
	for _, image := range stale {
		kept := image.Stored
		text := fmt.Sprintf(
			"%s\n\nWhat was kept of it %s ago, at %s, counts instead, as stale_if_error allows: %s, measured by %q. "+
				"The tag may have moved since, and nodes may fail to pull the image.",
			describeFailure(kept.Image.Reference, image.Err), formatAge(now.Sub(kept.At)),
			kept.At.UTC().Format(time.RFC3339), kept.Image.Digest, kept.Mode,
		)
		warnings.AddAttributeWarning(base.AtListIndex(image.Index), "Image was not read again", text)
	}
	return warnings
}

// describeFailure says in a sentence why an image could not be read.
func describeFailure(reference string, err error) string {
	if at, ok := errors.AsType[*failure.Error](err); ok {
		return formatAttempt(at, err)
	}
	return nameImage(reference) + ": " + endSentence(err.Error())
}

// offerStored adds to an error that stale_if_error would do without the registry.
func offerStored(kept *measure.StoredImage, now time.Time) string {
	if kept == nil {
		return ""
	}
	return fmt.Sprintf(
		"\n\nThis image was last read %s ago, and what was kept of it counts with stale_if_error = true. To destroy, "+
			"that is not needed: terraform destroy -refresh=false reads no image.", formatAge(now.Sub(kept.At)),
	)
}

// TimeUp warns that the time to read ran out before all was read.
func TimeUp(report *measure.Report) (warnings diag.Diagnostics) {
	if report.TimeUp == 0 {
		return nil
	}
	cut, layers := map[string]bool{}, map[string]bool{}
	for _, image := range report.Images {
		for i, layer := range image.Layers {
			layers[layer.Digest] = true
			if measure.IsCut(image.Measurements[i]) {
				cut[layer.Digest] = true
			}
		}
	}
	what := fmt.Sprintf("%d of %d layers were not read to the end", len(cut), len(layers))
	if len(cut) == 0 {
		what = "more could have been read of the layers"
	}
	warnings.AddAttributeWarning(
		path.Root("timeouts").AtName("read"), "The time to read ran out", fmt.Sprintf(
			"timeouts.read, %s, has passed, and %s: what was learned by then counts, and the bounds are wider than "+
				"they need be.\n\nLayers that were read are kept in measurement_cache_dir, so that another run goes "+
				"on from there; or raise timeouts.read.", formatSpan(report.TimeUp), what,
		))
	return warnings
}

// timeUpError describes an image of which nothing was learned in time.
func timeUpError(where path.Path, up *measure.TimeUpError) diag.Diagnostic {
	text := "nothing was learned of the image"
	if at, ok := errors.AsType[*failure.Error](up.Err); ok {
		text = formatAttempt(at, up.Err)
	}
	return diag.NewAttributeErrorDiagnostic(where, "The time to read ran out", fmt.Sprintf(
		"%s\n\ntimeouts.read, %s, has passed, and nothing was learned of this image. Raise it, and check the network, "+
			"mirrors and proxies.", text, formatSpan(up.After),
	))
}

// formatAge writes how long ago something was, in its largest unit.
func formatAge(age time.Duration) string {
	for _, unit := range []struct {
		length time.Duration
		name   string
	}{{24 * time.Hour, "day"}, {time.Hour, "hour"}, {time.Minute, "minute"}} {
		switch n := age / unit.length; {
		case n == 1:
			return "1 " + unit.name
		case n > 1:
			return fmt.Sprintf("%d %ss", n, unit.name)
		}
	}
	return "less than a minute"
}

// formatSpan writes a duration as a configuration does: 10m rather than 10m0s.
func formatSpan(d time.Duration) string {
	text := d.String()
	if d >= time.Minute && d%time.Minute == 0 {
		text = strings.TrimSuffix(text, "0s")
	}
	if d >= time.Hour && d%time.Hour == 0 {
		text = strings.TrimSuffix(text, "0m")
	}
	return text
}
