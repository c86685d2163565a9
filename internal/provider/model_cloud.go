package provider

import (
	"context"
	"maps"
	"slices"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/credentials"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/tfdiag"
)

type assumeRoleModel struct {
	RoleARN         types.String `tfsdk:"role_arn"`
	SessionName     types.String `tfsdk:"session_name"`
	SessionDuration types.Int64  `tfsdk:"session_duration"`
	Policy          types.String `tfsdk:"policy"`
	ExternalID      types.String `tfsdk:"external_id"`
	Tags            types.Map    `tfsdk:"tags"`
	SourceIdentity  types.String `tfsdk:"source_identity"`
	SerialNumber    types.String `tfsdk:"serial_number"`
	TokenCode       types.String `tfsdk:"token_code"`
}

type samlModel struct {
	SAMLAssertion   types.String `tfsdk:"saml_assertion"`
	PrincipalARN    types.String `tfsdk:"principal_arn"`
	RoleARN         types.String `tfsdk:"role_arn"`
	SessionName     types.String `tfsdk:"session_name"`
	SessionDuration types.Int64  `tfsdk:"session_duration"`
}

type webIdentityModel struct {
	ProviderID           types.String `tfsdk:"provider_id"`
	WebIdentityToken     types.String `tfsdk:"web_identity_token"`
	WebIdentityTokenFile types.String `tfsdk:"web_identity_token_file"`
	RoleARN              types.String `tfsdk:"role_arn"`
	SessionName          types.String `tfsdk:"session_name"`
	SessionDuration      types.Int64  `tfsdk:"session_duration"`
}

// toSettings are the cloud arguments. What is known only after apply counts as left out here: see
// unknownArguments.
func (m *model) toSettings(ctx context.Context) (credentials.Settings, diag.Diagnostics) {
	s := credentials.Settings{
		SecretID:             m.SecretID.ValueString(),
		SecretKey:            m.SecretKey.ValueString(),
		SecurityToken:        m.SecurityToken.ValueString(),
		Region:               m.Region.ValueString(),
		Protocol:             m.Protocol.ValueString(),
		Domain:               m.Domain.ValueString(),
		SharedCredentialsDir: m.SharedCredentialsDir.ValueString(),
		Profile:              m.Profile.ValueString(),
		CAMRoleName:          m.CAMRoleName.ValueString(),
		EnablePodOIDC:        m.EnablePodOIDC.ValueBool(),
	}
	if len(m.unknownArguments()) > 0 {
		return s, nil
	}
	var diags diag.Diagnostics
	diags.Append(m.AllowedAccountIDs.ElementsAs(ctx, &s.AllowedAccounts, false)...)
	diags.Append(m.ForbiddenAccountIDs.ElementsAs(ctx, &s.ForbiddenAccounts, false)...)
	if role := singleBlock[assumeRoleModel](ctx, m.AssumeRole, &diags); role != nil {
		s.AssumeRole = role.toLink()
	}
	if role := singleBlock[samlModel](ctx, m.AssumeRoleWithSAML, &diags); role != nil {
		s.SAML = role.toLink()
	}
	if role := singleBlock[webIdentityModel](ctx, m.AssumeRoleWithWebIdentity, &diags); role != nil {
		s.WebIdentity = role.toLink()
	}
	return s, diags
}

// block is a set or a list of nested blocks.
type block interface {
	attr.Value
	Elements() []attr.Value
	ElementsAs(ctx context.Context, target any, allowUnhandled bool) diag.Diagnostics
}

// singleBlock returns the only block that may be set, nil if there is none.
func singleBlock[M any](ctx context.Context, from block, diags *diag.Diagnostics) *M {
	var found []M
	if !from.IsNull() {
		diags.Append(from.ElementsAs(ctx, &found, false)...)
	}
	if len(found) == 0 {
		return nil
	}
	return &found[0]
}

func newRole(arn, sessionName types.String, duration types.Int64) credentials.Role {
	return credentials.Role{
		ARN:         arn.ValueString(),
		SessionName: sessionName.ValueString(),
		Duration:    duration.ValueInt64(),
	}
}

func (r *assumeRoleModel) toLink() *credentials.AssumeRole {
	return &credentials.AssumeRole{
		Role:           newRole(r.RoleARN, r.SessionName, r.SessionDuration),
		Policy:         r.Policy.ValueString(),
		ExternalID:     r.ExternalID.ValueString(),
		Tags:           toTags(r.Tags),
		SourceIdentity: r.SourceIdentity.ValueString(),
		SerialNumber:   r.SerialNumber.ValueString(),
		TokenCode:      r.TokenCode.ValueString(),
	}
}

// toTags returns session tags in the order of their keys, so that each request is the same.
func toTags(from types.Map) (tags []credentials.Tag) {
	elements := from.Elements()
	for _, key := range slices.Sorted(maps.Keys(elements)) {
		if value, isText := elements[key].(types.String); isText {
			tags = append(tags, credentials.Tag{Key: key, Value: value.ValueString()})
		}
	}
	return tags
}

func (r *samlModel) toLink() *credentials.SAML {
	return &credentials.SAML{
		Role:      newRole(r.RoleARN, r.SessionName, r.SessionDuration),
		Assertion: r.SAMLAssertion.ValueString(), PrincipalARN: r.PrincipalARN.ValueString(),
	}
}

func (r *webIdentityModel) toLink() *credentials.WebIdentity {
	return &credentials.WebIdentity{
		Role:       newRole(r.RoleARN, r.SessionName, r.SessionDuration),
		ProviderID: r.ProviderID.ValueString(),
		Token:      r.WebIdentityToken.ValueString(),
		TokenFile:  r.WebIdentityTokenFile.ValueString(),
	}
}

// unknownArguments returns the arguments that are not known until apply, of those that say where to
// connect and with which credentials. A default in place of one would call another region or
// account: a cache is not found in the wrong region, leaves the state and is created a second time,
// and a key that is meant for a private endpoint reaches the public one.
func (m *model) unknownArguments() []string {
	arguments := map[string]attr.Value{
		"secret_id":                     m.SecretID,
		"secret_key":                    m.SecretKey,
		"security_token":                m.SecurityToken,
		"region":                        m.Region,
		"protocol":                      m.Protocol,
		"domain":                        m.Domain,
		"endpoints":                     m.Endpoints,
		"shared_credentials_dir":        m.SharedCredentialsDir,
		"profile":                       m.Profile,
		"cam_role_name":                 m.CAMRoleName,
		"enable_pod_oidc":               m.EnablePodOIDC,
		"allowed_account_ids":           m.AllowedAccountIDs,
		"forbidden_account_ids":         m.ForbiddenAccountIDs,
		"assume_role":                   m.AssumeRole,
		"assume_role_with_saml":         m.AssumeRoleWithSAML,
		"assume_role_with_web_identity": m.AssumeRoleWithWebIdentity,
	}
	maps.DeleteFunc(arguments, func(_ string, value attr.Value) bool { return !containsUnknown(value) })
	return slices.Sorted(maps.Keys(arguments))
}

// containsUnknown reports whether a value, or a part of it, is unknown.
func containsUnknown(value attr.Value) bool {
	if value.IsUnknown() {
		return true
	}
	switch value := value.(type) {
	case types.Object:
		return slices.ContainsFunc(slices.Collect(maps.Values(value.Attributes())), containsUnknown)
	case types.Map:
		return slices.ContainsFunc(slices.Collect(maps.Values(value.Elements())), containsUnknown)
	case interface{ Elements() []attr.Value }:
		return slices.ContainsFunc(value.Elements(), containsUnknown)
	}
	return false
}

// incompleteDiagnostic reports an argument that lacks its counterpart, at its place in the
// configuration.
func (m *model) incompleteDiagnostic(e *credentials.ArgumentError) diag.Diagnostic {
	if e.Block == "" {
		return tfdiag.CredentialArguments(path.Root(e.Argument), e)
	}
	at := path.Root(e.Block)
	lists := map[string]types.List{
		"assume_role_with_saml":         m.AssumeRoleWithSAML,
		"assume_role_with_web_identity": m.AssumeRoleWithWebIdentity,
	}
	if len(lists[e.Block].Elements()) > 0 && e.Argument != "" { // an element of a set has no place of its own
		at = at.AtListIndex(0).AtName(e.Argument)
	}
	return tfdiag.CredentialArguments(at, e)
}
