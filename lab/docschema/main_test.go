package main

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/terraform-plugin-framework/providerserver"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/acctest"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/provider"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/tfcli"
)

// The command line is the authority on its own format, as far as the one at hand knows what
// providers offer.
func TestExportIsWhatTheCLIWrites(t *testing.T) {
	t.Parallel()

	theirs := schemaFromCLI(t)
	ours := schemaFromProvider(t)

	for _, group := range []string{
		"provider", "resource_schemas", "data_source_schemas", "ephemeral_resource_schemas", "functions",
	} {
		if diff := cmp.Diff(theirs[group], ours[group]); diff != "" {
			t.Errorf("%s differs, - as the CLI writes it, + as we do:\n%s", group, diff)
		}
	}
	if identities, known := theirs["resource_identity_schemas"]; known {
		if diff := cmp.Diff(identities, ours["resource_identity_schemas"]); diff != "" {
			t.Errorf("identities differ, - as the CLI writes it, + as we do:\n%s", diff)
		}
	}
}

func schemaFromProvider(t *testing.T) map[string]any {
	t.Helper()

	document, err := exportSchema(t.Context(), providerserver.NewProtocol6(provider.New(provider.Options{})())())
	if err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(document)
	if err != nil {
		t.Fatal(err)
	}

	return onlyProvider(t, text)
}

func schemaFromCLI(t *testing.T) map[string]any {
	t.Helper()

	cli := acctest.CLI(t)
	environment := tfcli.Environment(acctest.Mirror(t, acctest.ProviderBinary(t)))
	folder := t.TempDir()
	const configuration = `terraform {
  required_providers {
    tkeimage = { source = "tkeimage/tkeimage" }
  }
}`
	if err := os.WriteFile(filepath.Join(folder, "main.tf"), []byte(configuration), 0o600); err != nil {
		t.Fatal(err)
	}

	run := func(arguments ...string) []byte {
		command := exec.CommandContext(t.Context(), cli, arguments...)
		command.Dir, command.Env = folder, environment
		output, err := command.Output()
		if err != nil {
			t.Fatalf("%v: %v\n%s", arguments, err, output)
		}
		return output
	}
	run("init")

	return onlyProvider(t, run("providers", "schema", "-json"))
}

// onlyProvider decodes a document of one provider, and drops what says nothing or what only newer
// CLIs say.
func onlyProvider(t *testing.T, text []byte) map[string]any {
	t.Helper()

	var document struct {
		Schemas map[string]map[string]any `json:"provider_schemas"`
	}
	if err := json.Unmarshal(text, &document); err != nil {
		t.Fatal(err)
	}
	if len(document.Schemas) != 1 {
		t.Fatalf("%d providers, want 1", len(document.Schemas))
	}
	for _, schema := range document.Schemas {
		prune(schema)
		return schema
	}

	return nil
}

func prune(object map[string]any) {
	delete(object, "deprecation_message")
	for key, value := range object {
		switch value := value.(type) {
		case map[string]any:
			prune(value)
			if len(value) == 0 {
				delete(object, key)
			}
		case []any:
			for _, element := range value {
				if inner, ok := element.(map[string]any); ok {
					prune(inner)
				}
			}
			if len(value) == 0 {
				delete(object, key)
			}
		case string:
			if value == "" {
				delete(object, key)
			}
		}
	}
}
