package imagecache_test

import (
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/acctest"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/tke/tketest"
)

// pushed rebuilds a cache after each change of a revision, as after a push.
func pushed(cloud *tketest.Server, id, revision, more string) string {
	return acctest.Configuration(cloud, "") + `
action "tkeimage_cache_rebuild" "test" {
  config {
    id = "` + id + `"
    ` + more + `
  }
}

resource "terraform_data" "push" {
  input = "` + revision + `"
  lifecycle {
    action_trigger {
      events  = [after_update]
      actions = [action.tkeimage_cache_rebuild.test]
    }
  }
}
`
}

// TestATriggeredRebuildPullsAgain: once for each change that triggers it, with the images that the
// cache holds, and nothing else in the request.
func TestATriggeredRebuildPullsAgain(t *testing.T) {
	t.Parallel()
	acctest.RequireTerraform(t, "1.14.0")
	cloud := acctest.Cloud(t, tketest.Options{})
	before := cloud.Put(tketest.Cache{Name: "llm", Images: []string{image}, SizeGiB: 50})
	resource.Test(t, resource.TestCase{ProtoV6ProviderFactories: acctest.Providers(), Steps: []resource.TestStep{
		{Config: pushed(cloud, before.ID, "1", ""), Check: calls(cloud, 0, 0, 0)},
		{
			Config: pushed(cloud, before.ID, "2", `timeout = "5m"`),
			ConfigPlanChecks: resource.ConfigPlanChecks{
				PostApplyPostRefresh: []plancheck.PlanCheck{plancheck.ExpectEmptyPlan()},
			},
			Check: resource.ComposeTestCheckFunc(
				calls(cloud, 0, 1, 0), lastWrite(cloud, "Images", []any{image}), lastWrite(cloud, "ImageCacheSize", nil),
			),
		},
	}})
	after, there := cloud.Cache(before.ID)
	if !there || after.SnapshotID == before.SnapshotID || after.FinishedBuilds != before.FinishedBuilds+1 {
		t.Errorf("before %+v, after %+v", before, after)
	}
}

// TestARebuildThatChangesNothingIsAnError, and so is one that cannot begin.
func TestARebuildThatChangesNothingIsAnError(t *testing.T) {
	t.Parallel()
	acctest.RequireTerraform(t, "1.14.0")
	for name, test := range map[string]struct {
		service    tketest.Unconfirmed
		status     tketest.Status
		id, more   string
		says       string
		wantUpdate int
	}{
		"the same snapshot": {
			service: tketest.Unconfirmed{SameImagesKept: true}, wantUpdate: 1,
			says: `was not rebuilt.*still has snapshot snap-`,
		},
		"a failed cache":   {status: tketest.StatusFailed, says: `Its first build failed, so there is nothing to rebuild`},
		"no such cache":    {id: "imc-nothere1", says: `There is no image cache "imc-nothere1" in ap-guangzhou`},
		"no id of a cache": {id: "llm", says: `must be the id of an image cache`},
		"no timeout":       {more: `timeout = "90"`, says: `timeout = "90" is no time above zero`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cloud := acctest.Cloud(t, tketest.Options{Unconfirmed: test.service})
			id := cloud.Put(tketest.Cache{Name: "llm", Images: []string{image}, Status: test.status}).ID
			if test.id != "" {
				id = test.id
			}
			quiet := resource.TestStep{
				Config: acctest.Configuration(cloud, "") + `resource "terraform_data" "push" { input = "1" }`,
			}
			resource.Test(t, resource.TestCase{ProtoV6ProviderFactories: acctest.Providers(), Steps: []resource.TestStep{
				quiet, {Config: pushed(cloud, id, "2", test.more), ExpectError: acctest.MatchWrapped(test.says)}, quiet,
			}})
			if err := calls(cloud, 0, test.wantUpdate, 0)(nil); err != nil {
				t.Error(err)
			}
		})
	}
}
