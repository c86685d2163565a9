package tfdiag

import (
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
)

// UnverifiedRegistry warns of a registry whose certificate nobody looks at.
func UnverifiedRegistry(host string) diag.Diagnostic {
	return diag.NewAttributeWarningDiagnostic(path.Root("registries").AtMapKey(host).AtName("insecure_skip_verify"), "Registry is not verified",
		fmt.Sprintf("The certificate of %s is not checked: whoever is between here and there can read its credentials and tell any size. "+
			"If it has a private CA, give that as ca_certificate instead.", host))
}

// LongTermToken warns of a token that stays when the run is over.
func LongTermToken(registry, id string) diag.Diagnostic {
	return diag.NewWarningDiagnostic("A long-term token was made", fmt.Sprintf(
		"Registry %s has a new long-term token, %s, which stays valid until it is deleted in the console. Each plan and each apply makes another one; "+
			"token_type = \"temp\" makes tokens that end by themselves.", registry, id))
}
