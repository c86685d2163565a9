package imagecache_test

import (
	"context"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/acctest"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/tke/tketest"
)

// TestUpdatesRunAFewAtATime: while one cache is updated, all others stay usable.
func TestUpdatesRunAFewAtATime(t *testing.T) {
	t.Parallel()
	var running, most atomic.Int64
	cloud := acctest.Cloud(t, tketest.Options{Builder: func(ctx context.Context, cache tketest.Cache) error {
		if cache.SizeGiB == 20 {
			return nil // the first builds may run at once
		}
		defer running.Add(-1)
		if now := running.Add(1); now > most.Load() {
			most.Store(now)
		}
		select {
		case <-time.After(50 * time.Millisecond):
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	}})
	config := func(size int) string {
		return acctest.Configuration(cloud, "max_parallel_updates = 1") + fmt.Sprintf(`
resource "tkeimage_cache" "test" {
  count     = 4
  name      = "llm-${count.index}"
  images    = ["registry.example.com/llm:v1"]
  vpc_id    = "vpc-508ctkfb"
  subnet_id = "subnet-8ah75lo8"
  size_gib  = %d
}
`, size)
	}
	empty := resource.ConfigPlanChecks{PostApplyPostRefresh: []plancheck.PlanCheck{plancheck.ExpectEmptyPlan()}}
	run(
		t, cloud,
		resource.TestStep{Config: config(20), ConfigPlanChecks: empty},
		resource.TestStep{Config: config(30), ConfigPlanChecks: empty},
	)
	if most.Load() != 1 {
		t.Errorf("%d caches were updated at once, want 1", most.Load())
	}
}
