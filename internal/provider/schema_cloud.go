package provider

import (
	"fmt"
	"regexp"

	"github.com/hashicorp/terraform-plugin-framework-validators/int64validator"
	"github.com/hashicorp/terraform-plugin-framework-validators/listvalidator"
	"github.com/hashicorp/terraform-plugin-framework-validators/mapvalidator"
	"github.com/hashicorp/terraform-plugin-framework-validators/setvalidator"
	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/provider/schema"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/credentials"
)

// keyAttributes, identityAttributes and accountAttributes are those of the official provider, by
// the same names and types: here a key pair, and where its requests go.
func keyAttributes() map[string]schema.Attribute {
	return map[string]schema.Attribute{
		"secret_id":  textAttribute("Secret id of the account.", credentials.EnvSecretID),
		"secret_key": secretAttribute("Secret key.", credentials.EnvSecretKey),
		"security_token": secretAttribute(
			"Token of temporary credentials. Beside a key pair of the environment tccli's name for it serves too, `"+
				credentials.EnvToken+"`.",
			credentials.EnvSecurityToken,
		),
		"region": textAttribute(fmt.Sprintf(
			"Region of the caches; it must be the cluster's. Default: the profile's, if the key pair is from it, or "+
				"else `%s`.",
			credentials.DefaultRegion,
		), credentials.EnvRegion),
		"protocol": schema.StringAttribute{
			Optional: true,
			MarkdownDescription: fmt.Sprintf(
				"`HTTPS` or `HTTP`. Default: `%s`. %s",
				credentials.DefaultProtocol, describeVariable(credentials.EnvProtocol),
			),
			Validators: []validator.String{stringvalidator.OneOfCaseInsensitive("HTTP", "HTTPS")},
		},
		"domain": textAttribute(fmt.Sprintf(
			"Root domain of the API, such as `internal.tencentcloudapi.com` inside Tencent's network. Default: `%s`.",
			credentials.DefaultDomain,
		), credentials.EnvDomain),
	}
}

// identityAttributes are what stands in for a key pair.
func identityAttributes() map[string]schema.Attribute {
	return map[string]schema.Attribute{
		"shared_credentials_dir": textAttribute(fmt.Sprintf(
			"Directory of profile files, as `tccli configure` writes them. They are read when secret id, key and "+
				"token are all empty. Default: `%s`.",
			credentials.DefaultDir,
		), credentials.EnvSharedCredentialsDir),
		"profile": textAttribute(fmt.Sprintf(
			"Name of the profile: its files are `<profile>.credential` and `<profile>.configure`. Default: `%s`.",
			credentials.DefaultProfile,
		), credentials.EnvProfile),
		"cam_role_name": textAttribute(
			"Name of the CAM role that is bound to the CVM that this runs on.", credentials.EnvCAMRoleName,
		),
		"enable_pod_oidc": schema.BoolAttribute{
			Optional: true,
			MarkdownDescription: fmt.Sprintf(
				"Whether to take the role of the Pod's service account, in a Pod of TKE. Default: `false`. "+
					"Environment, set by TKE: `%s`, `%s`, `%s`, `%s`.",
				credentials.EnvPodRegion, credentials.EnvPodProviderID, credentials.EnvPodTokenFile,
				credentials.EnvPodRoleARN,
			),
		},
	}
}

// accountAttributes are which accounts the credentials may belong to.
func accountAttributes() map[string]schema.Attribute {
	return map[string]schema.Attribute{
		"allowed_account_ids":   accountsAttribute("The only accounts (UIN) that may be used"),
		"forbidden_account_ids": accountsAttribute("Accounts (UIN) that must not be used"),
	}
}

// accountsAttribute is a list of accounts. It is checked with STS when the cloud is first needed,
// not during configuration.
func accountsAttribute(what string) schema.Attribute {
	return schema.SetAttribute{
		Optional:    true,
		ElementType: types.StringType,
		MarkdownDescription: what + ". The account of the credentials is looked up with STS (GetCallerIdentity) " +
			"before the first call that needs them.",
		Validators: []validator.Set{setvalidator.NoNullValues()},
	}
}

// roleBlocks are blocks, of the official provider's nesting, so that one can be copied over as it
// is. What is required there has an environment variable too, so none is required here: what is
// missing from both is found when the provider is configured.
func roleBlocks() map[string]schema.Block {
	return map[string]schema.Block{
		"assume_role": schema.SetNestedBlock{
			MarkdownDescription: "A role to assume with the credentials found so far, those of the other arguments.",
			Validators:          []validator.Set{setvalidator.SizeAtMost(1)},
			NestedObject:        schema.NestedBlockObject{Attributes: assumeRoleAttributes()},
		},
		"assume_role_with_saml": schema.ListNestedBlock{
			MarkdownDescription: "A session by an assertion of a SAML identity provider. It takes the place of all " +
				"other credentials.",
			Validators:   []validator.List{listvalidator.SizeAtMost(1)},
			NestedObject: schema.NestedBlockObject{Attributes: samlAttributes()},
		},
		"assume_role_with_web_identity": schema.ListNestedBlock{
			MarkdownDescription: "A session by a token of an OIDC identity provider. It takes the place of all " +
				"other credentials.",
			Validators:   []validator.List{listvalidator.SizeAtMost(1)},
			NestedObject: schema.NestedBlockObject{Attributes: webIdentityAttributes()},
		},
	}
}

func assumeRoleAttributes() map[string]schema.Attribute {
	return withRoleAttributes(map[string]schema.Attribute{
		"policy": schema.StringAttribute{
			Optional:            true,
			MarkdownDescription: "A policy (JSON) that narrows down what the session may do.",
		},
		"external_id": formedAttribute(
			"External id of the role, as CAM's console shows it.", credentials.EnvExternalID,
			credentials.ExternalID, "write 2 to 128 letters, digits and characters of _+=,.@:/-",
		),
		"tags": schema.MapAttribute{
			Optional:    true,
			ElementType: types.StringType,
			MarkdownDescription: fmt.Sprintf(
				"Session tags, which conditions of policies can name: %d at most. The official provider has no such "+
					"argument.", credentials.MaxTags,
			),
			Validators: []validator.Map{
				mapvalidator.SizeAtMost(credentials.MaxTags), mapvalidator.NoNullValues(),
				mapvalidator.KeysAre(stringvalidator.UTF8LengthBetween(1, credentials.MaxTagKey)),
				mapvalidator.ValueStringsAre(stringvalidator.UTF8LengthBetween(1, credentials.MaxTagValue)),
			},
		},
		"source_identity": textAttribute(
			"UIN of the caller, for the audit log.", credentials.EnvSourceIdentity,
		),
		"serial_number": textAttribute(
			"Serial number of the MFA device, `qcs::cam:uin/…::mfa/…`.", credentials.EnvSerialNumber,
		),
		"token_code": secretAttribute(
			"Code of the MFA device. It serves once, so such a session cannot be renewed.", credentials.EnvTokenCode,
		),
	})
}

func samlAttributes() map[string]schema.Attribute {
	return withRoleAttributes(map[string]schema.Attribute{
		"saml_assertion": secretAttribute("The assertion, in Base64.", credentials.EnvSAMLAssertion),
		"principal_arn": textAttribute(
			"The identity provider, `qcs::cam::uin/…:saml-provider/…`.", credentials.EnvPrincipalARN,
		),
	})
}

func webIdentityAttributes() map[string]schema.Attribute {
	return withRoleAttributes(map[string]schema.Attribute{
		"provider_id": textAttribute(
			fmt.Sprintf("Name of the identity provider. Default: `%s`.", credentials.DefaultProviderID),
			credentials.EnvProviderID,
		),
		"web_identity_token": secretAttribute(
			"The token. It beats `web_identity_token_file`.", credentials.EnvWebIdentityToken,
		),
		"web_identity_token_file": textAttribute(
			"File with the token, as it is or as `{\"web_identity_token\": \"…\"}`. It is read anew whenever the "+
				"session is renewed.",
			credentials.EnvWebIdentityTokenFile,
		),
	})
}

// withRoleAttributes adds what all three blocks have.
func withRoleAttributes(attributes map[string]schema.Attribute) map[string]schema.Attribute {
	attributes["role_arn"] = formedAttribute(
		"The role, in any form of its ARN: `qcs::cam::uin/…:roleName/NAME`, `…:role/ID`, and for roles of services "+
			"`…:role/tencentcloudServiceRoleName/NAME` and `…:role/tencentcloudServiceRole/ID`. Required here or in "+
			"the environment.",
		credentials.EnvRoleARN,
		credentials.RoleARN, "write the ARN of a role, such as qcs::cam::uin/100000000001:roleName/deployer",
	)
	attributes["session_name"] = formedAttribute(
		"Name of the session, as the audit log shows it. Required here or in the environment.",
		credentials.EnvSessionName,
		credentials.SessionName, "write 2 to 128 letters, digits and characters of _+=,.@-",
	)
	attributes["session_duration"] = schema.Int64Attribute{
		Optional: true,
		MarkdownDescription: fmt.Sprintf(
			"Seconds that the session lasts, up to %d; it is renewed before it ends. Default: %d. %s",
			credentials.MaxSessionDuration, credentials.DefaultSessionDuration,
			describeVariable(credentials.EnvSessionDuration),
		),
		Validators: []validator.Int64{int64validator.Between(0, credentials.MaxSessionDuration)},
	}
	return attributes
}

func textAttribute(description, env string) schema.Attribute {
	return schema.StringAttribute{Optional: true, MarkdownDescription: description + " " + describeVariable(env)}
}

// formedAttribute is a text of one form; remedy says what to write instead of another.
func formedAttribute(description, env string, form *regexp.Regexp, remedy string) schema.Attribute {
	return schema.StringAttribute{
		Optional:            true,
		MarkdownDescription: description + " " + describeVariable(env),
		Validators:          []validator.String{stringvalidator.RegexMatches(form, remedy)},
	}
}

func secretAttribute(description, env string) schema.Attribute {
	return schema.StringAttribute{
		Optional:            true,
		Sensitive:           true,
		MarkdownDescription: description + " " + describeVariable(env),
	}
}
