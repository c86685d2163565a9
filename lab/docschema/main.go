// Command docschema prints the provider's schema in the JSON that `terraform providers schema
// -json` writes, for tfplugindocs to make documentation of.
//
// It asks the provider itself rather than a Terraform CLI, because no two of them know all of it:
// the documentation would say less about identities or list resources where an older Terraform, or
// OpenTofu, happened to be installed.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"

	"github.com/hashicorp/terraform-plugin-framework/providerserver"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/provider"
)

func main() {
	if err := writeSchema(context.Background()); err != nil {
		fmt.Fprintln(os.Stderr, "docschema:", err)
		os.Exit(1)
	}
}

func writeSchema(ctx context.Context) error {
	document, err := exportSchema(ctx, providerserver.NewProtocol6(provider.New(provider.Options{})())())
	if err != nil {
		return err
	}
	encoder := json.NewEncoder(os.Stdout)
	encoder.SetIndent("", "  ")

	return encoder.Encode(document)
}

// exportSchema asks a provider for everything it offers, and puts it under the short name, by which
// tfplugindocs looks first.
func exportSchema(ctx context.Context, server tfprotov6.ProviderServer) (document, error) {
	all, err := server.GetProviderSchema(ctx, &tfprotov6.GetProviderSchemaRequest{})
	if err != nil {
		return document{}, err
	}
	identities, err := server.GetResourceIdentitySchemas(ctx, &tfprotov6.GetResourceIdentitySchemasRequest{})
	if err != nil {
		return document{}, err
	}
	for _, d := range append(all.Diagnostics, identities.Diagnostics...) {
		if d.Severity == tfprotov6.DiagnosticSeverityError {
			return document{}, fmt.Errorf("%s: %s", d.Summary, d.Detail)
		}
	}

	return document{FormatVersion: "1.0", Schemas: map[string]providerSchemas{"tkeimage": {
		Provider:           newSchema(all.Provider),
		Resources:          convertMap(all.ResourceSchemas, newSchema),
		DataSources:        convertMap(all.DataSourceSchemas, newSchema),
		EphemeralResources: convertMap(all.EphemeralResourceSchemas, newSchema),
		ListResources:      convertMap(all.ListResourceSchemas, newSchema),
		Actions:            convertMap(all.ActionSchemas, newAction),
		Functions:          convertMap(all.Functions, newFunction),
		Identities:         convertMap(identities.IdentitySchemas, newIdentity),
	}}}, nil
}
