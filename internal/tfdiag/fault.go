package tfdiag

import "github.com/hashicorp/terraform-plugin-framework/diag"

// ProviderFault describes what only a fault of the provider brings about.
func ProviderFault(attempt string, err error) diag.Diagnostic {
	return diag.NewErrorDiagnostic("Cannot "+attempt, endSentence(err.Error())+
		" This is a fault of the provider: please report it, with this message and the version of the provider.")
}
