package imagecache_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"
	"github.com/hashicorp/terraform-plugin-testing/tfjsonpath"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/acctest"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/tke/tketest"
)

// inventory is a region with a few caches; the ids come with their caches, oldest first.
func inventory(t *testing.T) (*tketest.Server, []string) {
	t.Helper()
	cloud := acctest.Cloud(t, tketest.Options{})
	day := func(n int) time.Time { return time.Date(2026, 1, n, 12, 0, 0, 0, time.UTC) }
	var ids []string
	for _, cache := range []tketest.Cache{
		{
			Name: "llm", Images: []string{"llm:v1"}, SizeGiB: 50, CreatedAt: day(1), RetentionDays: 3650,
			Tags:        []tketest.Tag{{Key: "team", Value: "ml"}},
			Credentials: []tketest.RegistryCredential{{Server: "r.example.com", Username: "u", Password: "CANARY"}},
		},
		{Name: "twin", Images: []string{"app:v1"}, SizeGiB: 40, CreatedAt: day(2)},
		{Name: "twin", Images: []string{"app:v1", "llm:v1"}, CreatedAt: day(3), Status: tketest.StatusFailed},
		{Name: "", Images: []string{"app:v1"}, SizeGiB: 60, CreatedAt: day(4), Type: tketest.TypeAuto},
	} {
		ids = append(ids, cloud.Put(cache).ID)
	}
	return cloud, ids
}

func look(cloud *tketest.Server, kind, arguments string) string {
	return acctest.Configuration(cloud, "") + fmt.Sprintf("\ndata %q \"test\" {\n%s\n}\n", kind, arguments)
}

func readOnly(t *testing.T, steps ...resource.TestStep) {
	t.Helper()
	for i := range steps {
		if steps[i].ExpectError == nil {
			steps[i].ConfigPlanChecks.PostApplyPostRefresh = []plancheck.PlanCheck{plancheck.ExpectEmptyPlan()}
		}
	}
	resource.Test(t, resource.TestCase{ProtoV6ProviderFactories: acctest.Providers(), Steps: steps})
}

func TestOneCacheByIDOrByName(t *testing.T) {
	t.Parallel()
	cloud, ids := inventory(t)
	says := func(attribute string, value knownvalue.Check) statecheck.StateCheck {
		return statecheck.ExpectKnownValue("data.tkeimage_cache.test", tfjsonpath.New(attribute), value)
	}
	whole := []statecheck.StateCheck{
		says("id", knownvalue.StringExact(ids[0])),
		says("name", knownvalue.StringExact("llm")),
		says("size_gib", knownvalue.Int64Exact(50)),
		says("created_at", knownvalue.NotNull()),
		says("expires_at", knownvalue.NotNull()),
		says("last_matched_at", knownvalue.Null()),
		says("tags", knownvalue.MapExact(map[string]knownvalue.Check{"team": knownvalue.StringExact("ml")})),
		says(
			"pod_annotations",
			knownvalue.MapExact(
				map[string]knownvalue.Check{
					"eks.tke.cloud.tencent.com/use-image-cache": knownvalue.StringExact(ids[0]),
				},
			),
		),
	}
	readOnly(
		t,
		resource.TestStep{Config: look(cloud, "tkeimage_cache", `name = "llm"`), ConfigStateChecks: whole},
		resource.TestStep{
			Config: look(cloud, "tkeimage_cache", `name = "twin"`),
			ExpectError: acctest.MatchWrapped(
				`2 image caches in ap-guangzhou have the name "twin".*` + ids[1] + `.*` + ids[2] + `|` + ids[2] +
					`.*` + ids[1],
			),
		},
		resource.TestStep{
			Config:      look(cloud, "tkeimage_cache", `name = "missing"`),
			ExpectError: acctest.MatchWrapped(`There is no image cache "missing" in ap-guangzhou`),
		},
		resource.TestStep{
			Config:      look(cloud, "tkeimage_cache", `id = "imc-nothere1"`),
			ExpectError: acctest.MatchWrapped(`There is no image cache "imc-nothere1"`),
		},
		resource.TestStep{
			Config:      look(cloud, "tkeimage_cache", ""),
			ExpectError: acctest.MatchWrapped(`one .*\[id,name\]`),
		},
		resource.TestStep{
			Config:            look(cloud, "tkeimage_cache", fmt.Sprintf("id = %q", ids[0])),
			ConfigStateChecks: whole,
		},
	)
}

// unusedFor is the filter of what was last used at a time or before.
func unusedFor(last time.Time) string {
	return fmt.Sprintf("unused_for_days = %d", time.Since(last)/(24*time.Hour))
}

func TestCachesAreNarrowedDownNewestFirst(t *testing.T) {
	t.Parallel()
	cloud, ids := inventory(t)
	var steps []resource.TestStep
	for arguments, want := range map[string][]int{
		"":                        {3, 2, 1, 0},
		`names = ["llm", "twin"]`: {2, 1, 0},
		`name_regex = "^t"`:       {2, 1},
		`image = "llm:v1"`:        {2, 0},
		`status = "Failed"`:       {2},
		`type = "auto"`:           {3},
		"image = \"app:v1\"\n status = \"Ready\"\n type = \"manual\"": {1},
		`names = ["missing"]`:                                   {},
		`tags = { team = "ml" }`:                                {0},
		`tags = { team = "ml", env = "x" }`:                     {},
		unusedFor(time.Date(2026, 1, 3, 12, 0, 0, 0, time.UTC)): {2, 1, 0},
	} {
		checks := []statecheck.StateCheck{
			statecheck.ExpectKnownValue(
				"data.tkeimage_caches.test", tfjsonpath.New("caches"), knownvalue.ListSizeExact(len(want)),
			),
		}
		for i, cache := range want {
			checks = append(
				checks,
				statecheck.ExpectKnownValue(
					"data.tkeimage_caches.test", tfjsonpath.New("caches").AtSliceIndex(i).AtMapKey("id"),
					knownvalue.StringExact(ids[cache]),
				),
			)
		}
		steps = append(
			steps, resource.TestStep{Config: look(cloud, "tkeimage_caches", arguments), ConfigStateChecks: checks},
		)
	}
	wrong := resource.TestStep{
		Config:      look(cloud, "tkeimage_caches", `name_regex = "("`),
		ExpectError: acctest.MatchWrapped(`Not a regular expression`),
	}
	readOnly(t, append([]resource.TestStep{wrong}, steps...)...)
}

func TestTheMatchIsTheOneThatPodsWouldGet(t *testing.T) {
	t.Parallel()
	cloud, ids := inventory(t)
	match := func(images string) string { return look(cloud, "tkeimage_cache_match", "images = "+images) }
	says := func(path tfjsonpath.Path, value knownvalue.Check) statecheck.StateCheck {
		return statecheck.ExpectKnownValue("data.tkeimage_cache_match.test", path, value)
	}
	readOnly(t,
		resource.TestStep{Config: match(`["app:v1"]`), ConfigStateChecks: []statecheck.StateCheck{ // the smaller of two
			says(tfjsonpath.New("found"), knownvalue.Bool(true)),
			says(tfjsonpath.New("cache").AtMapKey("id"), knownvalue.StringExact(ids[1])),
		}},
		resource.TestStep{Config: match(`["app:v2"]`), ConfigStateChecks: []statecheck.StateCheck{
			says(tfjsonpath.New("found"), knownvalue.Bool(false)), says(tfjsonpath.New("cache"), knownvalue.Null())}},
	)
}

// TestACheckAssertsThatPodsGetThisCache: the use that the data source exists for.
func TestACheckAssertsThatPodsGetThisCache(t *testing.T) {
	t.Parallel()
	cloud := acctest.Cloud(t, tketest.Options{})
	run(t, cloud, resource.TestStep{Config: configuration(cloud, base) + `
data "tkeimage_cache_match" "pods" {
  images = tkeimage_cache.test.images

  lifecycle {
    postcondition {
      condition     = self.found && self.cache.id == tkeimage_cache.test.id
      error_message = "Pods would not start from this cache."
    }
  }

  depends_on = [tkeimage_cache.test]
}
`, ConfigPlanChecks: actions(plancheck.ResourceActionCreate)})
}
