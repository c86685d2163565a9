package tfdiag

import (
	"fmt"
	"strings"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/tke"
)

// UnverifiedRegistry warns of a registry whose certificate is not checked.
func UnverifiedRegistry(host string) diag.Diagnostic {
	return diag.NewAttributeWarningDiagnostic(
		path.Root("registries").AtMapKey(host).AtName("insecure_skip_verify"),
		"Registry is not verified",
		fmt.Sprintf("TLS verification is off for %s: its credentials can be intercepted and sizes forged. "+
			"If it has a private CA, set ca_certificate instead.", host),
	)
}

// UnverifiedEndpoint warns of a host whose certificate is not checked, by its hosts.toml.
func UnverifiedEndpoint(host string) diag.Diagnostic {
	return diag.NewAttributeWarningDiagnostic(
		path.Root("registry_hosts_dir"),
		"Registry is not verified",
		fmt.Sprintf("TLS verification is off for %s, by skip_verify in a hosts.toml: its credentials can be "+
			"intercepted and sizes forged. If it has a private CA, set ca there instead.", host),
	)
}

// HostsDirFault describes what is wrong with a directory of hosts.toml files.
func HostsDirFault(err error) diag.Diagnostic {
	return diag.NewAttributeErrorDiagnostic(
		path.Root("registry_hosts_dir"), "Registry hosts directory cannot be used", endSentence(err.Error()),
	)
}

// MeasurementsNotKept warns of a directory that measurements cannot be written to.
func MeasurementsNotKept(dir string, err error) diag.Diagnostic {
	return diag.NewWarningDiagnostic("Measurements are not kept", fmt.Sprintf(
		"Nothing can be kept in %s: %s Every run reads the registries again, and stale_if_error has nothing to "+
			"return to. Set the provider's measurement_cache_dir, or TKEIMAGE_MEASUREMENT_CACHE_DIR, to a "+
			"directory that this user alone can write to; \"\" keeps nothing, without this warning.",
		dir, endSentence(err.Error()),
	))
}

// LongTermToken warns of a token that stays when the run is over.
func LongTermToken(registry, id string) diag.Diagnostic {
	return diag.NewWarningDiagnostic("A long-term token was created", fmt.Sprintf(
		"Registry %s has a new long-term token, %s, which stays valid for years unless it is deleted. Each "+
			"plan and each apply creates another one: set delete_on_close = true, which deletes it when the run ends, "+
			"or token_type = \"temp\", which creates tokens of one hour.",
		registry, id,
	))
}

// TemporaryTokenNotDeleted is a token that is to be deleted and has no id to delete it by.
func TemporaryTokenNotDeleted(at path.Path) diag.Diagnostic {
	return diag.NewAttributeErrorDiagnostic(
		at,
		"A temporary token cannot be deleted",
		"The API deletes long-term tokens alone; a temporary one expires after an hour. Leave delete_on_close out, or "+
			"set token_type = \"longterm\".",
	)
}

// MovingTags warns of images whose tag is expected to move and whose digest is not in
// image_digests.
func MovingTags(images []string) diag.Diagnostic {
	return diag.NewAttributeWarningDiagnostic(
		path.Root("images"),
		"A moving tag will leave this cache stale",
		fmt.Sprintf(
			"Pods match a cache by name and tag, not by content: when %s moves, they continue to start from the "+
				"old image. "+
				"Set image_digests (data.tkeimage_root_disk_size returns them), so that a moved tag rebuilds "+
				"the cache, or use a tag that does not move.",
			strings.Join(images, ", "),
		),
	)
}

// RecordedAfterImport warns that a plan copies into the state what the API does not return of an
// imported cache.
func RecordedAfterImport(id string) diag.Diagnostic {
	return diag.NewWarningDiagnostic("Imported: recorded from the configuration", fmt.Sprintf(
		"The API does not return where image cache %s was built (VPC, subnet, security groups, elastic IP, "+
			"registry lists, DNS). "+
			"The plan copies these values from the configuration into the state; the cache is not replaced because "+
			"of them. Whether they are where it was built cannot be checked.",
		id,
	))
}

// MaybeNotRebuilt warns of a cache that has the same snapshot after an update with the same images.
func MaybeNotRebuilt(cache *tke.ImageCache) diag.Diagnostic {
	return diag.NewWarningDiagnostic("The cache may not have been rebuilt", fmt.Sprintf(
		"Image cache %s was asked to pull the same images again and still has snapshot %s: the service may have "+
			"kept the old images. Set rebuild = \"replace\" to be certain.",
		cache.ID, cache.SnapshotID,
	))
}

func summarizeBuild(id, status string) string {
	if status == tke.StatusUpdating {
		return "Image cache " + id + " is still being updated"
	}
	return "Image cache " + id + " is still being built"
}

// InterruptedBuild warns of a cache that the service works on when a run is interrupted.
func InterruptedBuild(id, status string) diag.Diagnostic {
	return diag.NewWarningDiagnostic(summarizeBuild(id, status), fmt.Sprintf(
		"The run was interrupted, and the service continues its work. Image cache %s is in the state as %s, and it is "+
			"not tainted. Apply again to continue: that waits until the cache is Ready and creates no other cache.",
		id, status,
	))
}

// UpdateNotBegun describes an update that waited for others until the run was interrupted.
func UpdateNotBegun(id string) diag.Diagnostic {
	return diag.NewErrorDiagnostic("Image cache "+id+" was not updated", "The run was interrupted while this update "+
		"waited for others, as max_parallel_updates has it. Nothing was sent, and the cache is as it was. Apply again.")
}

// UnusableMeanwhile warns of a planned update during which Pods cannot use a cache.
func UnusableMeanwhile(id string) diag.Diagnostic {
	return diag.NewWarningDiagnostic("Pods cannot use image cache "+id+" while it is updated", "The planned update "+
		"pulls images or sends credentials, and the cache is Updating until it ends. Pods that start meanwhile pull their "+
		"images. To keep a cache usable, replace it under create_before_destroy instead, with -replace or "+
		"replace_triggered_by: if this plan does so, nothing is updated. max_parallel_updates of the provider bounds "+
		"how many caches are updated at once.")
}

// WaitsForBuild warns of a cache that the service works on when a change is planned.
func WaitsForBuild(id, status string) diag.Diagnostic {
	return diag.NewWarningDiagnostic(summarizeBuild(id, status), fmt.Sprintf(
		"Image cache %s is %s, and Pods cannot use it yet. Unless this plan replaces the cache, apply waits until it "+
			"is Ready and creates no other cache.",
		id, status,
	))
}

// ExpiresSoon warns of a cache that the service will delete within days.
func ExpiresSoon(cache *tke.ImageCache, at time.Time) diag.Diagnostic {
	return diag.NewWarningDiagnostic("Image cache expires soon", fmt.Sprintf(
		"Image cache %s (%s) expires at %s. Raise retention_days to keep it; after that, Pods that use it pull "+
			"their images.",
		cache.ID, cache.Name, at.Format(time.RFC3339),
	))
}

// Gone warns of a cache that has left the state before its retention ended.
func Gone(id, name string) diag.Diagnostic {
	return diag.NewWarningDiagnostic("Image cache is gone", fmt.Sprintf(
		"Image cache %s (%s) is in the state, and several reads have not found it: it was deleted outside Terraform. "+
			"It leaves the state. Unless it is being destroyed, the plan creates a new one.",
		id, name,
	))
}

// Expired warns of a cache that has left the state because its retention has ended.
func Expired(id, name string, retentionDays int64, at time.Time) diag.Diagnostic {
	return diag.NewWarningDiagnostic("Image cache has expired", fmt.Sprintf(
		"Image cache %s (%s) was created with retention_days = %d and expired at %s; the service has deleted it, "+
			"and the plan creates a new one. Raise retention_days, or set it to 0, to keep it longer.",
		id, name, retentionDays, at.Format(time.RFC3339)))
}
