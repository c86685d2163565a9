package imagecache

import (
	"context"
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework-validators/listvalidator"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/list"
	"github.com/hashicorp/terraform-plugin-framework/list/schema"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/tfsdk"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/clients"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/tfdiag"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/tke"
)

// ListResource finds existing caches for `terraform query` (Terraform 1.14 and later), including
// those that the service created, so that they can be imported with generated configuration.
type ListResource struct{ clients *clients.Clients }

var _ list.ListResourceWithConfigure = (*ListResource)(nil)

// NewListResource makes the list resource; the framework configures it.
func NewListResource() list.ListResource { return &ListResource{} }

type queryModel struct {
	Names     types.List   `tfsdk:"names"`
	NameRegex types.String `tfsdk:"name_regex"`
	Image     types.String `tfsdk:"image"`
	Status    types.String `tfsdk:"status"`
	Type      types.String `tfsdk:"type"`
	Tags      types.Map    `tfsdk:"tags"`
	Unused    types.Int64  `tfsdk:"unused_for_days"`
}

func (l *ListResource) Metadata(_ context.Context, req resource.MetadataRequest, resp *resource.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_cache"
}

func (l *ListResource) Configure(_ context.Context, req resource.ConfigureRequest, _ *resource.ConfigureResponse) {
	l.clients, _ = req.ProviderData.(*clients.Clients)
}

func (l *ListResource) ListResourceConfigSchema(
	_ context.Context, _ list.ListResourceSchemaRequest, resp *list.ListResourceSchemaResponse,
) {
	resp.Schema = schema.Schema{
		MarkdownDescription: "Image caches of the provider's region, the newest first. Every argument filters " +
			"the list. Terraform's own argument `limit`, beside `config`, is the most that a query lists " +
			"(Terraform's default: 100); a warning says how many it leaves out.",
		Attributes: map[string]schema.Attribute{
			"names": schema.ListAttribute{ // the framework has no sets here
				ElementType:         types.StringType,
				Optional:            true,
				MarkdownDescription: filterNames,
				Validators:          []validator.List{listvalidator.SizeAtLeast(1), listvalidator.NoNullValues()},
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
		},
	}
}

// List returns identities, and whole resources where the CLI requests them.
func (l *ListResource) List(ctx context.Context, req list.ListRequest, stream *list.ListResultsStream) {
	var query queryModel
	if diags := req.Config.Get(ctx, &query); diags.HasError() {
		stream.Results = list.ListResultsStreamDiagnostics(diags)
		return
	}
	caches, err := filter{
		Names:     types.SetValueMust(types.StringType, query.Names.Elements()),
		NameRegex: query.NameRegex,
		Image:     query.Image,
		Status:    query.Status,
		Type:      query.Type,
		Tags:      query.Tags,

		UnusedForDays: query.Unused,
	}.listCaches(ctx, l.clients)
	if err != nil {
		stream.Results = list.ListResultsStreamDiagnostics(
			diag.Diagnostics{tfdiag.CloudError("list image caches", err, l.clients)},
		)
		return
	}
	found := len(caches)
	if req.Limit > 0 && int64(found) > req.Limit {
		caches = caches[:req.Limit]
	}
	stream.Results = func(push func(list.ListResult) bool) {
		for i := range caches {
			result := l.newListResult(ctx, req, &caches[i])
			// Terraform reads as many results as its limit, and nothing after them.
			if i == len(caches)-1 && len(caches) < found {
				result.Diagnostics.Append(tfdiag.QueryLimited(len(caches), found))
			}
			if !push(result) {
				return
			}
		}
	}
}

func (l *ListResource) newListResult(ctx context.Context, req list.ListRequest, cache *tke.ImageCache) list.ListResult {
	result := req.NewListResult(ctx)
	result.DisplayName = fmt.Sprintf("%s (%s)", cache.Name, cache.ID)
	if cache.Name == "" {
		result.DisplayName = cache.ID
	}
	result.Diagnostics.Append(result.Identity.Set(ctx, newIdentity(cache.ID, l.clients.Region))...)
	if req.IncludeResource {
		result.Diagnostics.Append(fillImportedResource(ctx, result.Resource, cache, &l.clients.Tags)...)
	}
	return result
}

// fillImportedResource fills in a cache as an import finds it: what the service never returns is
// null.
func fillImportedResource(
	ctx context.Context, into *tfsdk.Resource, cache *tke.ImageCache, rules *clients.TagRules,
) diag.Diagnostics {
	// Setting one attribute makes every other one a null of its own type.
	diags := into.SetAttribute(ctx, path.Root("id"), cache.ID)
	var m model
	diags.Append(into.Get(ctx, &m)...)
	m.importFromAPI(cache, rules)
	m.Rebuild = types.StringValue(rebuildReplace)
	diags.Append(into.Set(ctx, &m)...)
	return diags
}
