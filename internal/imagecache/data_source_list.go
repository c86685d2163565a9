package imagecache

import (
	"context"
	"regexp"
	"slices"

	"github.com/hashicorp/terraform-plugin-framework-validators/setvalidator"
	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/tfdiag"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/tke"
)

// ListDataSource is data "tkeimage_caches": the caches of the region, narrowed down.
type ListDataSource struct{ source }

// NewListDataSource makes the data source; the framework configures it.
func NewListDataSource() datasource.DataSource { return &ListDataSource{source{name: "_caches"}} }

type listModel struct {
	Names     types.Set    `tfsdk:"names"`
	NameRegex types.String `tfsdk:"name_regex"`
	Image     types.String `tfsdk:"image"`
	Status    types.String `tfsdk:"status"`
	Type      types.String `tfsdk:"type"`
	Caches    []cacheModel `tfsdk:"caches"`
}

func (d *ListDataSource) Schema(_ context.Context, _ datasource.SchemaRequest, resp *datasource.SchemaResponse) {
	resp.Schema = schema.Schema{
		MarkdownDescription: "The image caches of the provider's region, also those that the service made by itself. Every argument narrows them down.",
		Attributes: map[string]schema.Attribute{
			"names": schema.SetAttribute{Optional: true, ElementType: types.StringType, MarkdownDescription: "Only caches that bear one of these names.",
				Validators: []validator.Set{setvalidator.SizeAtLeast(1)}},
			"name_regex": schema.StringAttribute{Optional: true, MarkdownDescription: "Only caches whose name matches this regular expression (RE2)."},
			"image":      schema.StringAttribute{Optional: true, MarkdownDescription: "Only caches that hold this image, as it is written there."},
			"status": schema.StringAttribute{Optional: true, MarkdownDescription: "Only caches in this status.",
				Validators: []validator.String{stringvalidator.OneOf(tke.StatusPending, tke.StatusReady, tke.StatusFailed, tke.StatusUpdating, tke.StatusUpdateFailed)}},
			"type": schema.StringAttribute{Optional: true, MarkdownDescription: "Only caches of this type: `manual`, or `auto`.",
				Validators: []validator.String{stringvalidator.OneOf("manual", "auto")}},
			"caches": schema.ListNestedAttribute{Computed: true, MarkdownDescription: "The caches, the newest first.",
				NestedObject: schema.NestedAttributeObject{Attributes: cacheAttributes()}},
		},
	}
}

func (d *ListDataSource) Read(ctx context.Context, req datasource.ReadRequest, resp *datasource.ReadResponse) {
	var config listModel
	resp.Diagnostics.Append(req.Config.Get(ctx, &config)...)
	pattern, err := regexp.Compile(config.NameRegex.ValueString())
	if err != nil {
		resp.Diagnostics.AddAttributeError(path.Root("name_regex"), "Not a regular expression", err.Error()+". The syntax is RE2's: https://github.com/google/re2/wiki/Syntax.")
	}
	if resp.Diagnostics.HasError() {
		return
	}
	caches, err := d.list(ctx, stringsOf(config.Names))
	if err != nil {
		resp.Diagnostics.Append(tfdiag.Cloud("list image caches", err, d.clients))
		return
	}
	config.Caches = []cacheModel{}
	for _, cache := range caches {
		if config.selects(&cache, pattern) {
			config.Caches = append(config.Caches, newCacheModel(&cache))
		}
	}
	resp.Diagnostics.Append(resp.State.Set(ctx, &config)...)
}

// list gives the newest first; the service's own order is not documented.
func (d *ListDataSource) list(ctx context.Context, names []string) ([]tke.ImageCache, error) {
	cloud, err := d.clients.TKE()
	if err != nil {
		return nil, err
	}
	caches, err := cloud.Named(ctx, names...)
	slices.SortStableFunc(caches, tke.NewestFirst)
	return caches, err
}

func (m *listModel) selects(cache *tke.ImageCache, pattern *regexp.Regexp) bool {
	return pattern.MatchString(cache.Name) &&
		(m.Image.IsNull() || slices.Contains(cache.Images, m.Image.ValueString())) &&
		(m.Status.IsNull() || cache.Status == m.Status.ValueString()) &&
		(m.Type.IsNull() || cache.Type == m.Type.ValueString())
}
