package imagecache

import (
	"context"
	"slices"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-log/tflog"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/tfdiag"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/tke"
)

const (
	// namesakeTimeout bounds the search for caches of the planned name, which must not delay a
	// plan.
	namesakeTimeout = 5 * time.Second
	// stateTimeout bounds the wait for the rest of the state to be read, or for a create that is
	// under way to return. Only a plan that meets a cache of the planned name waits.
	stateTimeout = 15 * time.Second
	// quietTime without another cache being read is taken for the end of the state.
	quietTime = 2 * time.Second
)

// checkNamesakes warns if a cache with the planned name exists that neither the state nor this plan
// knows: a run that was killed between the create call and the writing of the state leaves such a
// cache behind, and only its name identifies it.
func (r *Resource) checkNamesakes(ctx context.Context, configured types.String) diag.Diagnostics {
	if configured.IsNull() || configured.IsUnknown() {
		return nil // a name that is generated later has no namesake
	}
	name := configured.ValueString()
	cloud, err := r.clients.TKE()
	if err != nil {
		return nil // has been said, or the cloud can be asked during apply alone
	}
	listCtx, cancel := context.WithTimeout(ctx, namesakeTimeout)
	defer cancel()
	found, err := cloud.List(listCtx, tke.Filter{Names: []string{name}})
	if err != nil { // creating will say what is wrong, if it still is
		tflog.Debug(ctx, "could not look for image caches of the same name", map[string]any{"error": err.Error()})
		return nil
	}
	for _, cache := range found {
		if r.clients.Seen.WasDropped(cache.ID) {
			return diag.Diagnostics{tfdiag.ReappearedCache(&cache)}
		}
	}
	if unknown := r.selectUnknown(ctx, name, found); len(unknown) > 0 {
		return diag.Diagnostics{tfdiag.SameNameCaches(name, unknown)}
	}
	return nil
}

// selectUnknown returns the caches that neither this process nor the plan that it applies knows. A
// CLI plans once more while it applies, in a new process which reads no state: there, a cache that
// is being replaced under create_before_destroy looks like one that was left behind.
func (r *Resource) selectUnknown(ctx context.Context, name string, found []tke.ImageCache) []tke.ImageCache {
	planned := r.clients.Planned.Known(r.clients.Region, name)
	var ids []string
	for _, cache := range found {
		if !slices.Contains(planned, cache.ID) {
			ids = append(ids, cache.ID)
		}
	}
	ctx, cancel := context.WithTimeout(ctx, stateTimeout)
	defer cancel()
	unseen := r.clients.Seen.WaitSeen(ctx, ids, quietTime)
	var known []string
	unknown := slices.DeleteFunc(found, func(cache tke.ImageCache) bool {
		if slices.Contains(unseen, cache.ID) {
			return false
		}
		known = append(known, cache.ID)
		return true
	})
	if len(known) > 0 {
		r.clients.Planned.Put(r.clients.Region, name, known)
	}
	return unknown
}
