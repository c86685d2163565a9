package imagecache_test

import (
	"sync/atomic"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/acctest"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/tke/tketest"
)

func TestAWrittenSnapshotterIsRefusedBeforeAnythingIsSent(t *testing.T) {
	t.Parallel()
	cloud := acctest.Cloud(t, tketest.Options{})
	run(t, cloud, resource.TestStep{
		Config: configuration(cloud, base.with(attributes{"snapshotter": `"overlay"`})),
		ExpectError: acctest.MatchWrapped(
			`The snapshotter cannot be chosen.*CreateImageCache takes no such field.*Remove the argument`,
		),
	})
	if requests := cloud.Requests(); len(requests) > 0 {
		t.Errorf("%d requests were sent, the first a %s", len(requests), requests[0].Action)
	}
}

// TestAStateWithAnotherSnapshotterIsReadAnewAndNothingIsReplaced: earlier builds kept what was
// configured, or nothing, whatever the service returned.
func TestAStateWithAnotherSnapshotterIsReadAnewAndNothingIsReplaced(t *testing.T) {
	t.Parallel()
	for name, kept := range map[string]string{"nothing": "", "another": "native", "another spelling": "OVERLAY"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var returned atomic.Value
			returned.Store(kept)
			cloud := acctest.Cloud(t, tketest.Options{RewriteAnswer: func(cache *tketest.Cache) {
				cache.Snapshotter, _ = returned.Load().(string)
			}})
			isOverlay := []statecheck.StateCheck{has("snapshotter", knownvalue.StringExact("overlay"))}
			run(t, cloud,
				resource.TestStep{
					Config: configuration(cloud, base), ConfigPlanChecks: actions(plancheck.ResourceActionCreate),
				},
				resource.TestStep{
					PreConfig: func() { returned.Store("overlay") },
					Config:    configuration(cloud, base), ConfigPlanChecks: actions(plancheck.ResourceActionNoop),
					Check: calls(cloud, 1, 0, 0), ConfigStateChecks: isOverlay,
				},
				resource.TestStep{
					Config:           configuration(cloud, base.with(attributes{"images": `["other:1"]`})),
					ConfigPlanChecks: actions(plancheck.ResourceActionUpdate),
					Check:            calls(cloud, 1, 1, 0), ConfigStateChecks: isOverlay,
				},
			)
		})
	}
}
