package tfdiag

import (
	"errors"
	"fmt"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/cloudapi"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/credentials"
)

// unusable tells why there is nothing to sign with, although something was found. used is where that is from.
func unusable(err error, used string) string {
	var (
		profile *credentials.ProfileError
		pod     *credentials.PodError
		nothing *credentials.NothingToAssumeWithError
		account *credentials.AccountError
		link    *credentials.Error
	)
	switch {
	case errors.As(err, &link):
		return unobtained(link)
	case errors.As(err, &account):
		return sentence(capital(account.Error())) + cameFrom(used) + "\n\nUse credentials of another account, or change the list in the provider's configuration."
	case errors.As(err, &profile):
		return sentence(capital(profile.Error())) + "\n\nWrite it anew (tccli configure, tccli auth login), or set the provider's secret_id and secret_key, or their environment variables."
	case errors.As(err, &pod):
		return sentence(capital(pod.Error()))
	case errors.As(err, &nothing):
		return fmt.Sprintf("This needs the cloud, and there is nothing to assume %s with. Credentials for that were looked for at:\n%s\n\nSet one of them.",
			nothing.Role, list(nothing.Looked))
	}
	return sentence(capital(err.Error()))
}

// unobtained tells of a link of the chain that could not be had: what it was, what the other side said, what was used for it.
func unobtained(link *credentials.Error) string {
	text := "This needs the cloud, and its credentials could not be had: " + link.Link
	if link.With != "" {
		text += ", with the credential of " + link.With
	}
	text += ".\n"
	var (
		call     *cloudapi.Error
		metadata *credentials.MetadataError
	)
	switch {
	case errors.As(link.Err, &call):
		return text + failedCall(call, "") // what was used stands above
	case errors.As(link.Err, &metadata):
		return text + sentence(capital(metadata.Error())) +
			"\n\nThe role must be bound to the CVM that this runs on, by the name that cam_role_name (TENCENTCLOUD_CAM_ROLE_NAME) has; elsewhere than on a CVM there is no such service."
	}
	return text + sentence(capital(link.Err.Error()))
}
