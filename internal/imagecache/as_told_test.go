package imagecache_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/acctest"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/tke/tketest"
)

// drift is a step whose apply succeeds and whose next plan has something to say.
func drift(step resource.TestStep) resource.TestStep {
	step.ConfigPlanChecks.PostApplyPostRefresh = []plancheck.PlanCheck{plancheck.ExpectNonEmptyPlan()}
	step.ExpectNonEmptyPlan = true
	return step
}

// TestTagsOfTheAccount: an account may tag what is made in it. That spoils no apply. Tags that a
// configuration leaves out are not its business; the ones that it sets are all, and what is added
// to them shows, unless it says to ignore that.
func TestTagsOfTheAccount(t *testing.T) {
	t.Parallel()
	own := base.with(attributes{"tags": `{ team = "ml" }`})
	ignoring := own.with(attributes{"lifecycle": `{#block}{ ignore_changes = [tags["creator"]] }`})
	create, update := plancheck.ResourceActionCreate, plancheck.ResourceActionUpdate
	creator := []any{map[string]any{"Key": "creator", "Value": "me"}, map[string]any{"Key": "team", "Value": "ai"}}
	for name, test := range map[string]func(*tketest.Server) []resource.TestStep{
		"left out": func(cloud *tketest.Server) []resource.TestStep {
			return []resource.TestStep{
				{
					Config:            configuration(cloud, base),
					ConfigPlanChecks:  actions(create),
					ConfigStateChecks: []statecheck.StateCheck{has("tags", knownvalue.Null())},
				},
				{
					Config:           configuration(cloud, base.with(attributes{"retention_days": "9"})),
					ConfigPlanChecks: actions(update),
					Check:            lastWrite(cloud, "Tags", nil),
				},
			}
		},
		"set": func(cloud *tketest.Server) []resource.TestStep {
			return []resource.TestStep{
				drift(resource.TestStep{
					Config:           configuration(cloud, own),
					ConfigPlanChecks: actions(create),
					Check:            calls(cloud, 1, 0, 0),
				}),
				{
					Config:           configuration(cloud, own),
					ConfigPlanChecks: actions(update),
					Check:            lastWrite(cloud, "Tags", []any{map[string]any{"Key": "team", "Value": "ml"}}),
				},
			}
		},
		"set, the others ignored": func(cloud *tketest.Server) []resource.TestStep {
			return []resource.TestStep{
				{
					Config:           configuration(cloud, ignoring),
					ConfigPlanChecks: actions(create),
					Check:            calls(cloud, 1, 0, 0),
				},
				{
					Config:           configuration(cloud, ignoring.with(attributes{"tags": `{ team = "ai" }`})),
					ConfigPlanChecks: actions(update),
					Check:            lastWrite(cloud, "Tags", creator),
				},
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cloud := acctest.Cloud(t, tketest.Options{AutomaticTags: []tketest.Tag{{Key: "creator", Value: "me"}}})
			run(t, cloud, test(cloud)...)
		})
	}
}

// TestTagsThatCannotBeTakenAway: where an empty list clears nothing, leaving tags out ends the care
// for them, and an empty map, which asks for none, is asked for again.
func TestTagsThatCannotBeTakenAway(t *testing.T) {
	t.Parallel()
	cloud := acctest.Cloud(t, tketest.Options{Unconfirmed: tketest.Unconfirmed{EmptyListKeeps: true}})
	tags := func(value string) string { return configuration(cloud, base.with(attributes{"tags": value})) }
	run(t, cloud,
		resource.TestStep{Config: tags(`{ team = "ml" }`), ConfigPlanChecks: actions(plancheck.ResourceActionCreate)},
		drift(resource.TestStep{Config: tags(`{}`), ConfigPlanChecks: actions(plancheck.ResourceActionUpdate)}),
		resource.TestStep{Config: tags(""), ConfigPlanChecks: actions(plancheck.ResourceActionUpdate)},
	)
}

// TestTheServicesSpelling: what the service returns in its own words is neither an inconsistent
// result nor a change.
func TestTheServicesSpelling(t *testing.T) {
	t.Parallel()
	cloud := acctest.Cloud(t, tketest.Options{RewriteAnswer: func(cache *tketest.Cache) {
		cache.Snapshotter = strings.ToUpper(cache.Snapshotter)
		for i, image := range cache.Images {
			if parsed, err := name.ParseReference(image, name.WithDefaultRegistry("docker.io")); err == nil {
				cache.Images[i] = parsed.Name()
			}
		}
	}})
	written := base.with(
		attributes{
			"images":        `["nginx", "registry.example.com/llm:v1"]`,
			"image_digests": digests("a"),
		},
	)
	run(
		t,
		cloud,
		resource.TestStep{
			Config:           configuration(cloud, written),
			ConfigPlanChecks: actions(plancheck.ResourceActionCreate),
			Check:            calls(cloud, 1, 0, 0),
		},
		resource.TestStep{
			Config: configuration(
				cloud, written.with(attributes{
					"images": `["nginx", "redis:7"]`, "image_digests": "", "timeouts": `{ update = "30s" }`,
				}),
			),
			ConfigPlanChecks: actions(plancheck.ResourceActionUpdate),
			Check:            calls(cloud, 1, 1, 0),
			ConfigStateChecks: []statecheck.StateCheck{
				has(
					"images",
					knownvalue.SetExact(
						[]knownvalue.Check{knownvalue.StringExact("nginx"), knownvalue.StringExact("redis:7")},
					),
				),
				has("snapshotter", knownvalue.StringExact("OVERLAY")),
			},
		},
	)
}

// TestWhatTheServiceMakesOfItShowsAsDrift: where the service keeps something else than was asked
// for, the apply ends when the service is done, and the next plan says what differs.
func TestWhatTheServiceMakesOfItShowsAsDrift(t *testing.T) {
	t.Parallel()
	cloud := acctest.Cloud(
		t,
		tketest.Options{
			Pace: 100 * time.Millisecond,
			RewriteAnswer: func(cache *tketest.Cache) { // slow enough to be seen Updating
				cache.Name, cache.RetentionDays = strings.ToLower(cache.Name), cache.RetentionDays/10*10
				for i, image := range cache.Images {
					cache.Images[i] = strings.Replace(image, "registry.example.com", "mirror.example.com", 1)
				}
			},
		},
	)
	written := base.with(attributes{"name": `"LLM"`, "retention_days": "15", "timeouts": `{ update = "30s" }`})
	run(
		t,
		cloud,
		drift(
			resource.TestStep{
				Config:           configuration(cloud, written),
				ConfigPlanChecks: actions(plancheck.ResourceActionCreate),
				Check:            calls(cloud, 1, 0, 0),
			},
		),
		drift(resource.TestStep{
			Config:           configuration(cloud, written.with(attributes{"size_gib": "30"})),
			ConfigPlanChecks: actions(plancheck.ResourceActionUpdate), Check: calls(cloud, 1, 1, 0),
		}),
	)
}
