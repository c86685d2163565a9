package tfdiag

import (
	"errors"
	"fmt"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/cloudapi"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/credentials"
)

// CredentialArguments describes arguments of the provider that no credential can be made of.
func CredentialArguments(at path.Path, err *credentials.ArgumentError) diag.Diagnostic {
	summary := "Role configuration is incomplete"
	if err.Block == "" {
		summary = "Credentials are incomplete"
	}
	return diag.NewAttributeErrorDiagnostic(at, summary, formatArgumentError(err))
}

func formatArgumentError(e *credentials.ArgumentError) string {
	switch e.Problem {
	case credentials.PartialKeyPair:
		return fmt.Sprintf("%s is set by %s, but %s is not: set the argument %s or the environment variable %s.",
			e.Have, describeOrigin(e.From), e.Argument, e.Argument, e.Variable)
	case credentials.MissingArgument:
		variable := e.Variable
		if e.Argument == "web_identity_token" {
			variable += " (or web_identity_token_file, " + credentials.EnvWebIdentityTokenFile + ")"
		}
		return fmt.Sprintf("%s has no %s: set it in the block, or the environment variable %s.",
			e.Block, e.Argument, variable)
	case credentials.MissingSessionName:
		return fmt.Sprintf("The environment variable %s asks for a role, but %s is not set. Set it too.",
			credentials.EnvRoleARN, e.Variable)
	case credentials.InvalidDuration:
		return fmt.Sprintf("The environment variable %s is %q. It must be a number of seconds from 0 to %d.",
			e.Variable, e.Value, credentials.MaxSessionDuration)
	case credentials.SessionsInBlocks:
		return "assume_role_with_saml and assume_role_with_web_identity are two ways to begin a session: only one of " +
			"them can be set."
	case credentials.SessionsInVariables:
		return fmt.Sprintf("The environment asks for a session with SAML (%s, %s) and for one with a web identity "+
			"(%s or %s). Unset one of them.",
			credentials.EnvSAMLAssertion, credentials.EnvPrincipalARN,
			credentials.EnvWebIdentityToken, credentials.EnvWebIdentityTokenFile)
	}
	return endSentence(capitalize(e.Error()))
}

// formatUnusable explains why the credentials that were found cannot be used. used are their
// sources.
func formatUnusable(err error, used []credentials.Source) string {
	var (
		profile *credentials.ProfileError
		pod     *credentials.PodError
		nothing *credentials.NothingToAssumeWithError
		account *credentials.AccountError
		lookup  *credentials.AccountLookupError
		link    *credentials.Error

		argument *credentials.ArgumentError
	)
	switch {
	case errors.As(err, &link):
		return formatUnobtained(link)
	case errors.As(err, &argument):
		return formatArgumentError(argument)
	case errors.As(err, &lookup):
		return "Cannot look up the account of the credentials from " + describeSources(lookup.With) + ", as " +
			"allowed_account_ids and forbidden_account_ids require.\n" + formatLinkFailure(lookup.Err)
	case errors.As(err, &account):
		return formatWrongAccount(account) + formatUsed(used) +
			"\n\nUse credentials of another account, or change the list in the provider's configuration."
	case errors.As(err, &profile):
		return endSentence(capitalize(profile.Error())) +
			"\n\nRecreate it (tccli configure, tccli auth login), or set the provider's secret_id and secret_key, " +
			"or their environment variables."
	case errors.As(err, &pod):
		return fmt.Sprintf("The provider has enable_pod_oidc, but the environment has no %s: this does not run in a "+
			"Pod whose service account (serviceAccountName) has a role, or TKE's webhook for that is not installed.",
			strings.Join(pod.Lacks, ", "))
	case errors.As(err, &nothing):
		return fmt.Sprintf("No credentials were found to assume %s with. Places searched:\n%s\n\nSet one of them.",
			describeSource(nothing.Role), formatList(listPlaces(nothing.Profile)))
	}
	return endSentence(capitalize(err.Error()))
}

func formatWrongAccount(err *credentials.AccountError) string {
	if err.Forbidden {
		return fmt.Sprintf("The credentials belong to account %s, which forbidden_account_ids names.", err.Account)
	}
	return fmt.Sprintf("The credentials belong to account %s; allowed_account_ids has only %s.",
		err.Account, strings.Join(err.Allowed, ", "))
}

// formatUnobtained describes a link of the chain that could not be obtained: what it is, what the
// other side said, and which credentials were used for it.
func formatUnobtained(err *credentials.Error) string {
	text := "Cannot obtain cloud credentials from " + describeSource(err.Link)
	if err.With != nil {
		text += ", using the credentials from " + describeSource(*err.With)
	}
	return text + ".\n" + formatLinkFailure(err.Err)
}

// formatLinkFailure words what STS, the metadata service or a file has answered.
func formatLinkFailure(err error) string {
	var (
		call     *cloudapi.Error
		metadata *credentials.MetadataError
	)
	switch {
	case errors.As(err, &call):
		return formatFailedCall(call, nil) // what was used stands above
	case errors.As(err, &metadata):
		return endSentence(capitalize(metadata.Error())) +
			"\n\nThe role that cam_role_name (TENCENTCLOUD_CAM_ROLE_NAME) names must be bound to the CVM that " +
			"Terraform runs on. Only CVMs have a metadata service."
	}
	return endSentence(capitalize(err.Error()))
}
