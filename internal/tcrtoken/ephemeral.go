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

	"github.com/tkeimage/terraform-provider-tkeimage/internal/clients"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/deferral"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/tcr"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/tfdiag"
)

// callTimeout bounds the creation of a token, and its deletion, with all retries.
const callTimeout = 2 * time.Minute

// Ephemeral is tkeimage_tcr_token.
type Ephemeral struct{ clients *clients.Clients }

var (
	_ ephemeral.EphemeralResourceWithConfigure      = (*Ephemeral)(nil)
	_ ephemeral.EphemeralResourceWithValidateConfig = (*Ephemeral)(nil)
	_ ephemeral.EphemeralResourceWithClose          = (*Ephemeral)(nil)
)

// New makes the ephemeral resource; the framework configures it.
func New() ephemeral.EphemeralResource { return &Ephemeral{} }

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
				"`%s`: valid for an hour, long enough for most builds to begin pulling. `%s`: valid for about ten "+
					"years, or until it is deleted; without `delete_on_close` each plan and each apply leaves one "+
					"more behind, and warns. Default: `%s`.",
				tcr.Temporary, tcr.LongTerm, tcr.Temporary,
			),
			Validators: []validator.String{stringvalidator.OneOf(tcr.Temporary, tcr.LongTerm)},
		},
		"description": schema.StringAttribute{
			Optional:            true,
			MarkdownDescription: "What the console shows beside a long-term token.",
		},
		"delete_on_close": schema.BoolAttribute{
			Optional: true,
			MarkdownDescription: "Whether a long-term token is deleted when Terraform needs it no more: at the end " +
				"of the run, after all that use it. A run that is killed leaves it behind. It requires the CAM " +
				"action `tcr:DeleteInstanceToken`. Default: `false`.",
		},
		"username": schema.StringAttribute{Computed: true, MarkdownDescription: "User name."},
		"token":    schema.StringAttribute{Computed: true, Sensitive: true, MarkdownDescription: "The password."},
		"expires_at": schema.StringAttribute{
			Computed:            true,
			MarkdownDescription: "When it expires, RFC 3339; null when the service does not say.",
		},
		"token_id": schema.StringAttribute{
			Computed:            true,
			MarkdownDescription: "Id of a long-term token, which deletes it; null for a temporary one.",
		},
	}
}

// ValidateConfig refuses a deletion of what cannot be deleted.
func (e *Ephemeral) ValidateConfig(
	ctx context.Context, req ephemeral.ValidateConfigRequest, resp *ephemeral.ValidateConfigResponse,
) {
	var config model
	resp.Diagnostics.Append(req.Config.Get(ctx, &config)...)
	if resp.Diagnostics.HasError() || config.TokenType.IsUnknown() {
		return
	}
	if config.DeleteOnClose.ValueBool() && config.TokenType.ValueString() != tcr.LongTerm {
		resp.Diagnostics.Append(tfdiag.TemporaryTokenNotDeleted(path.Root("delete_on_close")))
	}
}

// Open creates the token.
func (e *Ephemeral) Open(ctx context.Context, req ephemeral.OpenRequest, resp *ephemeral.OpenResponse) {
	var config model
	resp.Diagnostics.Append(req.Config.Get(ctx, &config)...)
	if resp.Diagnostics.HasError() {
		return
	}
	if deferral.IsDue(req.ClientCapabilities.DeferralAllowed, e.clients) {
		deferral.DeferEphemeral(req, resp)
		return
	}
	attempt := "make a token for registry " + config.RegistryID.ValueString()
	registries, err := e.clients.TCR()
	if err != nil {
		resp.Diagnostics.Append(tfdiag.CloudError(attempt, err, e.clients))
		return
	}
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	token, err := registries.CreateToken(ctx, config.toRequest())
	if err != nil {
		resp.Diagnostics.Append(attributeToRegistry(tfdiag.CloudError(attempt, err, e.clients), err))
		return
	}
	config.setFromToken(token)
	switch {
	case token.ID == "": // temporary
	case config.DeleteOnClose.ValueBool():
		resp.Diagnostics.Append(resp.Private.SetKey(ctx, tokenKey, config.toPrivate())...)
	default:
		resp.Diagnostics.Append(tfdiag.LongTermToken(config.RegistryID.ValueString(), token.ID))
	}
	resp.Diagnostics.Append(resp.Result.Set(ctx, &config)...)
}

// Close deletes the token that Open left a note of.
func (e *Ephemeral) Close(ctx context.Context, req ephemeral.CloseRequest, resp *ephemeral.CloseResponse) {
	note, diags := req.Private.GetKey(ctx, tokenKey)
	resp.Diagnostics.Append(diags...)
	if note == nil || resp.Diagnostics.HasError() {
		return
	}
	token, err := fromPrivate(note)
	if err != nil {
		resp.Diagnostics.Append(tfdiag.ProviderFault("delete a long-term token, which stays valid", err))
		return
	}
	attempt := fmt.Sprintf(
		"delete long-term token %s of registry %s, which stays valid", token.TokenID, token.RegistryID)
	registries, err := e.clients.TCR()
	if err != nil {
		resp.Diagnostics.Append(tfdiag.CloudError(attempt, err, e.clients))
		return
	}
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	if err := registries.DeleteToken(ctx, token.RegistryID, token.TokenID); err != nil {
		resp.Diagnostics.Append(tfdiag.CloudError(attempt, err, e.clients))
	}
}

// attributeToRegistry attributes the failure to registry_id if the instance does not exist.
func attributeToRegistry(failure diag.Diagnostic, err error) diag.Diagnostic {
	if tcr.IsNotFound(err) {
		return diag.WithPath(path.Root("registry_id"), failure)
	}
	return failure
}
