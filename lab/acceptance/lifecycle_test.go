package acceptance_test

import (
	"fmt"
	"regexp"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"
	"github.com/hashicorp/terraform-plugin-testing/terraform"
	"github.com/hashicorp/terraform-plugin-testing/tfjsonpath"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/tke/tketest"
)

const address = "tkeimage_cache.test"

// cache is a configuration with one cache, and what Pods of its images would get.
func (s *target) cache(name, image string, size, retention int, tags string) string {
	return s.block + fmt.Sprintf(`
resource "tkeimage_cache" "test" {
  name           = %q
  images         = [%q]
  vpc_id         = %q
  subnet_id      = %q
  size_gib       = %d
  retention_days = %d
  tags           = %s
  auto_eip       = {}
}

data "tkeimage_cache_match" "test" {
  images     = tkeimage_cache.test.images
  depends_on = [tkeimage_cache.test]
}
`, name, image, s.vpc, s.subnet, size, retention, tags)
}

// TestAccLifecycle is the life of a cache: built, changed in place in each way that there is,
// grown, imported, and deleted. Between the steps the testing library sees to it that the plan is
// empty.
func TestAccLifecycle(t *testing.T) {
	t.Parallel()
	s := aim(t, tketest.Options{})
	name, renamed := newName(), newName()
	at := func(path string, is knownvalue.Check) statecheck.StateCheck {
		return statecheck.ExpectKnownValue(address, tfjsonpath.New(path), is)
	}
	inPlace := resource.ConfigPlanChecks{
		PreApply: []plancheck.PlanCheck{plancheck.ExpectResourceAction(address, plancheck.ResourceActionUpdate)},
	}
	resource.Test(t, resource.TestCase{
		ProtoV6ProviderFactories: s.providers,
		CheckDestroy:             s.gone(t),
		Steps: []resource.TestStep{
			{
				Config: s.cache(name, s.images[0], 20, 30, `{ suite = "acceptance" }`),
				ConfigStateChecks: []statecheck.StateCheck{
					at("id", knownvalue.StringRegexp(regexp.MustCompile(`^imc-[a-z0-9]{8}$`))),
					at("status", knownvalue.StringExact("Ready")),
					at("type", knownvalue.StringExact("manual")), at("size_gib", knownvalue.Int64Exact(20)),
					at("snapshot_id", knownvalue.NotNull()),
					at("created_at", knownvalue.StringRegexp(rfc3339)),
					at("expires_at", knownvalue.StringRegexp(rfc3339)),
					statecheck.ExpectKnownValue(
						"data.tkeimage_cache_match.test", tfjsonpath.New("found"), knownvalue.Bool(true),
					),
				},
			},
			{
				Config:           s.cache(renamed, s.images[0], 20, 0, `{ suite = "acceptance", step = "two" }`),
				ConfigPlanChecks: inPlace,
				ConfigStateChecks: []statecheck.StateCheck{
					at("name", knownvalue.StringExact(renamed)), at("expires_at", knownvalue.Null()),
				},
			},
			{
				Config: s.cache(renamed, s.images[1], 30, 0, `{}`), ConfigPlanChecks: inPlace,
				ConfigStateChecks: []statecheck.StateCheck{
					at("size_gib", knownvalue.Int64Exact(30)), at("status", knownvalue.StringExact("Ready")),
				},
			},
			{
				ResourceName: address, ImportState: true, ImportStateVerify: true,
				// What the service never returns.
				ImportStateVerifyIgnore: []string{
					"vpc_id", "subnet_id", "auto_eip", "image_digests", "rebuild", "timeouts", "tags",
				},
			},
		},
	})
}

var rfc3339 = regexp.MustCompile(`^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d`)

// gone asks the service itself whether the cache is deleted.
func (s *target) gone(t *testing.T) func(*terraform.State) error {
	return func(state *terraform.State) error {
		for _, module := range state.Modules {
			for name, object := range module.Resources {
				if object.Type == "tkeimage_cache" && s.look(t, object.Primary.ID) != nil {
					return fmt.Errorf("%s is still there: %s", name, object.Primary.ID)
				}
			}
		}
		return nil
	}
}
