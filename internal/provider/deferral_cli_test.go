package provider_test

import (
	"math/big"
	"os"
	"strings"
	"testing"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/acctest"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/cbs/cbstest"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/cloudapi/apitest"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/tke/tketest"
)

// requireExperimentalCLI returns an experimental build of Terraform. A release takes no deferrals.
func requireExperimentalCLI(t *testing.T) string {
	t.Helper()
	path := os.Getenv("TKEIMAGE_EXPERIMENTAL_CLI")
	if path == "" {
		t.Skip("TKEIMAGE_EXPERIMENTAL_CLI is not set: make test-terraform builds a Terraform that takes deferrals")
	}
	return path
}

// startPrices starts a stand-in that sells CLOUD_PREMIUM.
func startPrices(t *testing.T) (url string) {
	t.Helper()
	key := apitest.Credential{SecretID: tketest.DefaultSecretID, SecretKey: tketest.DefaultSecretKey}
	return apitest.Start(t, cbstest.New(cbstest.Options{
		Lookup:     func(id string) (apitest.Credential, bool) { return key, id == key.SecretID },
		PerGiBHour: map[string]*big.Rat{"CLOUD_PREMIUM": big.NewRat(488, 1_000_000)},
	}))
}

const regionOfAnotherResource = requireProvider + `
resource "terraform_data" "region" {
  input = "ap-guangzhou"
}

provider "tkeimage" {
  region = terraform_data.region.output
}

resource "tkeimage_cache" "made" {
  images    = ["app:v2"]
  vpc_id    = "vpc-508ctkfb"
  subnet_id = "subnet-8ah75lo8"
}

import {
  to = tkeimage_cache.found
  id = "ID"
}

resource "tkeimage_cache" "found" {
  images = ["app:v1"]
}

data "tkeimage_cache" "found" {
  id = "ID"
}

data "tkeimage_caches" "all" {}

data "tkeimage_cache_match" "app" {
  images = ["app:v1"]
}

data "tkeimage_disk_price" "app" {
  disk_type = "CLOUD_PREMIUM"
  size_gib  = 50
}

output "found" {
  value = [
    data.tkeimage_cache.found.name, length(data.tkeimage_caches.all.caches), data.tkeimage_cache_match.app.found,
    data.tkeimage_disk_price.app.currency,
  ]
}
`

// TestAPlanDefersAndTheNextImports: the region is an attribute of a resource that the same run
// makes. The first apply makes what a create needs, the second imports and reads, the third plan is
// empty.
func TestAPlanDefersAndTheNextImports(t *testing.T) {
	t.Parallel()
	terraform := requireExperimentalCLI(t)
	cloud := acctest.Cloud(t, tketest.Options{})
	id := cloud.Put(tketest.Cache{Name: "llm", Images: []string{"app:v1"}}).ID
	c := newCLI(t, cloud, "TKEIMAGE_ENDPOINT_CBS="+startPrices(t))
	c.Workspace = c.Using(terraform)
	c.write(t, "main.tf", strings.ReplaceAll(regionOfAnotherResource, "ID", id))
	c.must(t, "init")
	for _, want := range []string{
		"2 added, 0 changed, 0 destroyed", "1 imported, 0 added, 0 changed, 0 destroyed",
	} {
		c.must(t, "plan", "-allow-deferral", "-out=x.tfplan")
		says(t, c.must(t, "apply", "x.tfplan"), want)
	}
	c.must(t, "plan", "-allow-deferral", "-detailed-exitcode")
}
