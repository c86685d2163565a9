package imagecache

import (
	"context"
	"regexp"
	"time"

	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/action"
	"github.com/hashicorp/terraform-plugin-framework/action/schema"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/clients"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/tfdiag"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/tke"
)

// RebuildAction is the action tkeimage_cache_rebuild (Terraform 1.14 and later): the same images,
// pulled again into the same cache.
type RebuildAction struct{ clients *clients.Clients }

var (
	_ action.ActionWithConfigure      = (*RebuildAction)(nil)
	_ action.ActionWithValidateConfig = (*RebuildAction)(nil)
)

// NewRebuildAction makes the action; the framework configures it.
func NewRebuildAction() action.Action { return &RebuildAction{} }

// cacheID is compiled once: a schema is asked for with each command.
var cacheID = regexp.MustCompile(`^imc-\S+$`)

type rebuildModel struct {
	ID      types.String `tfsdk:"id"`
	Timeout types.String `tfsdk:"timeout"`
}

func (a *RebuildAction) Metadata(_ context.Context, req action.MetadataRequest, resp *action.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_cache_rebuild"
}

func (a *RebuildAction) Configure(_ context.Context, req action.ConfigureRequest, _ *action.ConfigureResponse) {
	a.clients, _ = req.ProviderData.(*clients.Clients)
}

func (a *RebuildAction) Schema(_ context.Context, _ action.SchemaRequest, resp *action.SchemaResponse) {
	resp.Schema = schema.Schema{
		MarkdownDescription: "Pulls the images of a cache again, in place, and waits until the cache is `Ready`: on " +
			"a schedule, or after a push to a tag that moves. The cache keeps its id, and Pods keep matching it. It " +
			"is an error if the snapshot is the same afterwards: whether the service pulls the same images again is " +
			"unconfirmed, and `image_digests` with `rebuild = \"replace\"` does not depend on it. The service pulls " +
			"with the credentials that it keeps, so those of a private registry must not have expired.",
		Attributes: map[string]schema.Attribute{
			"id": schema.StringAttribute{
				Required:            true,
				MarkdownDescription: "Id of the cache, `imc-…`, in the provider's region.",
				Validators: []validator.String{
					stringvalidator.RegexMatches(cacheID, "must be the id of an image cache, imc-…"),
				},
			},
			"timeout": schema.StringAttribute{
				Optional:            true,
				MarkdownDescription: "How long to wait for the rebuild, such as `90m`. Default: `60m`.",
			},
		},
	}
}

// ValidateConfig checks the timeout, which the schema takes as a string.
func (a *RebuildAction) ValidateConfig(
	ctx context.Context, req action.ValidateConfigRequest, resp *action.ValidateConfigResponse,
) {
	var config rebuildModel
	resp.Diagnostics.Append(req.Config.Get(ctx, &config)...)
	if config.Timeout.IsNull() || config.Timeout.IsUnknown() {
		return
	}
	if limit, err := time.ParseDuration(config.Timeout.ValueString()); err != nil || limit <= 0 {
		resp.Diagnostics.Append(
			tfdiag.InvalidTimeout(path.Root("timeout"), "timeout", config.Timeout.ValueString()))
	}
}

// Invoke asks for the rebuild and reports what the cache goes through.
func (a *RebuildAction) Invoke(ctx context.Context, req action.InvokeRequest, resp *action.InvokeResponse) {
	var config rebuildModel
	if resp.Diagnostics.Append(req.Config.Get(ctx, &config)...); resp.Diagnostics.HasError() {
		return
	}
	limit := updateTimeout
	if given, err := time.ParseDuration(config.Timeout.ValueString()); err == nil {
		limit = given
	}
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	resp.Diagnostics.Append(a.rebuildCache(ctx, config.ID.ValueString(), func(message string) {
		resp.SendProgress(action.InvokeProgressEvent{Message: message})
	})...)
}

func (a *RebuildAction) rebuildCache(ctx context.Context, id string, report func(string)) diag.Diagnostics {
	attempt := "rebuild image cache " + id
	cloud, err := a.clients.TKE()
	if err != nil {
		return diag.Diagnostics{tfdiag.CloudError(attempt, err, a.clients)}
	}
	before, err := cloud.Get(ctx, id)
	switch {
	case err != nil:
		return diag.Diagnostics{tfdiag.CloudError(attempt, err, a.clients)}
	case before == nil:
		return diag.Diagnostics{tfdiag.RebuildNotFound(id, a.clients.Region)}
	case before.Status != tke.StatusReady && before.Status != tke.StatusUpdateFailed:
		return diag.Diagnostics{tfdiag.RebuildNotReady(id, before.Status)}
	}
	progress := newRebuildProgress(before, report)
	after, err := sendRebuild(ctx, cloud, before, progress)
	if err != nil {
		return diag.Diagnostics{tfdiag.CloudError(attempt, err, a.clients)}
	}
	if after.SnapshotID == before.SnapshotID {
		return diag.Diagnostics{tfdiag.SameSnapshot(id, after.SnapshotID)}
	}
	progress.reportEnd(after)
	return nil
}

// maxUnchangedLooks is how many reads, some two minutes of them, may show a cache as it was before
// the update counts as one that changed nothing.
const maxUnchangedLooks = 40

func sendRebuild(
	ctx context.Context, cloud *tke.Client, before *tke.ImageCache, progress *rebuildProgress,
) (*tke.ImageCache, error) {
	if err := cloud.Update(ctx, tke.UpdateRequest{ID: before.ID, Images: before.Images}); err != nil {
		return nil, err
	}
	looks := 0
	return cloud.WaitUpdated(ctx, before.ID, func(cache *tke.ImageCache) bool {
		progress.reportLook(cache)
		looks++
		return cache.SnapshotID != before.SnapshotID || looks > maxUnchangedLooks
	})
}
