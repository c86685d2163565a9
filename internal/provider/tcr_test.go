package provider_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-containerregistry/pkg/authn"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/acctest"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/cloudapi/apitest"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/registry/registrytest"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/tcr/tcrtest"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/tke/tketest"
)

// tcrCLI is the CLI beside a stand-in for TCR with one instance, tcr-ak9876.
func tcrCLI(t *testing.T, cloud *tketest.Server, token string) (*cli, *tcrtest.Server) {
	t.Helper()
	key := apitest.Credential{SecretID: tketest.DefaultSecretID, SecretKey: tketest.DefaultSecretKey}
	server := tcrtest.New(tcrtest.Options{
		Lookup:    func(id string) (apitest.Credential, bool) { return key, id == key.SecretID },
		Instances: map[string]tcrtest.Account{"tcr-ak9876": {Username: "100000000001", Token: token}},
		Bare:      true,
	})
	return newCLI(t, cloud, "TKEIMAGE_ENDPOINT_TCR="+apitest.Start(t, server)), server
}

// TestThePrivateTCRExample runs examples/private-tcr as users do: the image is measured and really
// pulled by the cache's builder, both with tokens that stand in no plan, no state and no log.
func TestThePrivateTCRExample(t *testing.T) {
	t.Parallel()
	acctest.CLI(t)
	registry := registrytest.Start(t, registrytest.Options{Username: "100000000001", Password: canaryRegistry})
	image := pushRandom(t, registry.Host+"/ai/llm:v1", &authn.Basic{Username: "100000000001", Password: canaryRegistry})
	cloud := tketest.Start(t, tketest.Options{RequestsPerSecond: -1}) // with its own builder
	c, tcr := tcrCLI(t, cloud, canaryRegistry)
	c.Env = append(c.Env, "TF_LOG=TRACE", "TF_LOG_PATH="+filepath.Join(c.folder, "trace.log"))
	c.use(t, "private-tcr")
	c.Set(t, map[string]any{
		"registry_id":       "tcr-ak9876",
		"registry_host":     registry.Host,
		"registry_username": "100000000001",
		"images":            []string{image},
		"vpc_id":            "vpc-508ctkfb",
		"subnet_id":         "subnet-8ah75lo8",
	})
	printed := c.must(t, "init")
	printed += c.must(t, "plan", "-out=first.tfplan")
	printed += c.must(t, "apply", "first.tfplan")
	caches := cloud.Caches()
	if len(caches) != 1 || caches[0].Status != tketest.StatusReady || len(caches[0].Credentials) != 1 ||
		caches[0].Credentials[0].Password != canaryRegistry {
		t.Fatalf("the builder did not pull with the token: %d caches", len(caches))
	}
	c.CheckEmptyPlan(t)
	printed += c.must(t, "destroy", "-auto-approve")
	for _, issued := range tcr.Issued() {
		if issued != (tcrtest.IssuedToken{Registry: "tcr-ak9876", Type: "temp"}) {
			t.Errorf("a token was issued: %+v", issued)
		}
	}
	searchForCanaries(
		t, c.folder, printed, "terraform.tfstate", "terraform.tfstate.backup", "first.tfplan", "trace.log",
	)
}

func (c *cli) oneToken(t *testing.T, arguments string) {
	t.Helper()
	text := fmt.Sprintf(`
terraform {
  required_providers {
    tkeimage = { source = "tkeimage/tkeimage" }
  }
}
ephemeral "tkeimage_tcr_token" "x" {
  %s
}
check "it" {
  assert {
    condition     = ephemeral.tkeimage_tcr_token.x.expires_at != "" && ephemeral.tkeimage_tcr_token.x.username == "100000000001"
    error_message = "not as it should be"
  }
}
`, arguments)
	if err := os.WriteFile(filepath.Join(c.folder, "main.tf"), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestTokensOfTCR(t *testing.T) {
	t.Parallel()
	acctest.CLI(t)
	c, tcr := tcrCLI(t, acctest.Cloud(t, tketest.Options{}), canaryToken)
	c.oneToken(t, `registry_id = "tcr-ak9876"`)
	c.must(t, "init")
	if output := c.must(t, "plan"); strings.Contains(output, "Warning") || acctest.FindSecret(output, canary) >= 0 {
		t.Errorf("a temporary token:\n%s", output)
	}
	c.oneToken(t, "registry_id = \"tcr-ak9876\"\n  token_type = \"longterm\"\n  description = \"builder\"")
	says(t, c.must(t, "plan"), "A long-term token was created")
	if left := tcr.Left(); len(left) != 1 || left[0] != (tcrtest.IssuedToken{
		Registry: "tcr-ak9876", Type: "longterm", Description: "builder", ID: left[0].ID,
	}) {
		t.Errorf("left behind: %+v", left)
	}
	for arguments, want := range map[string][]string{
		`registry_id = "tcr-other"`: {"ResourceNotFound", "The TCR API answered " +
			"CreateInstanceToken", "check registry_id", `on main.tf line`},
		"registry_id = \"tcr-ak9876\"\n  token_type = \"forever\"": {`"temp" "longterm"`},
		`registry_id = ""`: {"string length must be at least 1"},
		"registry_id = \"tcr-ak9876\"\n  delete_on_close = true": {
			"A temporary token cannot be deleted", `set token_type = "longterm"`,
		},
	} {
		c.oneToken(t, arguments)
		code, output := c.try(t, "plan")
		for _, part := range want {
			if code == 0 || !strings.Contains(unwrap(output), part) {
				t.Errorf("%s: exit code %d, no %q in\n%s", arguments, code, part, output)
			}
		}
	}
	tcr.Fail(tcrtest.CreateInstanceToken, &apitest.Refusal{Code: "UnauthorizedOperation", EN: "no permission"})
	c.oneToken(t, `registry_id = "tcr-ak9876"`)
	if _, output := c.try(t, "plan"); !strings.Contains(unwrap(output), "CAM action tcr:CreateInstanceToken") {
		t.Error(output)
	}
}

// TestALongTermTokenIsDeletedWhenTheRunEnds: the builder of a cache pulls with it, and neither plan
// nor apply leaves one behind.
func TestALongTermTokenIsDeletedWhenTheRunEnds(t *testing.T) {
	t.Parallel()
	acctest.CLI(t)
	registry := registrytest.Start(t, registrytest.Options{Username: "100000000001", Password: canaryRegistry})
	image := pushRandom(t, registry.Host+"/ai/llm:v1", &authn.Basic{Username: "100000000001", Password: canaryRegistry})
	cloud := tketest.Start(t, tketest.Options{RequestsPerSecond: -1}) // with its own builder
	c, tcr := tcrCLI(t, cloud, canaryRegistry)
	c.Env = append(c.Env, "TF_LOG=TRACE", "TF_LOG_PATH="+filepath.Join(c.folder, "trace.log"))
	c.oneToken(t, `registry_id = "tcr-ak9876"
  token_type = "longterm"
  delete_on_close = true
}
resource "tkeimage_cache" "x" {
  images    = ["`+image+`"]
  vpc_id    = "vpc-508ctkfb"
  subnet_id = "subnet-8ah75lo8"
  registry_credentials = {
    "`+registry.Host+`" = {
      username    = "100000000001"
      password_wo = ephemeral.tkeimage_tcr_token.x.token
    }
  }
}
check "token" {
  assert {
    condition     = ephemeral.tkeimage_tcr_token.x.token_id != null
    error_message = "not as it should be"
  }`)
	c.must(t, "init")
	printed := c.must(t, "apply", "-auto-approve")
	if strings.Contains(printed, "Warning") {
		t.Errorf("a warning:\n%s", printed)
	}
	caches := cloud.Caches()
	if len(caches) != 1 || caches[0].Status != tketest.StatusReady || len(caches[0].Credentials) != 1 {
		t.Fatalf("the builder did not pull with the token: %+v", caches)
	}
	if left := tcr.Left(); len(left) != 0 || tcr.Calls(tcrtest.DeleteInstanceToken) != len(tcr.Issued()) ||
		len(tcr.Issued()) == 0 {
		t.Errorf("of %d tokens these are left: %+v", len(tcr.Issued()), left)
	}

	tcr.Fail(tcrtest.DeleteInstanceToken, &apitest.Refusal{Code: "UnauthorizedOperation", EN: "no permission"})
	code, output := c.try(t, "plan")
	for _, part := range []string{
		"Cannot delete long-term token " + tcr.Left()[0].ID + " of registry tcr-ak9876, which stays valid",
		"CAM action tcr:DeleteInstanceToken",
	} {
		if code == 0 || !strings.Contains(unwrap(output), part) {
			t.Errorf("exit code %d, no %q in\n%s", code, part, output)
		}
	}
	searchForCanaries(t, c.folder, printed+output, "terraform.tfstate", "trace.log")
}

func TestARegistryThatIsNotVerifiedIsWorthAWarning(t *testing.T) {
	t.Parallel()
	acctest.CLI(t)
	c := newCLI(t, acctest.Cloud(t, tketest.Options{}))
	for skip, warned := range map[string]bool{"true": true, "false": false} {
		registries := fmt.Sprintf(`registries = { "registry.example.com" = { insecure_skip_verify = %s } }`, skip)
		c.offline(t, registries+"\n}\ndata \"tkeimage_caches\" \"x\" {")
		c.must(t, "init")
		output := unwrap(c.must(t, "plan"))
		got := strings.Contains(output, "Registry is not verified") &&
			strings.Contains(output, "TLS verification is off for registry.example.com")
		if got != warned {
			t.Errorf("insecure_skip_verify = %s, warned: %v\n%s", skip, got, output)
		}
	}
}
