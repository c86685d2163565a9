package tfdiag

import (
	"fmt"

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
