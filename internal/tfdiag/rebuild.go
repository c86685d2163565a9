package tfdiag

import (
	"fmt"
	"strings"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/tke"
)

// RebuildNotFound says that there is no cache to rebuild.
func RebuildNotFound(id, region string) diag.Diagnostic {
	return diag.NewAttributeErrorDiagnostic(path.Root("id"), "Cannot rebuild image cache "+id, fmt.Sprintf(
		"There is no image cache %q in %s, the provider's region.", id, region,
	))
}

// RebuildNotReady says that a cache cannot be updated in its status.
func RebuildNotReady(id, status string) diag.Diagnostic {
	advice := "Another run is at work on it. Invoke the action again when it is Ready."
	if status == tke.StatusFailed {
		advice = "Its first build failed, so there is nothing to rebuild: apply its resource, which replaces it."
	}
	return diag.NewAttributeErrorDiagnostic(path.Root("id"), "Cannot rebuild image cache "+id, fmt.Sprintf(
		"It is %s, and the service updates a cache that is Ready or UpdateFailed. %s", status, advice,
	))
}

// SameSnapshot says that a rebuild made no new snapshot.
func SameSnapshot(id, snapshot string) diag.Diagnostic {
	return diag.NewErrorDiagnostic("Image cache "+id+" was not rebuilt", fmt.Sprintf(
		"It was asked to pull its images again and still has snapshot %s: Pods start from the old images. The API "+
			"does not document that the same images are pulled again. Set image_digests and rebuild = \"replace\" on "+
			"its resource instead, which builds a new cache when a tag has moved.",
		snapshot,
	))
}

// The progress of a rebuild, which the CLI prints as lines.

// RebuildRequested says that a rebuild begins.
func RebuildRequested(id string, images []string) string {
	return fmt.Sprintf("Image cache %s is asked to pull %s again.", id, strings.Join(images, ", "))
}

// RebuildEvent repeats an event of the build.
func RebuildEvent(id string, event tke.Event) string {
	return fmt.Sprintf("Image cache %s: %s: %s", id, event.Reason, event.Message)
}

// RebuildStatus returns which status a cache has after some time.
func RebuildStatus(cache *tke.ImageCache, after time.Duration) string {
	return fmt.Sprintf("Image cache %s is %s after %s.", cache.ID, cache.Status, after)
}

// RebuildDone says that a rebuild made a new snapshot.
func RebuildDone(cache *tke.ImageCache, after time.Duration) string {
	return fmt.Sprintf("Image cache %s was rebuilt in %s; its snapshot is now %s.", cache.ID, after, cache.SnapshotID)
}
