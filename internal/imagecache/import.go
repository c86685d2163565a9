package imagecache

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/deferral"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/tfdiag"
)

// ImportState imports a cache by id, or by identity if the CLI supports it.
func (r *Resource) ImportState(
	ctx context.Context, req resource.ImportStateRequest, resp *resource.ImportStateResponse,
) {
	id, diags := r.importID(ctx, req)
	if resp.Diagnostics.Append(diags...); resp.Diagnostics.HasError() {
		return
	}
	if deferral.IsDue(req.ClientCapabilities.DeferralAllowed, r.clients) {
		resp.Deferred = deferral.Resource()
		resp.Diagnostics.Append(resp.State.SetAttribute(ctx, path.Root("id"), id)...) // or the framework refuses it
		return
	}
	cache, err := r.getCache(ctx, id)
	if err == nil && cache == nil {
		resp.Diagnostics.Append(tfdiag.ImportNotFound(id, r.clients.Region))
		return
	}
	if err != nil {
		resp.Diagnostics.Append(tfdiag.CloudError("import image cache "+id, err, r.clients))
		return
	}
	resp.Diagnostics.Append(resp.State.SetAttribute(ctx, path.Root("id"), id)...)
	resp.Diagnostics.Append(resp.State.SetAttribute(ctx, path.Root("rebuild"), rebuildReplace)...)
	if resp.Identity != nil { // an import by identity may have left the region out
		resp.Diagnostics.Append(resp.Identity.Set(ctx, newIdentity(id, r.clients.Region))...)
	}
}

// importID returns the id to import, and an error if there is none or if it is one of another
// region. It makes no request.
func (r *Resource) importID(ctx context.Context, req resource.ImportStateRequest) (string, diag.Diagnostics) {
	var identity identityModel
	var diags diag.Diagnostics
	if req.ID == "" && req.Identity != nil {
		diags.Append(req.Identity.Get(ctx, &identity)...)
	}
	id := req.ID
	if id == "" {
		id = identity.ID.ValueString()
	}
	region := identity.Region.ValueString()
	switch {
	case diags.HasError():
	case id == "":
		diags.Append(tfdiag.ImportNeedsID())
	case region != "" && region != r.clients.Region && !r.clients.Deferred():
		diags.Append(tfdiag.ImportFromOtherRegion(region, r.clients.Region))
	}
	return id, diags
}
