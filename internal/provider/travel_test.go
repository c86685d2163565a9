package provider_test

import (
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"testing"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/acctest"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/tke"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/tke/tketest"
)

const travelling = `
terraform {
  required_providers {
    tkeimage = { source = "registry.terraform.io/tkeimage/tkeimage" } # OpenTofu's own is another address
  }
}

variable "round" { type = string }

resource "tkeimage_cache" "made" {
  images         = ["registry.example.com/llm:v1"]
  vpc_id         = "vpc-508ctkfb"
  subnet_id      = "subnet-8ah75lo8"
  retention_days = 90
  auto_eip       = {}
  tags           = { team = "ml" }
}

resource "tkeimage_cache" "imported" {
  images = ["registry.example.com/app:v1"]
}

output "round" { value = var.round } # so that each CLI writes the state
`

// TestAStateTravelsBetweenCLIs: each CLI that is there takes the state of the one before it, finds
// nothing to do, and writes it; older ones keep no identity, OpenTofu keeps it too.
func TestAStateTravelsBetweenCLIs(t *testing.T) {
	t.Parallel()
	acctest.CLI(t)
	others := acctest.OtherCLIs(t)
	cloud := acctest.Cloud(t, tketest.Options{})
	c := newCLI(t, cloud)
	c.write(t, "main.tf", travelling)
	id := cloud.Put(tketest.Cache{Images: []string{"registry.example.com/app:v1"}}).ID
	c.must(t, "init")
	c.must(t, "import", "-var=round=0", "tkeimage_cache.imported", id)
	c.must(t, "apply", "-auto-approve", "-var=round=0")
	if created := cloud.Calls(tke.ActionCreate); created != 1 {
		t.Fatalf("%d caches were created", created)
	}

	// And back, in an order in which each meets another's state.
	route := slices.Concat(others, []string{acctest.CLI(t)}, others)
	for round, cli := range route {
		for _, left := range []string{".terraform", ".terraform.lock.hcl"} {
			if err := os.RemoveAll(filepath.Join(c.folder, left)); err != nil {
				t.Fatal(err)
			}
		}
		w := c.Using(cli)
		this, next := "-var=round="+strconv.Itoa(round), "-var=round="+strconv.Itoa(round+1)
		w.Must(t, "init")
		if code, output := w.Try(t, "plan", "-detailed-exitcode", this); code != 0 {
			t.Fatalf("%s, round %d: the plan is not empty:\n%s", cli, round, output)
		}
		w.Must(t, "apply", "-auto-approve", next)
	}
	for _, action := range []string{tke.ActionUpdate, tke.ActionDelete} {
		if calls := cloud.Calls(action); calls != 0 {
			t.Errorf("%d calls of %s", calls, action)
		}
	}
}
