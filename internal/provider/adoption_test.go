package provider_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/acctest"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/tke"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/tke/tketest"
)

// putAll makes caches outside Terraform, of each kind that an account can have.
func putAll(cloud *tketest.Server) (ids []string) {
	for _, cache := range []tketest.Cache{
		{Name: "llm", Images: []string{"registry.example.com/llm:v1"}, SizeGiB: 50, VpcID: "vpc-508ctkfb"},
		{
			Name: "tagged", Images: []string{"nginx", "busybox:1.37"}, RetentionDays: 90,
			Tags: []tketest.Tag{{Key: "team", Value: "ml"}, {Key: "creator", Value: "console"}},
		},
		{Images: []string{"app:v1", "sidecar:v2"}, Type: tketest.TypeAuto}, // the service's own has no name
		{
			Name: "private", Images: []string{"r.example.com/private:v1"}, SizeGiB: 32000,
			ResolveConfig: "nameserver 1.1.1.1", AutoCreateEip: true, HTTPEndPointList: []string{"r.example.com"},
			Credentials: []tketest.RegistryCredential{
				{Server: "r.example.com", Username: "robot", Password: "CANARY"},
			},
		},
	} {
		ids = append(ids, cloud.Put(cache).ID)
	}
	return ids
}

// write puts a file into the folder of the configuration.
func (c *cli) write(t *testing.T, name, text string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(c.folder, name), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// requireProvider is what a configuration needs beside import blocks and queries.
const requireProvider = `
terraform {
  required_providers {
    tkeimage = { source = "tkeimage/tkeimage" }
  }
}
`

// importAll imports by blocks, which stand beside no resource yet. Terraform 1.16 needs their
// argument provider to generate a configuration, and every CLI refuses it once there is one. So the
// plan is saved, and the blocks go when it is applied.
func (c *cli) importAll(t *testing.T, cloud *tketest.Server, blocks []string) {
	t.Helper()
	c.write(t, "versions.tf", requireProvider)
	c.write(t, "imports.tf", strings.Join(blocks, ""))
	c.must(t, "init")
	c.must(t, "plan", "-generate-config-out=generated.tf", "-out=import.tfplan")
	output := c.must(t, "apply", "import.tfplan")
	if err := os.Remove(filepath.Join(c.folder, "imports.tf")); err != nil {
		t.Fatal(err)
	}
	c.checkAdopted(t, cloud, output, len(blocks))
}

func importBlock(number int, what string) string {
	return fmt.Sprintf("import {\n  to       = tkeimage_cache.c%d\n  provider = tkeimage\n  %s\n}\n", number, what)
}

// checkAdopted checks that an apply imported caches and changed nothing, and that the next plan is
// empty.
func (c *cli) checkAdopted(t *testing.T, cloud *tketest.Server, output string, caches int) {
	t.Helper()
	says(t, output, fmt.Sprintf("%d imported, 0 added, 0 changed, 0 destroyed", caches))
	if code, plan := c.try(t, "plan", "-detailed-exitcode"); code != 0 {
		t.Errorf("the plan after the import is not empty:\n%s", plan)
	}
	for _, action := range []string{tke.ActionCreate, tke.ActionUpdate, tke.ActionDelete} {
		if calls := cloud.Calls(action); calls != 0 {
			t.Errorf("the import made %d calls of %s", calls, action)
		}
	}
}

// TestAGeneratedConfigurationIsValidAsItStands: import blocks alone lead to a configuration and an
// import that changes nothing.
func TestAGeneratedConfigurationIsValidAsItStands(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		least, by string // the version of the CLI, and what an import block says
	}{
		"by id":       {"1.11.0", `id = %q`},
		"by identity": {"1.12.0", `identity = { id = %q }`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			acctest.RequireVersion(t, test.least)
			cloud := acctest.Cloud(t, tketest.Options{})
			c := newCLI(t, cloud)
			ids := putAll(cloud)
			var blocks []string
			for i, id := range ids {
				blocks = append(blocks, importBlock(i, fmt.Sprintf(test.by, id)))
			}
			c.importAll(t, cloud, blocks)
			generated, err := os.ReadFile(filepath.Join(c.folder, "generated.tf"))
			if err != nil || strings.Contains(string(generated), "CANARY") {
				t.Errorf("%v, or a secret in:\n%s", err, generated)
			}
		})
	}
}

// TestManyCachesAreAdoptedAtOnce: what an account has collected in the console comes into a state
// by a query, where the CLI has it, or by import blocks.
func TestManyCachesAreAdoptedAtOnce(t *testing.T) {
	t.Parallel()
	acctest.CLI(t)
	cloud := acctest.Cloud(t, tketest.Options{})
	const caches = 120
	var blocks []string
	for i := range caches {
		id := cloud.Put(tketest.Cache{Name: fmt.Sprintf("llm-%d", i), Images: []string{fmt.Sprintf("llm:v%d", i)}}).ID
		blocks = append(blocks, importBlock(i, fmt.Sprintf("id = %q", id)))
	}
	cloud.Put(tketest.Cache{Name: "broken", Images: []string{"llm:v1"}, Status: tketest.StatusFailed})

	t.Run("by import blocks", func(t *testing.T) {
		t.Parallel()
		newCLI(t, cloud).importAll(t, cloud, blocks)
	})
	t.Run("by a query", func(t *testing.T) {
		t.Parallel()
		acctest.RequireTerraform(t, "1.14.0")
		c := newCLI(t, cloud)
		c.write(t, "main.tf", requireProvider)
		c.write(t, "caches.tfquery.hcl", ready(""))
		c.must(t, "init")
		c.must(t, "validate", "-query")
		limited := c.must(t, "query")
		says(t, limited, "The limit leaves out image caches: 20")
		says(t, limited, "The query found 120 image caches and lists the 100 newest. Set limit = 120 or more")
		c.write(t, "caches.tfquery.hcl", ready("limit = 1000"))
		output := c.must(t, "query", "-generate-config-out=generated.tf")
		if strings.Contains(output, "leaves out") || strings.Contains(output, "broken") {
			t.Errorf("a query of all lists:\n%s", output)
		}
		c.checkAdopted(t, cloud, c.must(t, "apply", "-auto-approve"), caches)
	})
}

// ready is a query for the caches that can be used, with more in its block.
func ready(more string) string {
	return "list \"tkeimage_cache\" \"all\" {\n  provider = tkeimage\n  " + more +
		"\n  config {\n    status = \"Ready\"\n  }\n}\n"
}

// TestAnIdentityWithoutAnIDAsksNothing: the error names the argument, and no request is made.
func TestAnIdentityWithoutAnIDAsksNothing(t *testing.T) {
	t.Parallel()
	cloud := tketest.Start(t, tketest.Options{RequestsPerSecond: -1, Builder: tketest.InstantBuilder})
	s := speak(t, cloud)
	identities, err := s.server.GetResourceIdentitySchemas(t.Context(), &tfprotov6.GetResourceIdentitySchemasRequest{})
	if err != nil {
		t.Fatal(err)
	}
	kind := identities.IdentitySchemas["tkeimage_cache"].ValueType()
	for name, id := range map[string]tftypes.Value{"null": tftypes.NewValue(tftypes.String, nil), "empty": text("")} {
		identity, err := tfprotov6.NewDynamicValue(kind, tftypes.NewValue(kind, map[string]tftypes.Value{
			"id": id, "region": text("ap-guangzhou"),
		}))
		if err != nil {
			t.Fatal(err)
		}
		imported, err := s.server.ImportResourceState(t.Context(), &tfprotov6.ImportResourceStateRequest{
			TypeName: "tkeimage_cache", Identity: &tfprotov6.ResourceIdentityData{IdentityData: &identity},
		})
		if err != nil {
			t.Fatal(err)
		}
		if d := imported.Diagnostics; len(d) != 1 || d[0].Summary != "An import needs the id of a cache" {
			t.Errorf("%s: %+v", name, d)
		}
	}
	if asked := len(cloud.Requests()); asked != 0 {
		t.Errorf("%d requests were made", asked)
	}
}
