package imagecache

import (
	"context"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-log/tflog"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/tfdiag"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/tke"
)

// measureTimeout bounds the measurement of images that did not fit.
const measureTimeout = 2 * time.Minute

// takeUpdateSlot waits until an update may make the cache unusable, before its timeout begins.
func (r *Resource) takeUpdateSlot(
	ctx context.Context, request tke.UpdateRequest, state *model,
) (release func(), err error) {
	if !makesUnusable(request) && state.Status.ValueString() != tke.StatusUpdating {
		return func() {}, nil
	}
	return r.clients.Updates.Take(ctx)
}

// sendUpdate sends a request, if it asks for anything, and returns the cache as it is afterwards. A
// build that is under way is waited for first: the service takes no update of such a cache.
func (r *Resource) sendUpdate(
	ctx context.Context, request tke.UpdateRequest, state *model,
) (cache *tke.ImageCache, err error) {
	cloud, err := r.clients.TKE()
	if err != nil {
		return nil, err
	}
	if isBuilding(state.Status) {
		if cache, err = cloud.WaitResumed(ctx, request.ID); err != nil || isEmptyUpdate(request) {
			return cache, err
		}
	}
	if isEmptyUpdate(request) {
		return getExisting(ctx, cloud, state)
	}
	if request.Tags != nil && r.clients.Tags.IgnoresAny() {
		if cache, err = getExisting(ctx, cloud, state); err != nil {
			return nil, err
		}
		keepIgnoredTags(&request, cache, &r.clients.Tags)
	}
	if err := cloud.Update(ctx, request); err != nil {
		return nil, err
	}
	return cloud.WaitUpdated(ctx, request.ID, func(cache *tke.ImageCache) bool { return showsUpdate(cache, request) })
}

// getExisting returns the cache of a state, and an error when it is gone.
func getExisting(ctx context.Context, cloud *tke.Client, state *model) (*tke.ImageCache, error) {
	id := state.ID.ValueString()
	cache, err := cloud.Get(ctx, id, tke.ConfirmAbsence(state.Name.ValueString()))
	if err == nil && cache == nil {
		err = &tke.GoneError{ID: id}
	}
	return cache, err
}

// buildDiagnostic describes a failed build, and measures which size suffices if the disk was too
// small.
func (r *Resource) buildDiagnostic(ctx context.Context, attempt string, err error, plan *model) diag.Diagnostic {
	failure := tfdiag.CloudError(attempt, err, r.clients)
	if !tfdiag.IsNoSpace(err) {
		return failure
	}
	ctx, cancel := context.WithTimeout(ctx, measureTimeout)
	defer cancel()
	need, err := r.clients.Measurer.SizeGiB(ctx, toStrings(plan.Images))
	if err != nil { // the registry may be out of reach from here, and the failure is what it is
		tflog.Debug(ctx, "the images could not be measured", map[string]any{"error": err.Error()})
		return failure
	}
	return tfdiag.WithMeasuredSize(failure, plan.SizeGiB.ValueInt64(), need)
}
