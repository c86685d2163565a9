package docstest_test

import (
	"strings"
	"testing"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/tke/tketest"
)

// required begins a configuration that a page leaves it out of.
const required = `terraform {
  required_providers {
    tkeimage = { source = "tkeimage/tkeimage" }
  }
}
`

// TestMovingTakesACacheOver does what the guide "Moving" says of a cache that was made in the
// console: one update in place, nothing replaced, and an empty plan after it.
func TestMovingTakesACacheOver(t *testing.T) {
	t.Parallel()
	n := arrive(t)
	image := n.local("registry.example.com/llm:v1")
	made := n.cloud.Put(tketest.Cache{Name: "llm", Images: []string{image}, SizeGiB: 60})
	block := readPage(t, "docs/guides/moving.md").blocks("terraform")[0].text
	n.writes(t, required+strings.ReplaceAll(block, "imc-r1htp8tg", made.ID))
	n.runs(t, "terraform init")
	output := n.runs(t, "terraform plan")
	if !strings.Contains(output, "Plan: 1 to import, 0 to add, 1 to change, 0 to destroy.") {
		t.Errorf("the plan is not the one that the guide describes:\n%s", output)
	}
	n.runs(t, "terraform apply -auto-approve")
	_, kept, _ := strings.Cut(block, "\nresource ") // without the import block
	n.writes(t, required+"resource "+kept)
	n.runs(t, "terraform plan -detailed-exitcode")
	if caches := n.cloud.Caches(); len(caches) != 1 || caches[0].ID != made.ID {
		t.Errorf("after the move there are %+v", caches)
	}
}
