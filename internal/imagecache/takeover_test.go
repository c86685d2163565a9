package imagecache_test

import (
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/acctest"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/tke"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/tke/tketest"
)

// lostAnswers lose the answer to a create that the service carries out.
var lostAnswers = map[string]tketest.Effect{
	"reset": tketest.ResetAfter{}, "truncated": tketest.Truncate{}, "malformed": tketest.Malform{},
	"an internal error": tketest.ErrorAfter{Code: "InternalError", Message: "internal error"},
	"listed late":       tketest.Together{tketest.ResetAfter{}, tketest.StaleLists{Count: 5}},
}

// TestALostAnswerIsFoundOutByANameThatWasMadeUp: one apply ends with exactly one cache, in the
// state.
func TestALostAnswerIsFoundOutByANameThatWasMadeUp(t *testing.T) {
	t.Parallel()
	for name, effect := range lostAnswers {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cloud := acctest.Cloud(
				t, tketest.Options{AutomaticTags: []tketest.Tag{{Key: "creator", Value: "100000000001"}}},
			)
			inject(cloud, effect)
			run(t, cloud, resource.TestStep{
				Config: configuration(
					cloud,
					base.with(
						attributes{
							"name":           "",
							"tags":           `{ team = "ml" }`,
							"images":         `["nginx"]`,
							"retention_days": "30",
						},
					),
				),
				ConfigPlanChecks: resource.ConfigPlanChecks{
					PreApply: []plancheck.PlanCheck{
						plancheck.ExpectResourceAction(address, plancheck.ResourceActionCreate),
					},
				},
				Check:              calls(cloud, 1, 0, 0),
				ExpectNonEmptyPlan: true, // for the tag of the account
			})
		})
	}
}

// TestALostAnswerUnderANameOfTheUsersIsAnErrorThatNamesTheCache: it may be what another run made,
// so it is in no state, and nothing is sent again.
func TestALostAnswerUnderANameOfTheUsersIsAnErrorThatNamesTheCache(t *testing.T) {
	t.Parallel()
	for name, effect := range lostAnswers {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cloud := acctest.Cloud(t, tketest.Options{})
			inject(cloud, effect)
			forget := func() {
				if caches := cloud.Caches(); len(caches) != 1 || cloud.Calls(tke.ActionCreate) != 1 {
					t.Errorf("%d creates made %+v", cloud.Calls(tke.ActionCreate), caches)
				}
				for _, cache := range cloud.Caches() {
					cloud.Delete(cache.ID)
				}
			}
			run(
				t,
				cloud,
				resource.TestStep{
					Config: configuration(cloud, base),
					ExpectError: acctest.MatchWrapped(
						`its outcome is unknown.*did not list before the request:.*imc-[a-z0-9]{8}: (Pending|Ready), ` +
							`created \S+, 20 GiB, registry.example.com/llm:v1.*A name is not proof.*` +
							`terraform import ADDRESS imc-[a-z0-9]{8}.*import {.*id = "imc-[a-z0-9]{8}"`,
					),
				},
				resource.TestStep{PreConfig: forget, Config: acctest.Configuration(cloud, "") + known("x", "1")},
			)
		})
	}
}

// TestWhatIsTakenOverIsComparedWithWhatWasAskedFor, field by field: even under a name that was made
// up.
func TestWhatIsTakenOverIsComparedWithWhatWasAskedFor(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		tell func(*tketest.Cache)
		says string
	}{
		"images": {
			func(c *tketest.Cache) { c.Images = []string{"registry.example.com/llm:v2"} },
			`images is registry.example.com/llm:v2; requested: registry.example.com/llm:v1`,
		},
		"size":      {func(c *tketest.Cache) { c.SizeGiB = 40 }, `size_gib is 40; requested: 20`},
		"retention": {func(c *tketest.Cache) { c.RetentionDays = 7 }, `retention_days is 7; requested: 0`},
		"a tag": {
			func(c *tketest.Cache) { c.Tags = []tketest.Tag{{Key: "team", Value: "web"}} },
			`tags\["team"\] is "web"; requested: "ml"`,
		},
		"no tag": {func(c *tketest.Cache) { c.Tags = []tketest.Tag{} }, `tags\["team"\] is ""; requested: "ml"`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cloud := acctest.Cloud(t, tketest.Options{RewriteAnswer: test.tell})
			inject(cloud, tketest.ResetAfter{})
			forget := func() { cloud.Delete(cloud.Caches()[0].ID) }
			run(
				t,
				cloud,
				resource.TestStep{
					Config: configuration(cloud, base.with(attributes{"name": "", "tags": `{ team = "ml" }`})),
					ExpectError: acctest.MatchWrapped(
						`generated for this request, exists but differs from the request:.*` + test.says +
							`.*terraform import ADDRESS imc-`,
					),
				},
				resource.TestStep{PreConfig: forget, Config: acctest.Configuration(cloud, "") + known("x", "1")},
			)
		})
	}
}

func TestAnotherSpellingOfAnImageIsNoDifference(t *testing.T) {
	t.Parallel()
	cloud := acctest.Cloud(
		t,
		tketest.Options{
			RewriteAnswer: func(c *tketest.Cache) { c.Images = []string{"docker.io/library/nginx:latest"} },
		},
	)
	inject(cloud, tketest.ResetAfter{})
	run(t, cloud, resource.TestStep{
		Config: configuration(cloud, base.with(attributes{"name": "", "images": `["nginx"]`})),
		Check:  calls(cloud, 1, 0, 0),
		ConfigStateChecks: []statecheck.StateCheck{
			has("images", knownvalue.SetExact([]knownvalue.Check{knownvalue.StringExact("nginx")})),
		},
	})
}
