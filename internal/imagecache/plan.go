package imagecache

import (
	"context"
	"slices"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-framework/types/basetypes"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/annotations"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/clients"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/disksize"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/tfdiag"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/tke"
)

var asObject = basetypes.ObjectAsOptions{UnhandledNullAsEmpty: true, UnhandledUnknownAsEmpty: true}

// ModifyPlan fills in values known at plan time and marks the attributes whose change forces
// replacement.
func (r *Resource) ModifyPlan(ctx context.Context, req resource.ModifyPlanRequest, resp *resource.ModifyPlanResponse) {
	if req.Plan.Raw.IsNull() {
		return // a deletion has no planned values
	}
	var plan, config model
	resp.Diagnostics.Append(req.Plan.Get(ctx, &plan)...)
	resp.Diagnostics.Append(req.Config.Get(ctx, &config)...)
	var state *model
	if !req.State.Raw.IsNull() {
		state = new(model)
		resp.Diagnostics.Append(req.State.Get(ctx, state)...)
	} else {
		resp.Diagnostics.Append(plan.checkSubnet()...)
	}
	if _, err := r.clients.TKE(); err != nil && !r.clients.Deferred() {
		// Otherwise apply would fail with the same error later.
		resp.Diagnostics.Append(tfdiag.CloudError("plan an image cache", err, r.clients))
	}
	if resp.Diagnostics.HasError() {
		return
	}
	r.clients.Secrets.AddPublic(plan.publicTexts()...)
	if resp.Diagnostics.Append(plan.checkTags(&r.clients.Tags)...); resp.Diagnostics.HasError() {
		return
	}
	if state == nil {
		plan.planCreate(&config, &r.clients.Tags)
		resp.Diagnostics.Append(r.checkDropped(ctx)...)
	} else {
		plan.planUpdate(ctx, &config, state, &r.clients.Tags)
		resp.RequiresReplace.Append(replacementPaths(state, &plan)...)
	}
	resp.Diagnostics.Append(resp.Plan.Set(ctx, &plan)...)
	if state != nil {
		resp.Diagnostics.Append(r.checkKnownCache(&plan, state, len(resp.RequiresReplace) > 0)...)
	}
	if state == nil || len(resp.RequiresReplace) > 0 {
		resp.Diagnostics.Append(r.checkNamesakes(ctx, config.Name)...)
	}
	if images := floatingTags(&plan); len(images) > 0 {
		resp.Diagnostics.Append(tfdiag.MovingTags(images))
	}
	if state != nil && isBuilderUnknown(ctx, req.State) && recordsBuilder(state, &plan) {
		resp.Diagnostics.Append(tfdiag.RecordedAfterImport(state.ID.ValueString()))
	}
}

// checkKnownCache returns what a plan says of a cache in the state besides its values.
func (r *Resource) checkKnownCache(plan, state *model, isReplaced bool) (diags diag.Diagnostics) {
	id, status := state.ID.ValueString(), state.Status.ValueString()
	if r.clients.Seen.AddPlanned(id) {
		diags.Append(tfdiag.DuplicateAddress(id))
	}
	switch {
	case isBuilding(state.Status):
		diags.Append(tfdiag.WaitsForBuild(id, status))
	case plan.Status.IsUnknown() && status == tke.StatusReady && !isReplaced:
		diags.Append(tfdiag.UnusableMeanwhile(id))
	}
	return diags
}

// planCreate fills in what is known of a new cache at plan time.
func (m *model) planCreate(config *model, rules *clients.TagRules) {
	if config.SizeGiB.IsNull() {
		m.SizeGiB = types.Int64Value(disksize.MinGiB)
	}
	m.planTags(rules)
	m.Status = types.StringUnknown() // Ready, or Pending after an interrupt
	m.Type = types.StringUnknown()
	// Only the id is yet to come, so what a configuration merges with these stays visible in the
	// plan.
	m.PodAnnotations = types.MapValueMust(
		types.StringType, map[string]attr.Value{annotations.UseImageCache: types.StringUnknown()},
	)
	if m.RetentionDays.Equal(types.Int64Value(0)) {
		m.ExpiresAt = types.StringNull()
	}
}

// planUpdate keeps the values of an existing cache that an update does not change. Only values that
// the service pulls or computes again are unknown.
func (m *model) planUpdate(ctx context.Context, config, state *model, rules *clients.TagRules) {
	if config.SizeGiB.IsNull() {
		m.SizeGiB = state.SizeGiB
	}
	m.planTags(rules)
	m.PodAnnotations = toMap(annotations.PinTo(state.ID.ValueString()))
	request, _ := m.toUpdateRequest(ctx, state, config) // apply reports what is wrong with it
	pulls := pullsImages(request)
	m.SnapshotID = state.SnapshotID
	m.ExpiresAt = state.ExpiresAt
	if pulls {
		m.SnapshotID = types.StringUnknown()
	}
	if pulls || !m.RetentionDays.Equal(state.RetentionDays) {
		m.ExpiresAt = types.StringUnknown()
	}
	if m.RetentionDays.Equal(types.Int64Value(0)) {
		m.ExpiresAt = types.StringNull()
	}
	m.planStatus(request, state)
}

// planStatus plans what an apply makes of the status: Ready, or one of a build when the wait for it
// is interrupted. An unknown status is a change, so the next apply mends what failed, and waits for
// what is being built.
func (m *model) planStatus(request tke.UpdateRequest, state *model) {
	m.Status = types.StringUnknown()
	switch status := state.Status.ValueString(); {
	case isBuilding(state.Status):
		m.planWait()
	case status != tke.StatusFailed && status != tke.StatusUpdateFailed && !makesUnusable(request):
		m.Status = state.Status
	}
}

// makesUnusable reports whether Pods cannot use a cache for as long as the service takes for a
// request. Settings alone take it moments.
func makesUnusable(request tke.UpdateRequest) bool {
	return pullsImages(request) || request.Credentials != nil
}

// pullsImages reports whether the service pulls for a request, and makes a new snapshot.
func pullsImages(request tke.UpdateRequest) bool {
	return request.Images != nil || request.SizeGiB != nil
}

// replacementPaths returns the attributes whose change needs a new cache, beyond those that the
// schema marks.
func replacementPaths(state, plan *model) path.Paths {
	var paths path.Paths
	if state.Status.ValueString() == tke.StatusFailed {
		paths.Append(path.Root("status"))
	}
	if isShrinking(state, plan) {
		paths.Append(path.Root("size_gib"))
	}
	if plan.Rebuild.ValueString() == rebuildReplace {
		for _, image := range movedImages(state, plan) {
			paths.Append(path.Root("image_digests").AtMapKey(image))
		}
	}
	return paths
}

func isShrinking(state, plan *model) bool {
	return !plan.SizeGiB.IsUnknown() && !state.SizeGiB.IsNull() &&
		plan.SizeGiB.ValueInt64() < state.SizeGiB.ValueInt64()
}

// needsRebuild reports whether the same images must be pulled again into the same cache.
func needsRebuild(state, plan *model) bool {
	return len(movedImages(state, plan)) > 0 || state.Status.ValueString() == tke.StatusUpdateFailed
}

// movedImages returns the images whose digest was known and has changed. A digest that is new to
// the state says nothing about the content of the cache, and one of another image does not concern
// it.
func movedImages(state, plan *model) []string {
	before, after := toStringMap(state.ImageDigests), toStringMap(plan.ImageDigests)
	return slices.DeleteFunc(toStrings(plan.Images), func(image string) bool {
		was, is := before[image], after[image]
		return was == "" || is == "" || was == is || !slices.Contains(toStrings(state.Images), image)
	})
}

// floatingTags returns the images with a tag that is expected to move and without a digest in
// image_digests.
func floatingTags(plan *model) []string {
	watched := plan.ImageDigests.Elements()
	return slices.DeleteFunc(toStrings(plan.Images), func(image string) bool {
		_, isWatched := watched[image]
		return isWatched || plan.ImageDigests.IsUnknown() || !isLatest(image)
	})
}

func isLatest(image string) bool {
	if strings.Contains(image, "@") {
		return false
	}
	name := image[strings.LastIndex(image, "/")+1:] // a colon before the last slash belongs to a port
	_, tag, tagged := strings.Cut(name, ":")
	return !tagged || tag == "latest"
}
