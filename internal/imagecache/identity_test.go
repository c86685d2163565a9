package imagecache_test

import (
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/acctest"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/tke/tketest"
)

// in puts the provider into a region, which may be an expression.
func in(region, config string) string {
	return strings.Replace(config, "provider \"tkeimage\" {", "provider \"tkeimage\" {\n  region = "+region, 1)
}

// TestAnotherRegionOrphansNothing: where the provider's region changes, or is known only during
// apply, a cache keeps its place in the state, and no second one is made.
func TestAnotherRegionOrphansNothing(t *testing.T) {
	t.Parallel()
	cloud := acctest.Cloud(t, tketest.Options{})
	config := configuration(cloud, base)
	computed := func(region string) string {
		return in("terraform_data.region.output", known("region", `"`+region+`"`)+config)
	}
	run(t, cloud,
		resource.TestStep{ // the region is not known until apply
			Config:           computed("ap-shanghai"),
			ConfigPlanChecks: actions(plancheck.ResourceActionCreate),
			Check:            calls(cloud, 1, 0, 0),
		},
		resource.TestStep{
			Config:      computed("ap-beijing"),
			ExpectError: acctest.MatchWrapped(`Cannot read image cache imc-.*not known until apply.*- region`),
		},
		resource.TestStep{
			Config: in(`"ap-guangzhou"`, config),
			ExpectError: acctest.MatchWrapped(
				`imc-[a-z0-9]{8} is in ap-shanghai, and this provider is configured for ap-guangzhou`,
			),
		},
		resource.TestStep{
			Config:           in(`"ap-shanghai"`, config),
			ConfigPlanChecks: actions(plancheck.ResourceActionNoop),
			Check:            calls(cloud, 1, 0, 0),
		},
	)
}
