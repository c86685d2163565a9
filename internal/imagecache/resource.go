package imagecache

import (
	"context"
	"fmt"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-log/tflog"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/clients"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/deferral"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/tfdiag"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/tke"
)

const (
	createTimeout = 60 * time.Minute
	updateTimeout = 60 * time.Minute
	deleteTimeout = 10 * time.Minute
)

// Resource is tkeimage_cache.
type Resource struct{ clients *clients.Clients }

var (
	_ resource.ResourceWithConfigure   = (*Resource)(nil)
	_ resource.ResourceWithModifyPlan  = (*Resource)(nil)
	_ resource.ResourceWithImportState = (*Resource)(nil)
	_ resource.ResourceWithIdentity    = (*Resource)(nil)
	_ resource.ResourceWithMoveState   = (*Resource)(nil)
)

// NewResource makes the resource; the framework configures it.
func NewResource() resource.Resource { return &Resource{} }

func (r *Resource) Metadata(_ context.Context, req resource.MetadataRequest, resp *resource.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_cache"
}

func (r *Resource) Configure(_ context.Context, req resource.ConfigureRequest, _ *resource.ConfigureResponse) {
	r.clients, _ = req.ProviderData.(*clients.Clients)
}

// Create creates the cache and waits until Pods can use it. The id is in the state before anything
// can fail after the call.
func (r *Resource) Create(ctx context.Context, req resource.CreateRequest, resp *resource.CreateResponse) {
	var plan, config model
	resp.Diagnostics.Append(req.Plan.Get(ctx, &plan)...)
	resp.Diagnostics.Append(req.Config.Get(ctx, &config)...)
	timeout, diags := plan.Timeouts.Create(ctx, createTimeout)
	resp.Diagnostics.Append(diags...)
	if resp.Diagnostics.HasError() {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	nameIsGenerated := plan.generateName()
	request, diags := plan.toCreateRequest(ctx, &config)
	request.NameIsGenerated = nameIsGenerated
	if resp.Diagnostics.Append(diags...); resp.Diagnostics.HasError() {
		return
	}
	attempt := fmt.Sprintf("create image cache %q", plan.Name.ValueString())

	cloud, err := r.clients.TKE()
	if err != nil {
		resp.Diagnostics.Append(tfdiag.CloudError(attempt, err, r.clients))
		return
	}
	id, err := cloud.Create(ctx, request)
	if err != nil {
		id, err = r.adoptCreated(request, err)
	}
	if err != nil {
		resp.Diagnostics.Append(tfdiag.CloudError(attempt, err, r.clients))
		return
	}
	tflog.Info(ctx, "image cache created, waiting until it is ready", map[string]any{"id": id})
	r.clients.Seen.Add(id)
	begun := plan.asBuilding(id)
	resp.Diagnostics.Append(r.saveState(ctx, &resp.State, resp.Identity, resp.Private, begun)...)

	cache, err := cloud.WaitReady(ctx, id)
	if wait := interruptedWait(ctx, err); wait != nil {
		plan.setBuilding(id, tke.StatusPending, wait.Last)
		resp.Diagnostics.Append(tfdiag.InterruptedBuild(id, tke.StatusPending))
		resp.Diagnostics.Append(r.saveState(ctx, &resp.State, resp.Identity, resp.Private, &plan)...)
		return // without an error, so the cache is not tainted
	}
	if err != nil {
		resp.Diagnostics.Append(r.buildDiagnostic(ctx, "build image cache "+id, err, &plan))
		return // with the id in the state, Terraform marks the cache tainted
	}
	plan.setComputedFromAPI(cache)
	resp.Diagnostics.Append(r.saveState(ctx, &resp.State, resp.Identity, resp.Private, &plan)...)
}

// Read refreshes the state from the API. A cache that several reads have not found leaves the
// state.
func (r *Resource) Read(ctx context.Context, req resource.ReadRequest, resp *resource.ReadResponse) {
	var state model
	resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
	if resp.Diagnostics.HasError() {
		return
	}
	if deferral.IsDue(req.ClientCapabilities.DeferralAllowed, r.clients) {
		resp.Deferred = deferral.Resource()
		resp.Diagnostics.Append(r.setIdentity(ctx, resp.Identity, state.ID.ValueString())...)
		return
	}
	if r.clients.Seen.AddRead(state.ID.ValueString()) {
		resp.Diagnostics.Append(tfdiag.DuplicateAddress(state.ID.ValueString()))
	}
	r.clients.Secrets.AddPublic(state.publicTexts()...)
	resp.Diagnostics.Append(r.checkRegion(ctx, state.ID.ValueString(), req.Identity, req.Private)...)
	if resp.Diagnostics.HasError() {
		return
	}
	cache, err := r.getForRefresh(ctx, &state)
	if err != nil {
		resp.Diagnostics.Append(tfdiag.CloudError("read image cache "+state.ID.ValueString(), err, r.clients))
		return
	}
	if cache == nil && readRegion(ctx, req.Identity, req.Private) == "" {
		resp.Diagnostics.Append(tfdiag.MovedCacheNotFound(state.ID.ValueString(), r.clients.Region))
		return
	}
	if cache == nil {
		r.clients.Seen.Drop(state.ID.ValueString())
		resp.Diagnostics.Append(r.goneWarning(ctx, &state)...)
		resp.Diagnostics.Append(r.setIdentity(ctx, resp.Identity, state.ID.ValueString())...)
		resp.State.RemoveResource(ctx)
		return
	}
	if state.Images.IsNull() { // the first read after an import, which knows the id alone
		state.importFromAPI(cache, &r.clients.Tags)
	} else {
		state.refreshFromAPI(cache)
		state.refreshTagsFromAPI(cache, &r.clients.Tags)
	}
	resp.Diagnostics.Append(expiryWarning(cache)...)
	resp.Diagnostics.Append(r.saveState(ctx, &resp.State, resp.Identity, resp.Private, &state)...)
}

// Update changes in place what the service can change, and waits until Pods can use the cache
// again.
func (r *Resource) Update(ctx context.Context, req resource.UpdateRequest, resp *resource.UpdateResponse) {
	var plan, state, config model
	resp.Diagnostics.Append(req.Plan.Get(ctx, &plan)...)
	resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
	resp.Diagnostics.Append(req.Config.Get(ctx, &config)...)
	timeout, diags := plan.updateTimeout(ctx, &state)
	resp.Diagnostics.Append(diags...)
	resp.Diagnostics.Append(r.checkRegion(ctx, state.ID.ValueString(), req.Identity, req.Private)...)
	request, diags := plan.toUpdateRequest(ctx, &state, &config)
	if resp.Diagnostics.Append(diags...); resp.Diagnostics.HasError() {
		return
	}
	release, err := r.takeUpdateSlot(ctx, request, &state)
	if err != nil {
		resp.Diagnostics.Append(tfdiag.UpdateNotBegun(state.ID.ValueString()))
		return
	}
	defer release()
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()

	cache, err := r.sendUpdate(ctx, request, &state)
	if wait := plan.interruptedUpdate(ctx, err, request); wait != nil {
		plan.setBuilding(wait.ID, state.buildStatus(wait), wait.Last)
		resp.Diagnostics.Append(tfdiag.InterruptedBuild(wait.ID, plan.Status.ValueString()))
		resp.Diagnostics.Append(r.saveState(ctx, &resp.State, resp.Identity, resp.Private, &plan)...)
		return
	}
	if err != nil {
		resp.Diagnostics.Append(r.buildDiagnostic(ctx, "update image cache "+state.ID.ValueString(), err, &plan))
		if cache == nil {
			return // the state keeps what was before
		}
		state.refreshFromAPI(cache)
		state.refreshTagsFromAPI(cache, &r.clients.Tags)
		resp.Diagnostics.Append(r.saveState(ctx, &resp.State, resp.Identity, resp.Private, &state)...)
		return
	}
	if cache.SnapshotID == state.SnapshotID.ValueString() && len(movedImages(&state, &plan)) > 0 {
		resp.Diagnostics.Append(tfdiag.MaybeNotRebuilt(cache))
	}
	plan.setComputedFromAPI(cache)
	resp.Diagnostics.Append(r.saveState(ctx, &resp.State, resp.Identity, resp.Private, &plan)...)
}

// Delete deletes the cache and its snapshot, and waits until the service lists it no more.
func (r *Resource) Delete(ctx context.Context, req resource.DeleteRequest, resp *resource.DeleteResponse) {
	var state model
	resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
	timeout, diags := state.Timeouts.Delete(ctx, deleteTimeout)
	resp.Diagnostics.Append(diags...)
	resp.Diagnostics.Append(r.checkRegion(ctx, state.ID.ValueString(), req.Identity, req.Private)...)
	if resp.Diagnostics.HasError() {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	id := state.ID.ValueString()

	cloud, err := r.clients.TKE()
	if err == nil {
		err = cloud.Delete(ctx, id, state.Name.ValueString())
	}
	if err == nil {
		err = cloud.WaitDeleted(ctx, id)
	}
	if err != nil {
		resp.Diagnostics.Append(tfdiag.CloudError("delete image cache "+id, err, r.clients))
	}
}

func (r *Resource) getCache(ctx context.Context, id string) (*tke.ImageCache, error) {
	cloud, err := r.clients.TKE()
	if err != nil {
		return nil, err
	}
	return cloud.Get(ctx, id)
}

func (r *Resource) getForRefresh(ctx context.Context, state *model) (*tke.ImageCache, error) {
	cloud, err := r.clients.TKE()
	if err != nil {
		return nil, err
	}
	return cloud.Get(ctx, state.ID.ValueString(), tke.ConfirmAbsence(state.Name.ValueString()), tke.FromListing())
}
