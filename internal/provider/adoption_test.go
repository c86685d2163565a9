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
			Name: "private", Images: []string{"r.example.com/private:v1"}, SizeGiB: 32000, ResolveConfig: "nameserver 1.1.1.1",
			Credentials:   []tketest.RegistryCredential{{Server: "r.example.com", Username: "robot", Password: "CANARY"}},
			AutoCreateEip: true, HTTPEndPointList: []string{"r.example.com"},
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

// checkAdopted applies, and checks that this imported caches and changed nothing, neither then nor
// with the next plan.
func (c *cli) checkAdopted(t *testing.T, cloud *tketest.Server, caches int) {
	t.Helper()
	output := c.must(t, "apply", "-auto-approve")
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
			acctest.CLI(t)
			cloud := acctest.Cloud(t, tketest.Options{})
			c := newCLI(t, cloud)
			c.atLeast(t, test.least)
			ids := putAll(cloud)
			blocks := requireProvider
			for i, id := range ids {
				blocks += fmt.Sprintf("import {\n  to = tkeimage_cache.c%d\n  "+test.by+"\n}\n", i, id)
			}
			c.write(t, "imports.tf", blocks)
			c.must(t, "init")
			c.must(t, "plan", "-generate-config-out=generated.tf")
			c.checkAdopted(t, cloud, len(ids))
			generated, err := os.ReadFile(filepath.Join(c.folder, "generated.tf"))
			if err != nil || strings.Contains(string(generated), "CANARY") {
				t.Errorf("%v, or a secret in:\n%s", err, generated)
			}
		})
	}
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
