package imagecache_test

import (
	"fmt"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/acctest"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/tke"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/tke/tketest"
)

// misses makes the next lists leave every cache out.
func misses(cloud *tketest.Server, times int) func() {
	return func() {
		cloud.Inject(tketest.Fault{Action: tke.ActionDescribe, Times: times, Effect: tketest.EmptyList{}})
	}
}

// TestListsThatLeaveACacheOutTakeItOutOfNoState: one empty list or five in a row, in a refresh; the
// plan is empty.
func TestListsThatLeaveACacheOutTakeItOutOfNoState(t *testing.T) {
	t.Parallel()
	for _, times := range []int{1, 5, 6} {
		t.Run(fmt.Sprint(times), func(t *testing.T) {
			t.Parallel()
			cloud := acctest.Cloud(t, tketest.Options{})
			run(t, cloud,
				resource.TestStep{Config: configuration(cloud, base)},
				resource.TestStep{PreConfig: misses(cloud, times), Config: configuration(cloud, base),
					ConfigPlanChecks: actions(plancheck.ResourceActionNoop), Check: calls(cloud, 1, 0, 0)},
			)
		})
	}
}

// TestAPlanMakesNoSecondCacheBesideOneThatItsRefreshHasDropped: seven lists miss the cache, and the
// eighth or the ninth shows it. It is an error that names the cache, which keeps its place in the
// state.
func TestAPlanMakesNoSecondCacheBesideOneThatItsRefreshHasDropped(t *testing.T) {
	t.Parallel()
	for _, times := range []int{7, 8} {
		t.Run(fmt.Sprint(times), func(t *testing.T) {
			t.Parallel()
			cloud := acctest.Cloud(t, tketest.Options{})
			run(
				t,
				cloud,
				resource.TestStep{Config: configuration(cloud, base)},
				resource.TestStep{
					PreConfig: misses(cloud, times),
					Config:    configuration(cloud, base),
					ExpectError: acctest.MatchWrapped(
						`Image cache imc-[a-z0-9]{8} is listed again.*Plan again.*terraform import ADDRESS imc-[a-z0-9]{8}`,
					),
				},
				resource.TestStep{
					Config:           configuration(cloud, base),
					ConfigPlanChecks: actions(plancheck.ResourceActionNoop),
					Check:            calls(cloud, 1, 0, 0),
				},
			)
		})
	}
}

func TestACacheThatIsReallyGoneIsMadeAnew(t *testing.T) {
	t.Parallel()
	cloud := acctest.Cloud(t, tketest.Options{})
	run(t, cloud,
		resource.TestStep{Config: configuration(cloud, base)},
		resource.TestStep{PreConfig: func() { cloud.Delete(cloud.Caches()[0].ID) }, Config: configuration(cloud, base),
			ConfigPlanChecks: actions(plancheck.ResourceActionCreate), Check: calls(cloud, 2, 0, 0)},
	)
}

// TestADestroyThatListsDisturbLeavesNothing: neither an empty list before the deletion nor a
// service that calls the cache unknown.
func TestADestroyThatListsDisturbLeavesNothing(t *testing.T) {
	t.Parallel()
	for name, trouble := range map[string]tketest.Fault{
		"five empty lists": {Action: tke.ActionDescribe, Times: 5, Effect: tketest.EmptyList{}},
		"ResourceNotFound": {
			Action: tke.ActionDelete,
			Times:  2,
			Effect: tketest.ErrorBefore{Code: "ResourceNotFound", Message: "not found"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cloud := acctest.Cloud(t, tketest.Options{})
			run(
				t,
				cloud,
				resource.TestStep{Config: configuration(cloud, base)},
				resource.TestStep{
					PreConfig: func() { cloud.Inject(trouble) },
					Config:    acctest.Configuration(cloud, "") + known("x", "1"),
					Check:     calls(cloud, 1, 0, cloudDeletes[name]),
				},
			)
		})
	}
}

// cloudDeletes is how many deletions the service is asked for.
var cloudDeletes = map[string]int{"five empty lists": 1, "ResourceNotFound": 3}

// TestAListThatContradictsItselfEndsAnApplyAtOnce: the wait for a build does not go on for an hour.
func TestAListThatContradictsItselfEndsAnApplyAtOnce(t *testing.T) {
	t.Parallel()
	for problem, effect := range map[string]tketest.Effect{
		"the same cache twice": tketest.DoubledList{}, "a cache without a status": tketest.StatuslessList{},
	} {
		t.Run(problem, func(t *testing.T) {
			t.Parallel()
			cloud := acctest.Cloud(t, tketest.Options{})
			byID := func(r tketest.Request) bool { return r.Body["ImageCacheIds"] != nil }
			injected := cloud.Inject(tketest.Fault{Action: tke.ActionDescribe, When: byID, Effect: effect})
			run(
				t,
				cloud,
				resource.TestStep{
					Config: configuration(cloud, base),
					ExpectError: acctest.MatchWrapped(
						`Cannot build image cache imc-.*answered DescribeImageCaches with ` + problem +
							`.*the id is in the state`,
					),
				},
			)
			if injected.Applied() != 1 {
				t.Errorf("the trouble came %d times", injected.Applied())
			}
		})
	}
}
