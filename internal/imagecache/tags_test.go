package imagecache_test

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"
	"github.com/hashicorp/terraform-plugin-testing/tfjsonpath"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/acctest"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/tke"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/tke/tketest"
)

// tagged is a configuration whose provider has more arguments.
func tagged(cloud *tketest.Server, provider string, a attributes) string {
	return strings.Replace(configuration(cloud, a), "measurement_cache_dir", provider+"\n  measurement_cache_dir", 1)
}

// tagMap is what a map of tags is to hold, as key=value.
func tagMap(tags ...string) knownvalue.Check {
	want := map[string]knownvalue.Check{}
	for _, tag := range tags {
		key, value, _ := strings.Cut(tag, "=")
		want[key] = knownvalue.StringExact(value)
	}
	return knownvalue.MapExact(want)
}

// sentTags is what a request is to hold, as key=value in the order of keys.
func sentTags(tags ...string) []any {
	sent := []any{}
	for _, tag := range tags {
		key, value, _ := strings.Cut(tag, "=")
		sent = append(sent, map[string]any{"Key": key, "Value": value})
	}
	return sent
}

// retag changes the tags of the only cache behind Terraform's back; an empty value removes one.
func retag(cloud *tketest.Server, changes map[string]string) func() {
	return func() {
		cloud.Modify(cloud.Caches()[0].ID, func(c *tketest.Cache) {
			tags := map[string]string{}
			for _, tag := range c.Tags {
				tags[tag.Key] = tag.Value
			}
			maps.Copy(tags, changes)
			c.Tags = []tketest.Tag{}
			for _, key := range slices.Sorted(maps.Keys(tags)) {
				if tags[key] != "" {
					c.Tags = append(c.Tags, tketest.Tag{Key: key, Value: tags[key]})
				}
			}
		})
	}
}

func planned(action plancheck.ResourceActionType, checks ...plancheck.PlanCheck) resource.ConfigPlanChecks {
	all := actions(action)
	all.PreApply = append(all.PreApply, checks...)
	return all
}

// TestDefaultTagsAreMergedIntoTheCachesOwn, and each change of either is one of tags_all.
func TestDefaultTagsAreMergedIntoTheCachesOwn(t *testing.T) {
	t.Parallel()
	cloud := acctest.Cloud(t, tketest.Options{})
	create, update := plancheck.ResourceActionCreate, plancheck.ResourceActionUpdate
	own := base.with(attributes{"tags": `{ team = "ml" }`})
	all := func(tags ...string) plancheck.PlanCheck {
		return plancheck.ExpectKnownValue(address, tfjsonpath.New("tags_all"), tagMap(tags...))
	}
	run(
		t, cloud,
		resource.TestStep{
			Config:           tagged(cloud, `default_tags = { env = "prod", team = "all" }`, own),
			ConfigPlanChecks: planned(create, all("env=prod", "team=ml")),
			ConfigStateChecks: []statecheck.StateCheck{
				has("tags", tagMap("team=ml")), has("tags_all", tagMap("env=prod", "team=ml")),
			},
			Check: lastWrite(cloud, "Tags", sentTags("env=prod", "team=ml")),
		},
		resource.TestStep{ // another default value
			Config:           tagged(cloud, `default_tags = { env = "test", team = "all" }`, own),
			ConfigPlanChecks: planned(update, all("env=test", "team=ml")),
			Check:            lastWrite(cloud, "Tags", sentTags("env=test", "team=ml")),
		},
		resource.TestStep{ // the same tag in both is no difference
			Config:           tagged(cloud, `default_tags = { env = "test", team = "ml" }`, own),
			ConfigPlanChecks: actions(plancheck.ResourceActionNoop),
		},
		resource.TestStep{ // the cache's own tag goes, and the default one of the same key and value stays
			Config:           tagged(cloud, `default_tags = { env = "test", team = "ml" }`, base),
			ConfigPlanChecks: planned(update, all("env=test", "team=ml")),
			ConfigStateChecks: []statecheck.StateCheck{
				has("tags", knownvalue.Null()), has("tags_all", tagMap("env=test", "team=ml")),
			},
		},
		resource.TestStep{ // a default key goes
			Config:           tagged(cloud, `default_tags = { env = "test" }`, base),
			ConfigPlanChecks: planned(update, all("env=test")),
			Check:            lastWrite(cloud, "Tags", sentTags("env=test")),
		},
		resource.TestStep{ // all go
			Config:            configuration(cloud, base),
			ConfigPlanChecks:  planned(update, all()),
			ConfigStateChecks: []statecheck.StateCheck{has("tags_all", tagMap())},
			Check:             lastWrite(cloud, "Tags", sentTags()),
		},
		resource.TestStep{ // and then tags are others' business
			PreConfig:        retag(cloud, map[string]string{"creator": "me"}),
			Config:           configuration(cloud, base),
			ConfigPlanChecks: actions(plancheck.ResourceActionNoop),
		},
	)
}

// TestTagsThatOthersChange are shown, and mended by the next apply.
func TestTagsThatOthersChange(t *testing.T) {
	t.Parallel()
	const own = `{ team = "ml" }`
	both := sentTags("env=prod", "team=ml")
	for name, test := range map[string]struct {
		own     string
		changes map[string]string
		sent    []any
	}{
		"a default tag changed":       {own, map[string]string{"env": "x"}, both},
		"a default tag removed":       {own, map[string]string{"env": ""}, both},
		"an own tag changed":          {own, map[string]string{"team": "x"}, both},
		"a tag added":                 {own, map[string]string{"creator": "me"}, both},
		"a tag added beside defaults": {"", map[string]string{"creator": "me"}, sentTags("env=prod")},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cloud := acctest.Cloud(t, tketest.Options{})
			config := tagged(cloud, `default_tags = { env = "prod" }`, base.with(attributes{"tags": test.own}))
			run(
				t, cloud,
				resource.TestStep{Config: config, ConfigPlanChecks: actions(plancheck.ResourceActionCreate)},
				resource.TestStep{
					PreConfig:        retag(cloud, test.changes),
					Config:           config,
					ConfigPlanChecks: actions(plancheck.ResourceActionUpdate),
					Check:            lastWrite(cloud, "Tags", test.sent),
				},
			)
		})
	}
}

// TestIgnoredTagsAreNeitherShownNorRemoved, by key and by prefix, after an import too.
func TestIgnoredTagsAreNeitherShownNorRemoved(t *testing.T) {
	t.Parallel()
	for name, ignore := range map[string]string{
		"keys":     `ignore_tags = { keys = ["finops/center", "creator"] }`,
		"prefixes": `ignore_tags = { key_prefixes = ["finops/", "crea"] }`,
		"both":     `ignore_tags = { keys = ["creator"], key_prefixes = ["finops/"] }`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cloud := acctest.Cloud(t, tketest.Options{AutomaticTags: []tketest.Tag{{Key: "creator", Value: "me"}}})
			provider := ignore + "\n  default_tags = { env = \"prod\" }"
			own := base.with(attributes{"tags": `{ team = "ml" }`})
			run(
				t, cloud,
				resource.TestStep{
					Config:           tagged(cloud, provider, own),
					ConfigPlanChecks: actions(plancheck.ResourceActionCreate),
				},
				resource.TestStep{
					PreConfig:         retag(cloud, map[string]string{"finops/center": "7"}),
					Config:            tagged(cloud, provider, own),
					ConfigPlanChecks:  actions(plancheck.ResourceActionNoop),
					ConfigStateChecks: []statecheck.StateCheck{has("tags_all", tagMap("env=prod", "team=ml"))},
				},
				resource.TestStep{
					Config:           tagged(cloud, provider, base.with(attributes{"tags": `{ team = "ai" }`})),
					ConfigPlanChecks: actions(plancheck.ResourceActionUpdate),
					Check: lastWrite(
						cloud, "Tags", sentTags("env=prod", "team=ai", "creator=me", "finops/center=7"),
					),
				},
				resource.TestStep{
					ResourceName: address, ImportState: true, ImportStateVerify: true,
					Config:                  tagged(cloud, provider, base.with(attributes{"tags": `{ team = "ai" }`})),
					ImportStateVerifyIgnore: []string{"vpc_id", "subnet_id"},
				},
			)
		})
	}
}

// TestAnUpdateOfTagsOutlivesAListThatMissesTheCache, whichever of its lists that is: the update
// reads the ignored tags before it replaces them all.
func TestAnUpdateOfTagsOutlivesAListThatMissesTheCache(t *testing.T) {
	t.Parallel()
	for nth := 1; nth <= 4; nth++ {
		t.Run(fmt.Sprint(nth), func(t *testing.T) {
			t.Parallel()
			cloud := acctest.Cloud(t, tketest.Options{AutomaticTags: []tketest.Tag{{Key: "creator", Value: "me"}}})
			config := func(team string) string {
				own := base.with(attributes{"tags": `{ team = "` + team + `" }`})
				return tagged(cloud, `ignore_tags = { keys = ["creator"] }`, own)
			}
			missed := func() {
				cloud.Inject(tketest.Fault{Action: tke.ActionDescribe, Nth: nth, Effect: tketest.EmptyList{}})
			}
			run(
				t, cloud,
				resource.TestStep{Config: config("ml")},
				resource.TestStep{
					PreConfig: missed, Config: config("ai"),
					Check: lastWrite(cloud, "Tags", sentTags("team=ai", "creator=me")),
				},
			)
		})
	}
}

// TestDefaultTagsThatAreKnownOnlyDuringApply leave tags_all unknown, and change nothing that they
// need not.
func TestDefaultTagsThatAreKnownOnlyDuringApply(t *testing.T) {
	t.Parallel()
	cloud := acctest.Cloud(t, tketest.Options{})
	config := func(env, more string) string {
		return tagged(cloud, `default_tags = { env = terraform_data.env.output }`, base) +
			"resource \"terraform_data\" \"env\" {\n  input = \"" + env + "\"\n" + more + "}\n"
	}
	unknown := plancheck.ExpectUnknownValue(address, tfjsonpath.New("tags_all"))
	run(
		t, cloud,
		resource.TestStep{
			Config: config("prod", ""), ConfigPlanChecks: planned(plancheck.ResourceActionCreate, unknown),
			ConfigStateChecks: []statecheck.StateCheck{has("tags_all", tagMap("env=prod"))},
		},
		resource.TestStep{
			Config: config("test", ""), ConfigPlanChecks: planned(plancheck.ResourceActionUpdate, unknown),
			ConfigStateChecks: []statecheck.StateCheck{has("tags_all", tagMap("env=test"))},
			Check:             lastWrite(cloud, "Tags", sentTags("env=test")),
		},
		resource.TestStep{ // replaced, and the same in the end
			Config:           config("test", "  triggers_replace = 1\n"),
			ConfigPlanChecks: planned(plancheck.ResourceActionUpdate, unknown),
			Check:            calls(cloud, 1, 1, 0),
		},
	)
}

// TestATagThatIsSetAndIgnoredIsRefused, on its key.
func TestATagThatIsSetAndIgnoredIsRefused(t *testing.T) {
	t.Parallel()
	cloud := acctest.Cloud(t, tketest.Options{})
	own := base.with(attributes{"tags": `{ creator = "me" }`})
	for _, config := range []string{
		tagged(cloud, `ignore_tags = { keys = ["creator"] }`, own),
		tagged(cloud, "ignore_tags = { key_prefixes = [\"crea\"] }\n  default_tags = { creator = \"me\" }", base),
	} {
		run(t, cloud, resource.TestStep{
			Config:      config,
			ExpectError: regexp.MustCompile(`(?s)Tag is ignored.*creator = "me".*ignore_tags covers\s+"creator"`),
		})
	}
	if sent := cloud.Requests(); len(sent) > 0 {
		t.Errorf("%d requests were sent", len(sent))
	}
}
