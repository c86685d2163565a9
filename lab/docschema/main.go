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
	document, err := Export(ctx, providerserver.NewProtocol6(provider.New(provider.Options{})())())
	if err != nil {
		return err
	}
	encoder := json.NewEncoder(os.Stdout)
	encoder.SetIndent("", "  ")

	return encoder.Encode(document)
}

// Export asks a provider for everything it offers, and puts it under the short name, by which
// tfplugindocs looks first.
func Export(ctx context.Context, server tfprotov6.ProviderServer) (Document, error) {
	schema, err := server.GetProviderSchema(ctx, &tfprotov6.GetProviderSchemaRequest{})
	if err != nil {
		return Document{}, err
	}
	identities, err := server.GetResourceIdentitySchemas(ctx, &tfprotov6.GetResourceIdentitySchemasRequest{})
	if err != nil {
		return Document{}, err
	}
	for _, d := range append(schema.Diagnostics, identities.Diagnostics...) {
		if d.Severity == tfprotov6.DiagnosticSeverityError {
			return Document{}, fmt.Errorf("%s: %s", d.Summary, d.Detail)
		}
	}

	return Document{FormatVersion: "1.0", Schemas: map[string]Provider{"tkeimage": {
		Provider:           newSchema(schema.Provider),
		Resources:          convertMap(schema.ResourceSchemas, newSchema),
		DataSources:        convertMap(schema.DataSourceSchemas, newSchema),
		EphemeralResources: convertMap(schema.EphemeralResourceSchemas, newSchema),
		ListResources:      convertMap(schema.ListResourceSchemas, newSchema),
		Actions:            convertMap(schema.ActionSchemas, newAction),
		Functions:          convertMap(schema.Functions, newFunction),
		Identities:         convertMap(identities.IdentitySchemas, newIdentity),
	}}}, nil
}
