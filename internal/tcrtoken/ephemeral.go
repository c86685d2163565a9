// Package tcrtoken is the ephemeral resource tkeimage_tcr_token: a password for a registry that is
// never stored.
package tcrtoken

import (
	"context"
	"fmt"
	"time"

	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/ephemeral"
	"github.com/hashicorp/terraform-plugin-framework/ephemeral/schema"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/clients"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/tcr"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/tfdiag"
)

// openTimeout bounds the making of a token with all its retries.
const openTimeout = 2 * time.Minute

// Ephemeral is tkeimage_tcr_token.
type Ephemeral struct{ clients *clients.Clients }

var _ ephemeral.EphemeralResourceWithConfigure = (*Ephemeral)(nil)

// New makes the ephemeral resource; the framework configures it.
func New() ephemeral.EphemeralResource { return &Ephemeral{} }

type model struct {
	RegistryID  types.String `tfsdk:"registry_id"`
	TokenType   types.String `tfsdk:"token_type"`
	Description types.String `tfsdk:"description"`
	Username    types.String `tfsdk:"username"`
	Token       types.String `tfsdk:"token"`
	ExpiresAt   types.String `tfsdk:"expires_at"`
}

func (e *Ephemeral) Metadata(_ context.Context, req ephemeral.MetadataRequest, resp *ephemeral.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_tcr_token"
}

func (e *Ephemeral) Configure(_ context.Context, req ephemeral.ConfigureRequest, _ *ephemeral.ConfigureResponse) {
	e.clients, _ = req.ProviderData.(*clients.Clients)
}

func (e *Ephemeral) Schema(_ context.Context, _ ephemeral.SchemaRequest, resp *ephemeral.SchemaResponse) {
	resp.Schema = schema.Schema{
		MarkdownDescription: "A user name and a password for an instance of Tencent Container Registry (TCR), " +
			"Enterprise edition. They are created when a run needs them, in each plan and each apply, and are " +
			"never stored in plan or state: for `password_wo` of a cache, and for `registries` of a second " +
			"provider configuration, which reads the images. It requires Terraform 1.10 or OpenTofu 1.11, and " +
			"the CAM action `tcr:CreateInstanceToken`.",
		Attributes: tokenAttributes(),
	}
}

func tokenAttributes() map[string]schema.Attribute {
	return map[string]schema.Attribute{
		"registry_id": schema.StringAttribute{
			Required:            true,
			MarkdownDescription: "Id of the instance, `tcr-…`, in the provider's region.",
			Validators:          []validator.String{stringvalidator.LengthAtLeast(1)},
		},
		"token_type": schema.StringAttribute{
			Optional: true,
			MarkdownDescription: fmt.Sprintf(
				"`%s`: valid for an hour, long enough for most builds to begin pulling. `%s`: valid until it is "+
					"deleted in the console; each plan and each apply leaves one more behind, and warns. Default: `%s`.",
				tcr.Temporary, tcr.LongTerm, tcr.Temporary,
			),
			Validators: []validator.String{stringvalidator.OneOf(tcr.Temporary, tcr.LongTerm)},
		},
		"description": schema.StringAttribute{
			Optional:            true,
			MarkdownDescription: "What the console shows beside a long-term token.",
		},
		"username": schema.StringAttribute{Computed: true, MarkdownDescription: "User name."},
		"token":    schema.StringAttribute{Computed: true, Sensitive: true, MarkdownDescription: "The password."},
		"expires_at": schema.StringAttribute{
			Computed:            true,
			MarkdownDescription: "When it expires, RFC 3339; null for a long-term token.",
		},
	}
}

// Open creates the token. There is nothing to close: a temporary one expires, and the builder of a
// cache needs a long-term one after the run has ended.
func (e *Ephemeral) Open(ctx context.Context, req ephemeral.OpenRequest, resp *ephemeral.OpenResponse) {
	var config model
	resp.Diagnostics.Append(req.Config.Get(ctx, &config)...)
	if resp.Diagnostics.HasError() {
		return
	}
	attempt := "make a token for registry " + config.RegistryID.ValueString()
	registries, err := e.clients.TCR()
	if err != nil {
		resp.Diagnostics.Append(tfdiag.CloudError(attempt, err, e.clients))
		return
	}
	ctx, cancel := context.WithTimeout(ctx, openTimeout)
	defer cancel()
	token, err := registries.CreateToken(ctx, config.toRequest())
	if err != nil {
		resp.Diagnostics.Append(attributeToRegistry(tfdiag.CloudError(attempt, err, e.clients), err))
		return
	}
	config.setFromToken(token)
	if token.ID != "" {
		resp.Diagnostics.Append(tfdiag.LongTermToken(config.RegistryID.ValueString(), token.ID))
	}
	resp.Diagnostics.Append(resp.Result.Set(ctx, &config)...)
}

func (m *model) toRequest() tcr.TokenRequest {
	kind := m.TokenType.ValueString()
	if kind == "" {
		kind = tcr.Temporary
	}
	return tcr.TokenRequest{
		RegistryID:  m.RegistryID.ValueString(),
		TokenType:   kind,
		Description: m.Description.ValueString(),
	}
}

func (m *model) setFromToken(token *tcr.Token) {
	m.Username, m.Token = types.StringValue(token.Username), types.StringValue(token.Token)
	if !token.Expires.IsZero() {
		m.ExpiresAt = types.StringValue(token.Expires.Format(time.RFC3339))
	}
}

// attributeToRegistry attributes the failure to registry_id if the instance does not exist.
func attributeToRegistry(failure diag.Diagnostic, err error) diag.Diagnostic {
	if tcr.IsNotFound(err) {
		return diag.WithPath(path.Root("registry_id"), failure)
	}
	return failure
}
