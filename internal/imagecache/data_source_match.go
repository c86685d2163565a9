package imagecache

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework-validators/setvalidator"
	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/deferral"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/tfdiag"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/tke"
)

// MatchDataSource is data "tkeimage_cache_match": the cache that Pods of some images would get.
type MatchDataSource struct{ baseDataSource }

// NewMatchDataSource makes the data source; the framework configures it.
func NewMatchDataSource() datasource.DataSource {
	return &MatchDataSource{baseDataSource{name: "_cache_match"}}
}

type matchModel struct {
	Images      types.Set    `tfsdk:"images"`
	Snapshotter types.String `tfsdk:"snapshotter"`
	Found       types.Bool   `tfsdk:"found"`
	Cache       *cacheModel  `tfsdk:"cache"`
}

func (d *MatchDataSource) Schema(_ context.Context, _ datasource.SchemaRequest, resp *datasource.SchemaResponse) {
	resp.Schema = schema.Schema{
		MarkdownDescription: "The cache that `use-image-cache: auto` chooses for a Pod with these images: name and " +
			"tag must be equal; of several, the smaller cache, then the newer one. " +
			"Use it in a `check` or a `precondition` to verify that Pods get the intended cache.",
		Attributes: map[string]schema.Attribute{
			"images": schema.SetAttribute{
				Required:            true,
				ElementType:         types.StringType,
				MarkdownDescription: "References of the Pod's images, as the Pod writes them.",
				Validators:          []validator.Set{setvalidator.SizeAtLeast(1), setvalidator.NoNullValues()},
			},
			"snapshotter": schema.StringAttribute{
				Optional: true,
				MarkdownDescription: "Snapshotter that the cache must have been made with. Default: the " +
					"service's choice.",
			},
			"found": schema.BoolAttribute{
				Computed:            true,
				MarkdownDescription: "Whether a cache would be chosen.",
			},
			"cache": schema.SingleNestedAttribute{
				Computed:            true,
				MarkdownDescription: "The cache; null when none would be chosen.",
				Attributes:          cacheAttributes(),
			},
		},
	}
}

func (d *MatchDataSource) Read(ctx context.Context, req datasource.ReadRequest, resp *datasource.ReadResponse) {
	if deferral.IsDue(req.ClientCapabilities.DeferralAllowed, d.clients) {
		deferral.DeferDataSource(req, resp)
		return
	}
	var config matchModel
	resp.Diagnostics.Append(req.Config.Get(ctx, &config)...)
	if resp.Diagnostics.HasError() {
		return
	}
	cache, err := d.findMatch(ctx, &config)
	if err != nil {
		resp.Diagnostics.Append(tfdiag.CloudError("find the image cache for these images", err, d.clients))
		return
	}
	config.Found = types.BoolValue(cache != nil)
	if cache != nil {
		resp.Diagnostics.Append(expiryWarning(cache)...)
		matched := newCacheModel(cache)
		config.Cache = &matched
	}
	resp.Diagnostics.Append(resp.State.Set(ctx, &config)...)
}

func (d *MatchDataSource) findMatch(ctx context.Context, config *matchModel) (*tke.ImageCache, error) {
	cloud, err := d.clients.TKE()
	if err != nil {
		return nil, err
	}
	return cloud.Match(ctx, toStrings(config.Images), config.Snapshotter.ValueString())
}
