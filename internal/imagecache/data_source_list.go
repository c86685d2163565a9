package imagecache

import (
	"context"
	"fmt"
	"regexp"

	"github.com/hashicorp/terraform-plugin-framework-validators/int64validator"
	"github.com/hashicorp/terraform-plugin-framework-validators/setvalidator"
	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

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
				MarkdownDescription: "Only caches with one of these names.",
				Validators:          []validator.Set{setvalidator.SizeAtLeast(1), setvalidator.NoNullValues()},
			},
			"name_regex": schema.StringAttribute{
				Optional:            true,
				MarkdownDescription: "Only caches whose name matches this regular expression (RE2).",
				Validators:          []validator.String{isRegex{}},
			},
			"image": schema.StringAttribute{
				Optional:            true,
				MarkdownDescription: "Only caches that hold this image, written as in the cache.",
			},
			"status": schema.StringAttribute{Optional: true, MarkdownDescription: "Only caches in this status.",
				Validators: []validator.String{stringvalidator.OneOf(statuses...)}},
			"type": schema.StringAttribute{
				Optional:            true,
				MarkdownDescription: "Only caches of this type: " + typeDescription,
				Validators:          []validator.String{stringvalidator.OneOf(cacheTypes...)},
			},
			"tags": schema.MapAttribute{
				Optional:            true,
				ElementType:         types.StringType,
				MarkdownDescription: "Only caches that have all of these tags.",
				Validators:          []validator.Map{noNulls{}},
			},
			"unused_for_days": schema.Int64Attribute{
				Optional:            true,
				MarkdownDescription: unusedDescription,
				Validators:          []validator.Int64{int64validator.Between(0, maxUnusedDays)},
			},
			"caches": schema.ListNestedAttribute{Computed: true, MarkdownDescription: "The caches, the newest first.",
				NestedObject: schema.NestedAttributeObject{Attributes: cacheAttributes()}},
		},
	}
}

func (d *ListDataSource) Read(ctx context.Context, req datasource.ReadRequest, resp *datasource.ReadResponse) {
	if mustDefer(req.ClientCapabilities.DeferralAllowed, d.clients) {
		deferDataSource(req, resp)
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

// maxUnusedDays is a hundred years, beyond which times are no longer counted.
const maxUnusedDays = 36500

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

	unusedDescription = "Only caches that no Pod has matched for so many days. A cache that was never matched " +
		"counts from its creation."

	statusDescription = fmt.Sprintf("%s. Pods can use only `%s`.", tfdiag.QuoteList(statuses), tke.StatusReady)
	typeDescription   = fmt.Sprintf("`%s`, or `%s` for a cache that the service created.", typeManual, typeAuto)
)

// isRegex refuses at validation what does not compile.
type isRegex struct{}

func (isRegex) Description(context.Context) string { return "must be a regular expression" }

func (v isRegex) MarkdownDescription(ctx context.Context) string { return v.Description(ctx) }

func (isRegex) ValidateString(_ context.Context, req validator.StringRequest, resp *validator.StringResponse) {
	if _, err := regexp.Compile(req.ConfigValue.ValueString()); err != nil {
		resp.Diagnostics.Append(tfdiag.InvalidRegex(req.Path, err))
	}
}
