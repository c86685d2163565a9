package tfdiag

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/cloudapi"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/credentials"
)

type codeRemedy struct{ code, advice string }

// serviceRemedies go before the general ones, the most special code first. %s is the action.
var serviceRemedies = map[string][]codeRemedy{
	"tke": slices.Concat([]codeRemedy{
		{
			"RequestLimitExceeded.IPLimitExceeded",
			"Too many requests from this machine's address, which others may share: lower max_requests_per_second or " +
				"Terraform's -parallelism, and apply again.",
		},
		{
			"RequestLimitExceeded",
			"Too many requests for this account: lower max_requests_per_second or Terraform's -parallelism, and " +
				"apply again.",
		},
		{"LimitExceeded", quotaAdvice},
		{"InvalidParameterValue.LimitExceeded", quotaAdvice},
		{"InternalError.QuotaMaxRtLimit", "A quota of the account is exhausted; the message says which. Request " +
			"a larger quota in the console."},
		{"FailedOperation.TradeInsufficientBalance", "The account's balance does not suffice: top it up in the " +
			"console, and apply again."},
		{"FailedOperation.TagCommon", "The tag service refuses the tags: check tags, default_tags, and the " +
			"account's permission to use tags."},
		{"FailedOperation.RecordNotFound", recordAdvice},
		{"FailedOperation.DbRecordNotFound", recordAdvice},
		{"InternalError.DbRecordNotFound", recordAdvice},
		{"ResourceInsufficient", stockAdvice},
		{"ResourcesSoldOut", stockAdvice},
		{"ResourceInUse", "The cache is in use or being changed: wait until it is Ready, and apply again."},
		{
			"ResourceUnavailable",
			"The cache cannot be changed in its current state: wait until it is Ready, and apply again.",
		},
		{
			"UnsupportedOperation",
			"The cache cannot be changed in its current state: wait until it is Ready or UpdateFailed, and " +
				"apply again.",
		},
		{
			"ResourceNotFound",
			"A resource in the request does not exist in this region: check vpc_id, subnet_id, security_group_ids " +
				"and the provider's region.",
		},
		{"InvalidParameter", valueAdvice},
		{"InvalidParameterValue", valueAdvice},
		{"UnsupportedRegion", "Image caches are not offered in this region: check the provider's region."},
	}, permissionRemedies("The account is not permitted to do this. It needs the CAM action tke:%s on "+
		"qcs::tke:REGION:uin/UIN:imagecache/*; Update and Delete are often refused where Create is allowed.")),
	"sts": slices.Concat([]codeRemedy{
		{"ResourceNotFound.RoleNotFound", "There is no such role in that account: check the spelling of role_arn."},
		{"ResourceNotFound", "A resource in the request does not exist: check role_arn and the identity provider."},
	}, permissionRemedies("The caller is not permitted to do this. Assuming a role needs the CAM action sts:%s on "+
		"the role, and the role's trust policy must allow the caller.")),
	"tcr": slices.Concat([]codeRemedy{
		{
			"ResourceNotFound",
			"There is no such registry instance in this region: check registry_id and the provider's region.",
		},
	}, permissionRemedies("The account is not permitted to do this. It needs the CAM action tcr:%s on the instance.")),
	"cbs": slices.Concat([]codeRemedy{
		{
			"InvalidParameterValue",
			"The service has no price for such a disk: check disk_type and size_gib, which usually is a multiple " +
				"of 10 GiB.",
		},
		{
			"InvalidParameter",
			"The service has no price for such a disk: check disk_type and size_gib, which usually is a multiple " +
				"of 10 GiB.",
		},
	}, permissionRemedies("The account is not permitted to do this. It needs the CAM action cbs:%s.")),
}

// permissionRemedies is the advice for all the codes that CAM's refusal has.
func permissionRemedies(advice string) []codeRemedy {
	return []codeRemedy{
		{"UnauthorizedOperation", advice},
		{"InternalError.CamNoAuth", advice},
		{"FailedOperation.CamNoAuth", advice},
		{"AuthFailure.UnauthorizedOperation", advice},
	}
}

// remedies hold for every service, so they name nothing that only one of them has.
var remedies = []codeRemedy{
	{
		"RequestLimitExceeded",
		"Too many requests for this account: lower Terraform's -parallelism, or apply again later.",
	},
	{
		"LimitExceeded",
		"A quota is exhausted: check the service's console for what can be deleted, or request a larger quota there.",
	},
	{
		"OperationDenied",
		"The account, or what the request names, is not allowed this operation: check the console for arrears " +
			"or a lock.",
	},
	{"UnsupportedRegion", "The service is not offered in this region: check the provider's region."},
	{"InvalidAction", siteAdvice},
	{"NoSuchVersion", siteAdvice},
	{"UnknownParameter", siteAdvice},
	{
		"InternalError",
		"The service had an internal failure. Apply again later; if it persists, open a ticket with the request id.",
	},
}

const (
	siteAdvice = "The API at this host is not the one that this provider is written for: another site (whether the " +
		"international one has this action is unconfirmed), or another version. Check domain and endpoints."
	quotaAdvice = "A quota is exhausted: delete caches that are not needed, or request a larger quota in the console."
	valueAdvice = "The service refuses a value of the request; its message says which. Compare that argument with " +
		"the documentation of the service, and report it if a plan should have found it."
	recordAdvice = "The service has no record of something in the request: check vpc_id, subnet_id, " +
		"security_group_ids, the id of the cache and the provider's region."
	stockAdvice = "The zone of this subnet has no capacity for the builder at the moment: use a subnet in another " +
		"zone, or try again later."
)

// maxSkew is from where on the service refuses a signature for its time.
const maxSkew = 5 * time.Minute

func findRemedy(err *cloudapi.Error, used []credentials.Source) string {
	service := cmp.Or(err.Service, "tke")
	switch {
	case cloudapi.IsPlainHTTP(err):
		return fmt.Sprintf(
			"The other side speaks plain HTTP where TLS is expected: write the scheme and port that it has, "+
				"endpoints[%q] = \"http://…\", or check which port a proxy (HTTPS_PROXY) has.",
			service,
		)
	case err.Kind == cloudapi.KindNetwork || err.Kind == cloudapi.KindMalformed || err.Kind == cloudapi.KindStatus:
		return fmt.Sprintf(
			"Check the provider's region, domain and endpoints[%q], proxies (HTTPS_PROXY) and the network between "+
				"Terraform and the API.",
			service,
		)
	case err.HasCode("AuthFailure.UnauthorizedOperation"):
	case err.HasCode("AuthFailure"):
		return adviseAuth(err, used)
	}
	for _, r := range slices.Concat(serviceRemedies[service], remedies) {
		if err.HasCode(r.code) {
			return strings.ReplaceAll(r.advice, "%s", err.Action)
		}
	}
	return ""
}

func adviseAuth(err *cloudapi.Error, chain []credentials.Source) string {
	used := formatUsed(chain)
	switch {
	case err.HasCode("AuthFailure.SignatureExpire") && err.Skew.Abs() > maxSkew:
		return fmt.Sprintf(
			"This machine's clock is %s the service's by %s: set the clock (NTP).%s", clockDirection(err.Skew),
			err.Skew.Abs().Round(time.Second), used,
		)
	case err.HasCode("AuthFailure.SignatureExpire"):
		return "The signature is too old or too new for the service: check this machine's clock (NTP)." + used
	case err.HasCode("AuthFailure.SignatureFailure"):
		return "The secret key does not belong to the secret id." + used
	case err.HasCode("AuthFailure.SecretIdNotFound"):
		return "The secret id does not exist, or was disabled, or belongs to the other site " +
			"(China or international)." + used
	case err.HasCode("AuthFailure.MFAFailure"):
		return "The code of the MFA device is not valid any more, or was used before: set token_code to the next one."
	case err.HasCode("AuthFailure.TokenFailure"):
		return "The security token has expired or does not belong to the secret id." + used
	}
	return "The service refuses the credentials." + used
}

func clockDirection(skew time.Duration) string {
	if skew > 0 {
		return "ahead of"
	}
	return "behind"
}
