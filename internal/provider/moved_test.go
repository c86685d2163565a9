package provider_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/acctest"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/tfcli"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/tke"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/tke/tketest"
)

// otherState is a state with one resource of another provider.
func otherState(kind, attributes string) string {
	return fmt.Sprintf(`{
  "version": 4, "terraform_version": "1.11.0", "serial": 1, "lineage": "3f1c6a0e-0000-4000-8000-000000000001",
  "outputs": {}, "resources": [{
    "mode": "managed", "type": %q, "name": "llm",
    "provider": "provider[\"%s/tencentcloudstack/tencentcloud\"]",
    "instances": [{"schema_version": 0, "attributes": %s, "sensitive_attributes": []}]
  }]
}`, kind, os.Getenv("TF_ACC_PROVIDER_HOST"), attributes)
}

const moved = requireProvider + `
moved {
  from = %s.llm
  to   = tkeimage_cache.llm
}

resource "tkeimage_cache" "llm" {
  images         = ["registry.example.com/llm:v1"]
  vpc_id         = "vpc-508ctkfb"
  subnet_id      = "subnet-8ah75lo8"
  size_gib       = 60
  retention_days = 90

  registry_credentials = {
    "registry.example.com" = { username = "robot", password_wo = "CANARY" }
  }
}
`

// newMove is a folder whose state has a resource of another provider; its binary is ours, since the
// CLI installs it and, in a move, asks it nothing.
func newMove(t *testing.T, cloud *tketest.Server, kind, attributes string, env ...string) *cli {
	t.Helper()
	acctest.RequireVersion(t, "1.11.0")
	c := newCLI(t, cloud)
	other := tfcli.Plugin{
		Source: "tencentcloudstack/tencentcloud", Version: "1.82.0", Binary: acctest.ProviderBinary(t),
	}
	config := acctest.Mirror(t, acctest.ProviderBinary(t), other)
	c.Env = append(c.Env, append(env, "TF_CLI_CONFIG_FILE="+config)...)
	c.write(t, "terraform.tfstate", otherState(kind, attributes))
	c.write(t, "main.tf", fmt.Sprintf(moved, kind))
	c.must(t, "init")
	return c
}

func cloudAppAttributes(id string) string {
	return `{"id": "` + id + `", "images": ["registry.example.com/llm:v1"], "vpc_id": "vpc-508ctkfb",
      "subnet_id": "subnet-8ah75lo8", "image_cache_size": 60, "retention_days": 90, "image_registry_credentials":
      [{"server": "registry.example.com", "username": "robot", "password": "CANARY", "name": null}]}`
}

const cloudApp = "tencentcloud_tke_image_cache"

func putLLM(cloud *tketest.Server) string {
	return cloud.Put(tketest.Cache{
		Name: "llm", Images: []string{"registry.example.com/llm:v1"}, SizeGiB: 60, RetentionDays: 90,
		Tags: []tketest.Tag{{Key: "creator", Value: "console"}},
	}).ID
}

// TestCloudAppsCachesMove: the state is taken over, and nothing changes: not the cache, and not
// what its configuration says.
func TestCloudAppsCachesMove(t *testing.T) {
	t.Parallel()
	cloud := acctest.Cloud(t, tketest.Options{})
	c := newMove(t, cloud, cloudApp, cloudAppAttributes(putLLM(cloud)))
	says(t, c.must(t, "plan"), "Plan: 0 to add, 0 to change, 0 to destroy.")
	c.must(t, "apply", "-auto-approve")
	if code, plan := c.try(t, "plan", "-detailed-exitcode"); code != 0 {
		t.Errorf("the plan after the move is not empty:\n%s", plan)
	}
	for _, action := range []string{tke.ActionCreate, tke.ActionUpdate, tke.ActionDelete} {
		if calls := cloud.Calls(action); calls != 0 {
			t.Errorf("the move made %d calls of %s", calls, action)
		}
	}
	state, err := os.ReadFile(filepath.Join(c.folder, "terraform.tfstate"))
	if err != nil || strings.Contains(string(state), "CANARY") {
		t.Errorf("%v, or the password is still in the state:\n%s", err, state)
	}
}

// TestAMoveSaysWhatItCannotTake, and the state keeps what it has.
func TestAMoveSaysWhatItCannotTake(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		kind, attributes, says string
		env                    []string
	}{
		"another type": {
			"tencentcloud_instance", `{"id": "ins-1"}`, "moved takes over a state of tencentcloud_tke_image_cache only",
			nil,
		},
		"not a cache": {cloudApp, `{"id": "llm"}`, `Its id is "llm", and the id of an image cache is imc-`, nil},
		"in another region": {
			cloudApp, cloudAppAttributes("imc-aaaaaaaa"), "configure the provider for that region",
			[]string{"TENCENTCLOUD_REGION=ap-beijing"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cloud := acctest.Cloud(t, tketest.Options{})
			c := newMove(t, cloud, test.kind, test.attributes, test.env...)
			code, output := c.try(t, "plan")
			if code == 0 {
				t.Error("the plan succeeds")
			}
			says(t, output, test.says)
		})
	}
}
