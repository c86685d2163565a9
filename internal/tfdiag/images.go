package tfdiag

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/disksize"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/layersize"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/measure"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/registry"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/registry/failure"
)

// layerFaults are what can be wrong with a layer that its registry gave whole.
var layerFaults = []struct {
	faults          []error
	summary, advice string
}{
	{[]error{layersize.ErrCompression, layersize.ErrNotTar}, "Layer cannot be unpacked",
		"Nodes are unlikely to unpack it either: rebuild the image and push it again."},
	{[]error{layersize.ErrBomb, layersize.ErrTooManyEntries, layersize.ErrWindow}, "Layer exceeds what is counted",
		`If the image is intended to be like this, measure = "sample" estimates the layer from parts of it.`},
}

// MeasureErrors describes images that could not be measured, one diagnostic each in the order of
// the list at base, attributed to the image there.
func MeasureErrors(base path.Path, err error, now time.Time) (diags diag.Diagnostics) {
	failed, ok := errors.AsType[measure.ImageErrors](err)
	if !ok {
		text := err.Error()
		if errors.Is(err, context.Canceled) {
			text = "the run was interrupted"
		}
		return diag.Diagnostics{
			diag.NewAttributeErrorDiagnostic(base, "Cannot measure the images", endSentence(capitalize(text))),
		}
	}
	for _, image := range failed {
		problem := imageError(base.AtListIndex(image.Index), image.Err)
		if offer := offerStored(image.Stored, now); offer != "" {
			problem = diag.NewAttributeErrorDiagnostic(
				base.AtListIndex(image.Index), problem.Summary(), problem.Detail()+offer,
			)
		}
		diags.Append(problem) // what is alike is said once
	}
	return diags
}

// imageError describes why one image could not be measured.
func imageError(where path.Path, err error) diag.Diagnostic {
	if errors.Is(err, measure.ErrForeign) {
		return foreignLayer(where, err)
	}
	if up, ok := errors.AsType[*measure.TimeUpError](err); ok {
		return timeUpError(where, up)
	}
	if at, ok := errors.AsType[*failure.Error](err); ok {
		return readError(where, at, err)
	}
	if layer, ok := errors.AsType[*measure.LayerError](err); ok {
		if diagnostic := layerError(where, layer); diagnostic != nil {
			return diagnostic
		}
	}
	return diag.NewAttributeErrorDiagnostic(where, unreadable, endSentence(capitalize(err.Error())))
}

// layerError describes why a layer could not be read, nil where its fault is none of layerFaults.
func layerError(where path.Path, layer *measure.LayerError) diag.Diagnostic {
	for _, known := range layerFaults {
		if slices.ContainsFunc(known.faults, func(fault error) bool { return errors.Is(layer.Err, fault) }) {
			text := fmt.Sprintf(
				"%s: layer %s: %s\n\n%s",
				nameImage(layer.Image), layer.Digest, endSentence(layer.Err.Error()), known.advice,
			)
			return diag.NewAttributeErrorDiagnostic(where, known.summary, text)
		}
	}
	return nil
}

// RefutedTables warns of layers whose table of contents lists what they do not hold, once for each
// layer.
func RefutedTables(base path.Path, images []string, report *measure.Report) diag.Diagnostics {
	var warnings diag.Diagnostics
	listed := map[string]bool{}
	for _, image := range report.Images {
		for i, layer := range image.Layers {
			reason := image.Measurements[i].Refuted
			if reason == "" || listed[layer.Digest] {
				continue
			}
			listed[layer.Digest] = true
			where := imagePath(base, images, image.Reference)
			warnings.Append(refutedTable(where, image.Reference, layer.Digest, reason))
		}
	}
	return warnings
}

func refutedTable(where path.Path, image, layer, reason string) diag.Diagnostic {
	return diag.NewAttributeWarningDiagnostic(
		where, "Table of contents does not match its layer",
		fmt.Sprintf(
			"%s: layer %s: %s\n\nThe layer was measured without it. Lazy-pulling snapshotters trust such a table: "+
				"rebuild the image and push it again. measure = \"full\" counts the layer's files.",
			image, layer, endSentence(reason),
		),
	)
}

func imagePath(base path.Path, images []string, image string) path.Path {
	if i := slices.Index(images, image); i >= 0 {
		return base.AtListIndex(i)
	}
	return base
}

func readError(where path.Path, at *failure.Error, err error) diag.Diagnostic {
	if at.Kind == failure.InvalidPlatform {
		where = path.Root("platform")
	}
	return diag.NewAttributeErrorDiagnostic(where, summaryOf(at), formatFailedRead(at, err))
}

func formatFailedRead(at *failure.Error, err error) string {
	text := formatAttempt(at, err)
	if advice := adviceOn(at); advice != "" {
		text += "\n\n" + endSentence(capitalize(advice))
	}
	return text
}

// formatAttempt returns what was attempted, where, and what came of it.
func formatAttempt(at *failure.Error, err error) string {
	action := cmp.Or(at.Action, "reading the image")
	if layer, ok := errors.AsType[*measure.LayerError](err); ok && !strings.Contains(action, layer.Digest) {
		action += " " + layer.Digest
	}
	text := fmt.Sprintf("%s: %s", nameImage(at.Image), action)
	if at.Host != "" {
		text += " from " + at.Host
	}
	return text + ": " + endSentence(outcomeOf(at)) + listOthers(at.Others)
}

// listOthers returns what the other endpoints of a registry said, its mirrors or the registry
// itself.
func listOthers(others []*failure.Error) string {
	var list []string
	for _, e := range others {
		list = append(list, e.Host+": "+outcomeOf(e))
	}
	if len(list) == 0 {
		return ""
	}
	return " Also asked: " + endSentence(strings.Join(list, "; "))
}

// nameImage returns a reference as an error shows it, with the tag that is read where none is
// written.
func nameImage(reference string) string {
	if tag := registry.ImpliedTag(reference); tag != "" {
		return fmt.Sprintf("%s (no tag, so %s)", reference, tag)
	}
	return reference
}

// capitalize begins a sentence with an error's text, which may come from elsewhere.
func capitalize(text string) string {
	first, size := utf8.DecodeRuneInString(text)
	if first == utf8.RuneError {
		return text // empty, or no letter
	}
	return string(unicode.ToUpper(first)) + text[size:]
}

// DiskError describes a need that no disk meets.
func DiskError(err error) diag.Diagnostic {
	if _, ok := errors.AsType[*disksize.TooLargeError](err); ok {
		return diag.NewAttributeErrorDiagnostic(
			path.Root("images"), "No disk is large enough", endSentence(err.Error()),
		)
	}
	return diag.NewErrorDiagnostic("Cannot compute a disk size", endSentence(err.Error()))
}
