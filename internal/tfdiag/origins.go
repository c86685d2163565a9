package tfdiag

import (
	"strings"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/credentials"
)

// describePlaces words the places where credentials were searched for.
func describePlaces(places []credentials.Place) []string {
	described := make([]string, 0, len(places))
	for _, place := range places {
		described = append(described, describePlace(place))
	}
	return described
}

func describePlace(place credentials.Place) string {
	switch place.Kind {
	case credentials.KeyArguments:
		return "the provider arguments secret_id and secret_key"
	case credentials.KeyVariables:
		return "the environment variables " + credentials.EnvSecretID + " and " + credentials.EnvSecretKey
	case credentials.ProfileFile:
		return "the profile file " + place.File
	case credentials.MissingProfile:
		return "the profile file " + place.File + ", which does not exist"
	case credentials.ProfileWithoutKeys:
		return "the profile file " + place.File + ", which has no secretId and secretKey"
	case credentials.CVMRoles:
		return "the role of a CVM (cam_role_name, " + credentials.EnvCAMRoleName + ")"
	case credentials.STSSessions:
		return "a session from STS (assume_role_with_saml, assume_role_with_web_identity, enable_pod_oidc)"
	}
	return string(place.Kind)
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
