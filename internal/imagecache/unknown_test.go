package imagecache_test

import (
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"
	"github.com/hashicorp/terraform-plugin-testing/tfjsonpath"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/acctest"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/tke/tketest"
)

// known makes a value that is known only during apply, as a module's outputs are: a change of
// `input` makes `output` unknown again.
func known(name, value string) string {
	return "\nresource \"terraform_data\" \"" + name + "\" {\n  input = " + value + "\n}\n"
}

func unknowns(cloud *tketest.Server, size, images string) string {
	sources := known("size", size) + known("images", images) + known("vpc", `"vpc-508ctkfb"`) +
		known("digests", `{ for image in `+images+` : image => "sha256:`+strings.Repeat("a", 64)+`" }`) +
		known("tags", `{ team = "ml" }`)
	return sources + configuration(cloud, base.with(attributes{
		"size_gib":      "terraform_data.size.output",
		"images":        "terraform_data.images.output",
		"vpc_id":        "terraform_data.vpc.output",
		"image_digests": "terraform_data.digests.output",
		"tags":          "terraform_data.tags.output",
		"name":          "",
	}))
}

// TestValuesThatAreKnownOnlyDuringApply: modules compute images, sizes and ids.
func TestValuesThatAreKnownOnlyDuringApply(t *testing.T) {
	t.Parallel()
	cloud := acctest.Cloud(t, tketest.Options{})
	image := `["registry.example.com/llm:v1"]`
	run(
		t,
		cloud,
		resource.TestStep{
			Config:           unknowns(cloud, "30", image),
			ConfigPlanChecks: actions(plancheck.ResourceActionCreate),
			ConfigStateChecks: []statecheck.StateCheck{
				has("size_gib", knownvalue.Int64Exact(30)),
			},
			Check: calls(cloud, 1, 0, 0),
		},
		resource.TestStep{ // growing, known only during apply, is still done in place
			Config:           unknowns(cloud, "50", image),
			ConfigPlanChecks: actions(plancheck.ResourceActionUpdate),
			Check:            calls(cloud, 1, 1, 0),
		},
		resource.TestStep{
			Config:           unknowns(cloud, "50", `["registry.example.com/llm:v2"]`),
			ConfigPlanChecks: actions(plancheck.ResourceActionUpdate),
			Check:            calls(cloud, 1, 2, 0),
		},
		// shrinking turns out only during apply: Terraform refuses, nothing is changed, and the
		// next plan replaces
		resource.TestStep{
			Config:      unknowns(cloud, "40", `["registry.example.com/llm:v2"]`),
			ExpectError: acctest.MatchWrapped(`inconsistent final plan`),
		},
		resource.TestStep{
			Config:           unknowns(cloud, "40", `["registry.example.com/llm:v2"]`),
			ConfigPlanChecks: actions(plancheck.ResourceActionDestroyBeforeCreate),
			Check:            calls(cloud, 2, 2, 1),
		},
	)
}

// TestAFractionThatOnlyTheApplyKnowsIsNamedToo, rather than called an error in the provider.
func TestAFractionThatOnlyTheApplyKnowsIsNamedToo(t *testing.T) {
	t.Parallel()
	cloud := acctest.Cloud(t, tketest.Options{})
	run(t, cloud, resource.TestStep{
		Config:      unknowns(cloud, "20.5", `["registry.example.com/llm:v1"]`),
		ExpectError: acctest.MatchWrapped(`Not a whole number.*size_gib must be a whole number, and it is 20\.5`),
	})
}

// TestWhatIsKnownIsNotKnownAfterApply: a reviewer sees in the plan what can be known, and other
// resources do not change for nothing.
func TestWhatIsKnownIsNotKnownAfterApply(t *testing.T) {
	t.Parallel()
	cloud := acctest.Cloud(t, tketest.Options{})
	says := func(attribute string, value knownvalue.Check) plancheck.PlanCheck {
		return plancheck.ExpectKnownValue(address, tfjsonpath.New(attribute), value)
	}
	unknown := func(attribute string) plancheck.PlanCheck {
		return plancheck.ExpectUnknownValue(address, tfjsonpath.New(attribute))
	}
	planned := func(checks ...plancheck.PlanCheck) resource.ConfigPlanChecks {
		return resource.ConfigPlanChecks{PreApply: checks}
	}
	run(
		t,
		cloud,
		resource.TestStep{Config: configuration(cloud, base), ConfigPlanChecks: planned(
			says("size_gib", knownvalue.Int64Exact(20)),
			unknown("status"), // an interrupt leaves it at Pending
			says("expires_at", knownvalue.Null()),
			says("retention_days", knownvalue.Int64Exact(0)),
			unknown("id"),
			plancheck.ExpectUnknownValue(
				address, tfjsonpath.New("pod_annotations").AtMapKey("eks.tke.cloud.tencent.com/use-image-cache"),
			),
		)},
		resource.TestStep{
			Config: configuration(cloud, base.with(attributes{"name": `"renamed"`})),
			ConfigPlanChecks: planned(
				says("id", knownvalue.NotNull()),
				says("pod_annotations", knownvalue.MapSizeExact(1)),
				says("snapshot_id", knownvalue.NotNull()),
				says("created_at", knownvalue.NotNull()),
				says("expires_at", knownvalue.Null()), says("status", knownvalue.StringExact("Ready")),
				says("type", knownvalue.StringExact("manual")),
			),
		},
		resource.TestStep{
			Config: configuration(cloud, base.with(attributes{"name": `"renamed"`, "size_gib": "30"})),
			ConfigPlanChecks: planned(
				says("id", knownvalue.NotNull()),
				says("pod_annotations", knownvalue.MapSizeExact(1)), unknown("snapshot_id"),
			),
		},
	)
}
