package imagecache_test

import (
	"regexp"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/acctest"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/tke/tketest"
)

var everything = base.with(attributes{
	"size_gib":             "50",
	"retention_days":       "10",
	"tags":                 `{ team = "ml" }`,
	"security_group_ids":   `["sg-1"]`,
	"auto_eip":             `{ bandwidth_mbps = 5 }`,
	"insecure_registries":  `["a.example.com"]`,
	"http_registries":      `["b.example.com"]`,
	"resolve_config":       `"nameserver 1.1.1.1"`,
	"image_digests":        digests("a"),
	"registry_credentials": `{ "r.example.com" = { username = "u", password_wo = "p", password_wo_version = 1 } }`,
})

// TestImportBringsBackWhatTheServiceTells compares the imported state with the created one.
func TestImportBringsBackWhatTheServiceTells(t *testing.T) {
	t.Parallel()
	cloud := acctest.Cloud(t, tketest.Options{})
	run(t, cloud,
		resource.TestStep{Config: configuration(cloud, everything)},
		resource.TestStep{
			ResourceName: address, ImportState: true, ImportStateVerify: true,
			ImportStateVerifyIgnore: []string{ // what the service never returns
				"vpc_id", "subnet_id", "security_group_ids", "auto_eip", "insecure_registries", "http_registries",
				"resolve_config", "image_digests", "registry_credentials", "timeouts",
			},
		},
	)
}

// TestAfterAnImportNothingIsReplacedAndNothingIsSent: the first plan records what the service never
// tells, and the apply of it reaches the service only where it can be changed in place and might
// differ (security groups, credentials).
func TestAfterAnImportNothingIsReplacedAndNothingIsSent(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		attributes attributes
		updates    int
	}{
		"only what is required": {
			base.with(attributes{"size_gib": "50", "retention_days": "10", "tags": `{ team = "ml" }`}), 0,
		},
		"size left out": {base.with(attributes{"retention_days": "10", "tags": `{ team = "ml" }`}), 0},
		"everything":    {everything, 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cloud := acctest.Cloud(t, tketest.Options{})
			id := cloud.Put(tketest.Cache{
				Name:          "llm",
				Images:        []string{image},
				SizeGiB:       50,
				RetentionDays: 10,
				VpcID:         "vpc-508ctkfb",
				SubnetID:      "subnet-8ah75lo8",
				Tags:          []tketest.Tag{{Key: "team", Value: "ml"}},
			}).ID
			run(t, cloud,
				resource.TestStep{
					Config: configuration(cloud, test.attributes), ResourceName: address,
					ImportState: true, ImportStateId: id, ImportStatePersist: true,
				},
				resource.TestStep{
					Config: configuration(
						cloud, test.attributes,
					),
					ConfigPlanChecks: actions(plancheck.ResourceActionUpdate),
					Check: resource.ComposeTestCheckFunc(
						calls(cloud, 0, test.updates, 0), resource.TestCheckResourceAttr(address, "id", id),
					),
				},
				resource.TestStep{ // from now on, what is recorded counts
					Config: configuration(
						cloud, test.attributes.with(attributes{"resolve_config": `"nameserver 8.8.8.8"`}),
					),
					ConfigPlanChecks: actions(plancheck.ResourceActionDestroyBeforeCreate),
				},
			)
		})
	}
}

func TestImportOfWhatIsNotThere(t *testing.T) {
	t.Parallel()
	cloud := acctest.Cloud(t, tketest.Options{})
	run(t, cloud, resource.TestStep{
		Config: configuration(cloud, base), ResourceName: address, ImportState: true, ImportStateId: "imc-nothere1",
		ExpectError: regexp.MustCompile(`(?s)Cannot import image cache imc-nothere1.*ap-guangzhou`),
	})
}
