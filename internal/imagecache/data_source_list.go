package imagecache

import (
	"context"
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework-validators/setvalidator"
	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/deferral"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/tfdiag"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/tke"
)

// ListDataSource is data "tkeimage_caches": the caches of the region, narrowed down.
type ListDataSource struct{ baseDataSource }

// NewListDataSource makes the data source; the framework configures it.
func NewListDataSource() datasource.DataSource {
	return &ListDataSource{baseDataSource{name: "_caches"}}
}

type listModel struct {
	Names     types.Set    `tfsdk:"names"`
	NameRegex types.String `tfsdk:"name_regex"`
	Image     types.String `tfsdk:"image"`
	Status    types.String `tfsdk:"status"`
	Type      types.String `tfsdk:"type"`
	Tags      types.Map    `tfsdk:"tags"`
	Unused    types.Int64  `tfsdk:"unused_for_days"`
	Caches    []cacheModel `tfsdk:"caches"`
}

func (d *ListDataSource) Schema(_ context.Context, _ datasource.SchemaRequest, resp *datasource.SchemaResponse) {
	resp.Schema = schema.Schema{
		MarkdownDescription: "The image caches of the provider's region, including those that the service created. " +
			"Every argument filters the list.",
		Attributes: map[string]schema.Attribute{
			"names": schema.SetAttribute{
				Optional:            true,
				ElementType:         types.StringType,
				MarkdownDescription: filterNames,
				Validators:          []validator.Set{setvalidator.SizeAtLeast(1), setvalidator.NoNullValues()},
			},
			"name_regex": schema.StringAttribute{
				Optional:            true,
				MarkdownDescription: filterNameRegex,
				Validators:          regexValidators,
			},
			"image": schema.StringAttribute{
				Optional:            true,
				MarkdownDescription: filterImage,
			},
			"status": schema.StringAttribute{
				Optional:            true,
				MarkdownDescription: filterStatus,
				Validators:          statusValidators,
			},
			"type": schema.StringAttribute{
				Optional:            true,
				MarkdownDescription: filterType,
				Validators:          typeValidators,
			},
			"tags": schema.MapAttribute{
				Optional:            true,
				ElementType:         types.StringType,
				MarkdownDescription: filterTags,
				Validators:          tagValidators,
			},
			"unused_for_days": schema.Int64Attribute{
				Optional:            true,
				MarkdownDescription: filterUnused,
				Validators:          unusedValidators,
			},
			"caches": schema.ListNestedAttribute{Computed: true, MarkdownDescription: "The caches, the newest first.",
				NestedObject: schema.NestedAttributeObject{Attributes: cacheAttributes()}},
		},
	}
}

func (d *ListDataSource) Read(ctx context.Context, req datasource.ReadRequest, resp *datasource.ReadResponse) {
	if deferral.IsDue(req.ClientCapabilities.DeferralAllowed, d.clients) {
		deferral.DeferDataSource(req, resp)
		return
	}
	var config listModel
	resp.Diagnostics.Append(req.Config.Get(ctx, &config)...)
	if resp.Diagnostics.HasError() {
		return
	}
	wanted := filter{
		Names:     config.Names,
		NameRegex: config.NameRegex,
		Image:     config.Image,
		Status:    config.Status,
		Type:      config.Type,
		Tags:      config.Tags,

		UnusedForDays: config.Unused,
	}
	caches, err := wanted.listCaches(ctx, d.clients)
	if err != nil {
		resp.Diagnostics.Append(tfdiag.CloudError("list image caches", err, d.clients))
		return
	}
	config.Caches = []cacheModel{}
	for _, cache := range caches {
		config.Caches = append(config.Caches, newCacheModel(&cache))
	}
	resp.Diagnostics.Append(resp.State.Set(ctx, &config)...)
}

const (
	typeManual = "manual"
	typeAuto   = "auto"
)

var (
	statuses = []string{
		tke.StatusPending,
		tke.StatusReady,
		tke.StatusFailed,
		tke.StatusUpdating,
		tke.StatusUpdateFailed,
	}

	cacheTypes = []string{typeManual, typeAuto}

	statusDescription = fmt.Sprintf("%s. Pods can use only `%s`.", tfdiag.QuoteList(statuses), tke.StatusReady)
	typeDescription   = fmt.Sprintf("`%s`, or `%s` for a cache that the service created.", typeManual, typeAuto)
)
