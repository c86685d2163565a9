package imagecache

import (
	"context"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-log/tflog"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/tfdiag"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/tke"
)

// namesakeTimeout bounds the search for caches of the planned name, which must not delay a plan.
const namesakeTimeout = 5 * time.Second

// checkNamesakes warns if a cache with the planned name exists that no state of this run contains:
// a run that was killed between the create call and the writing of the state leaves such a cache
// behind, and only its name identifies it.
func (r *Resource) checkNamesakes(ctx context.Context, plan *model) diag.Diagnostics {
	if plan.Name.IsUnknown() || r.clients.Deferred() {
		return nil // a name that is generated later has no namesake
	}
	cloud, err := r.clients.TKE()
	if err != nil {
		return nil // has been said
	}
	ctx, cancel := context.WithTimeout(ctx, namesakeTimeout)
	defer cancel()
	found, err := cloud.List(ctx, tke.Filter{Names: []string{plan.Name.ValueString()}})
	if err != nil { // creating will say what is wrong, if it still is
		tflog.Debug(ctx, "could not look for image caches of the same name", map[string]any{"error": err.Error()})
		return nil
	}
	var unknown []tke.ImageCache
	for _, cache := range found {
		if r.clients.Seen.WasDropped(cache.ID) {
			return diag.Diagnostics{tfdiag.ReappearedCache(&cache)}
		}
		if !r.clients.Seen.Has(cache.ID) {
			unknown = append(unknown, cache)
		}
	}
	if len(unknown) == 0 {
		return nil
	}
	return diag.Diagnostics{tfdiag.SameNameCaches(plan.Name.ValueString(), unknown)}
}
