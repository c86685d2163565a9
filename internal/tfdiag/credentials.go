package tfdiag

import (
	"errors"
	"fmt"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/cloudapi"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/credentials"
)

// formatUnusable explains why the credentials that were found cannot be used. used is their source.
func formatUnusable(err error, used string) string {
	var (
		profile *credentials.ProfileError
		pod     *credentials.PodError
		nothing *credentials.NothingToAssumeWithError
		account *credentials.AccountError
		link    *credentials.Error
	)
	switch {
	case errors.As(err, &link):
		return formatUnobtained(link)
	case errors.As(err, &account):
		return endSentence(
			capitalize(account.Error()),
		) + formatSource(
			used,
		) + "\n\nUse credentials of another account, or change the list in the provider's configuration."
	case errors.As(err, &profile):
		return endSentence(
			capitalize(profile.Error()),
		) + "\n\nRecreate it (tccli configure, tccli auth login), or set the provider's secret_id and secret_key, " +
			"or their environment variables."
	case errors.As(err, &pod):
		return endSentence(capitalize(pod.Error()))
	case errors.As(err, &nothing):
		return fmt.Sprintf("No credentials were found to assume %s with. Places searched:\n%s\n\nSet one of them.",
			nothing.Role, formatList(nothing.Looked))
	}
	return endSentence(capitalize(err.Error()))
}

// formatUnobtained describes a link of the chain that could not be obtained: what it is, what the
// other side said, and which credentials were used for it.
func formatUnobtained(link *credentials.Error) string {
	text := "Cannot obtain cloud credentials from " + link.Link
	if link.With != "" {
		text += ", using the credentials from " + link.With
	}
	text += ".\n"
	var (
		call     *cloudapi.Error
		metadata *credentials.MetadataError
	)
	switch {
	case errors.As(link.Err, &call):
		return text + formatFailedCall(call, "") // what was used stands above
	case errors.As(link.Err, &metadata):
		return text + endSentence(capitalize(metadata.Error())) +
			"\n\nThe role that cam_role_name (TENCENTCLOUD_CAM_ROLE_NAME) names must be bound to the CVM that " +
			"Terraform runs on. Only CVMs have a metadata service."
	}
	return text + endSentence(capitalize(link.Err.Error()))
}
