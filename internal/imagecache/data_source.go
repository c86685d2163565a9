package imagecache

import (
	"context"
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/clients"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/deferral"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/tfdiag"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/tke"
)

// baseDataSource is what the three data sources have in common.
type baseDataSource struct {
	name    string
	clients *clients.Clients
}

func (s *baseDataSource) Metadata(
	_ context.Context, req datasource.MetadataRequest, resp *datasource.MetadataResponse,
) {
	resp.TypeName = req.ProviderTypeName + s.name
}

func (s *baseDataSource) Configure(
	_ context.Context, req datasource.ConfigureRequest, _ *datasource.ConfigureResponse,
) {
	s.clients, _ = req.ProviderData.(*clients.Clients)
}

// DataSource is data "tkeimage_cache": one cache, by id or by name.
type DataSource struct{ baseDataSource }

// NewDataSource makes the data source; the framework configures it.
func NewDataSource() datasource.DataSource { return &DataSource{baseDataSource{name: "_cache"}} }

func (d *DataSource) Schema(_ context.Context, _ datasource.SchemaRequest, resp *datasource.SchemaResponse) {
	attributes := cacheAttributes()
	attributes["id"] = schema.StringAttribute{
		Optional:            true,
		Computed:            true,
		MarkdownDescription: "Id of the cache, `imc-…`. Exactly one of `id` and `name` must be set.",
		Validators: []validator.String{
			stringvalidator.ExactlyOneOf(path.MatchRoot("id"), path.MatchRoot("name")),
			stringvalidator.LengthAtLeast(1),
		},
	}
	attributes["name"] = schema.StringAttribute{
		Optional: true, Computed: true, MarkdownDescription: "Name of the cache; exactly one cache must have it.",
		Validators: []validator.String{stringvalidator.LengthAtLeast(1)},
	}
	resp.Schema = schema.Schema{
		MarkdownDescription: "One image cache, by id or by name, with everything that the API returns except " +
			"credentials.",
		Attributes: attributes,
	}
}

func (d *DataSource) Read(ctx context.Context, req datasource.ReadRequest, resp *datasource.ReadResponse) {
	if deferral.IsDue(req.ClientCapabilities.DeferralAllowed, d.clients) {
		deferral.DeferDataSource(req, resp)
		return
	}
	var config cacheModel
	resp.Diagnostics.Append(req.Config.Get(ctx, &config)...)
	if resp.Diagnostics.HasError() {
		return
	}
	wanted, at := config.ID.ValueString(), path.Root("id")
	find := d.getByID
	if config.ID.IsNull() {
		wanted, at, find = config.Name.ValueString(), path.Root("name"), d.listByName
	}
	found, err := find(ctx, wanted)
	if err != nil {
		resp.Diagnostics.Append(tfdiag.CloudError(fmt.Sprintf("read image cache %q", wanted), err, d.clients))
		return
	}
	if len(found) != 1 {
		resp.Diagnostics.Append(tfdiag.NotOneCache(at, wanted, d.clients.Region, found))
		return
	}
	resp.Diagnostics.Append(expiryWarning(&found[0])...)
	returned := newCacheModel(&found[0])
	resp.Diagnostics.Append(resp.State.Set(ctx, &returned)...)
}

func (d *DataSource) getByID(ctx context.Context, id string) ([]tke.ImageCache, error) {
	cloud, err := d.clients.TKE()
	if err != nil {
		return nil, err
	}
	cache, err := cloud.Get(ctx, id)
	if cache == nil || err != nil {
		return nil, err
	}
	return []tke.ImageCache{*cache}, nil
}

func (d *DataSource) listByName(ctx context.Context, name string) ([]tke.ImageCache, error) {
	cloud, err := d.clients.TKE()
	if err != nil {
		return nil, err
	}
	return cloud.List(ctx, tke.Filter{Names: []string{name}})
}
