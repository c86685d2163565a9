package imagecache_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/acctest"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/tke/tketest"
)

const image = "registry.example.com/llm:v1"

func digests(letter string) string {
	return fmt.Sprintf("{ %q = \"sha256:%s\" }", image, strings.Repeat(letter, 64))
}

// TestAMovedTagRebuilds: what a change of image_digests costs, in each mode.
func TestAMovedTagRebuilds(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		more                   attributes
		action                 plancheck.ResourceActionType
		create, update, remove int
	}{
		"replace": {nil, plancheck.ResourceActionDestroyBeforeCreate, 2, 0, 1},
		"create before destroy": {
			attributes{"lifecycle": "{#block}{ create_before_destroy = true }", "name": ""},
			plancheck.ResourceActionCreateBeforeDestroy, 2, 0, 1,
		},
		"in place": {attributes{"rebuild": `"in_place"`}, plancheck.ResourceActionUpdate, 1, 1, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cloud := acctest.Cloud(t, tketest.Options{})
			with := func(letter string) string {
				return configuration(cloud, base.with(test.more).with(attributes{"image_digests": digests(letter)}))
			}
			run(
				t,
				cloud,
				resource.TestStep{
					Config:           with("a"),
					ConfigPlanChecks: actions(plancheck.ResourceActionCreate),
					Check:            calls(cloud, 1, 0, 0),
				},
				resource.TestStep{
					Config:           with("b"),
					ConfigPlanChecks: actions(test.action),
					Check:            calls(cloud, test.create, test.update, test.remove),
				},
			)
		})
	}
}

// TestDigestsThatSayNothingNewRebuildNothing: to begin or to cease watching costs no build.
func TestDigestsThatSayNothingNewRebuildNothing(t *testing.T) {
	t.Parallel()
	cloud := acctest.Cloud(t, tketest.Options{})
	watching := func(value string) resource.TestStep {
		return resource.TestStep{
			Config:           configuration(cloud, base.with(attributes{"image_digests": value})),
			ConfigPlanChecks: actions(plancheck.ResourceActionUpdate),
			Check:            calls(cloud, 1, 0, 0),
		}
	}
	run(t, cloud,
		resource.TestStep{Config: configuration(cloud, base)}, watching(digests("a")), watching(""),
	)
}
