package provider_test

import (
	"testing"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/acctest"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/tke/tketest"
)

// TestAnInvokedRebuildReportsProgress runs the example for a schedule as it says, and the resource
// beside it has nothing to do afterwards.
func TestAnInvokedRebuildReportsProgress(t *testing.T) {
	t.Parallel()
	acctest.RequireTerraform(t, "1.14.0")
	cloud := acctest.Cloud(t, tketest.Options{})
	c := newCLI(t, cloud)
	c.use(t, "scheduled-rebuild")
	c.Set(t, map[string]any{"image": "registry.example.com/llm:v1", "vpc_id": "vpc-1", "subnet_id": "subnet-1"})
	c.must(t, "init")
	c.must(t, "apply", "-auto-approve")
	before := cloud.Caches()[0]
	output := c.must(t, "apply", "-auto-approve", "-invoke=action.tkeimage_cache_rebuild.weekly")
	after := cloud.Caches()[0]
	says(t, output, "Image cache "+before.ID+" is asked to pull registry.example.com/llm:v1 again.")
	says(t, output, "its snapshot is now "+after.SnapshotID)
	if before.ID != after.ID || before.SnapshotID == after.SnapshotID {
		t.Errorf("before %+v, after %+v", before, after)
	}
	if code, plan := c.try(t, "plan", "-detailed-exitcode"); code != 0 {
		t.Errorf("the plan after the rebuild is not empty:\n%s", plan)
	}
}
