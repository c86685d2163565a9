package tfdiag

import (
	"strings"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/credentials"
)

// listPlaces lists the places where credentials were searched for.
func listPlaces(profile credentials.ProfileFile) []string {
	lacks := ", which has no secretId and secretKey"
	if profile.Missing {
		lacks = ", which does not exist"
	}
	return []string{
		"the provider arguments secret_id and secret_key",
		"the environment variables " + credentials.EnvSecretID + " and " + credentials.EnvSecretKey,
		"the profile file " + profile.Path + lacks,
		"the role of a CVM (cam_role_name, " + credentials.EnvCAMRoleName + ")",
		"a session from STS (assume_role_with_saml, assume_role_with_web_identity, enable_pod_oidc)",
	}
}

// formatUsed is a sentence that says where credentials came from, empty where that is not known.
func formatUsed(chain []credentials.Source) string {
	if len(chain) == 0 {
		return ""
	}
	return " The credentials came from " + describeSources(chain) + "."
}

func describeSources(chain []credentials.Source) string {
	described := make([]string, 0, len(chain))
	for _, source := range chain {
		described = append(described, describeSource(source))
	}
	return strings.Join(described, ", then ")
}

func describeSource(source credentials.Source) string {
	origins := make([]string, 0, len(source.From))
	for _, origin := range source.From {
		origins = append(origins, describeOrigin(origin))
	}
	from := strings.Join(origins, ", ")
	switch {
	case source.CVMRole != "":
		return "the role " + source.CVMRole + " of this CVM (" + from + ")"
	case source.RoleARN != "":
		return "the role " + source.RoleARN + " (" + from + ")"
	}
	return from
}

func describeOrigin(origin credentials.Origin) string {
	switch origin.Kind {
	case credentials.FromArgument:
		return "the provider argument " + origin.Name
	case credentials.FromBlock:
		return "the block " + origin.Name
	case credentials.FromVariable:
		return "the environment variable " + origin.Name
	case credentials.FromProfile:
		return "the profile file " + origin.Name
	}
	return origin.Name
}
