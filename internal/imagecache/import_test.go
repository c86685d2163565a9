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
	"registry_credentials": `{ "registry.example.com" = { username = "u", password_wo = "p", password_wo_version = 1 } }`,
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
// returns, and the apply of it reaches the service only where it can be changed in place and might
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
					Config:           configuration(cloud, test.attributes),
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

// TestAnImportedCacheNeedsNoSubnet: where it was built stays unknown until the configuration says
// it, whatever else is applied before; from then on a change of it replaces the cache.
func TestAnImportedCacheNeedsNoSubnet(t *testing.T) {
	t.Parallel()
	cloud := acctest.Cloud(t, tketest.Options{})
	id := cloud.Put(tketest.Cache{Name: "llm", Images: []string{image}, SizeGiB: 50}).ID
	less := base.with(attributes{"vpc_id": "", "subnet_id": "", "size_gib": "50"})
	dns := attributes{"retention_days": "10", "resolve_config": `"nameserver 1.1.1.1"`}
	vpc := attributes{"vpc_id": base["vpc_id"]}
	step := func(with attributes, action plancheck.ResourceActionType, create, update, remove int) resource.TestStep {
		return resource.TestStep{
			Config: configuration(cloud, with), ConfigPlanChecks: actions(action), Check: calls(cloud, create, update, remove),
		}
	}
	run(t, cloud,
		resource.TestStep{
			Config: configuration(cloud, less), ResourceName: address,
			ImportState: true, ImportStateId: id, ImportStatePersist: true,
		},
		step(less, plancheck.ResourceActionNoop, 0, 0, 0),
		step(less.with(attributes{"retention_days": "10"}), plancheck.ResourceActionUpdate, 0, 1, 0),
		step(less.with(dns), plancheck.ResourceActionUpdate, 0, 1, 0),
		step(less.with(dns).with(vpc), plancheck.ResourceActionUpdate, 0, 1, 0),
		step(base.with(attributes{"size_gib": "50"}).with(dns), plancheck.ResourceActionUpdate, 0, 1, 0),
		step(base.with(attributes{"size_gib": "50"}).with(dns).with(attributes{"vpc_id": `"vpc-other"`}),
			plancheck.ResourceActionDestroyBeforeCreate, 1, 1, 1),
	)
}

// TestAPlanWithoutASubnetMakesNoCache: both attributes are named at once, by the plan.
func TestAPlanWithoutASubnetMakesNoCache(t *testing.T) {
	t.Parallel()
	cloud := acctest.Cloud(t, tketest.Options{})
	without := func(names ...string) string {
		a := base.with(nil)
		for _, name := range names {
			delete(a, name)
		}
		return configuration(cloud, a)
	}
	refused := func(config, text string) resource.TestStep {
		return resource.TestStep{Config: config, PlanOnly: true, ExpectError: acctest.MatchWrapped(text)}
	}
	run(t, cloud,
		refused(without("vpc_id", "subnet_id"), `A new cache needs vpc_id.*A new cache needs subnet_id`),
		refused(without("subnet_id"), `A new cache needs subnet_id`),
		refused(configuration(cloud, base.with(attributes{"vpc_id": `""`})), `The id of a VPC is empty`),
	)
	if asked := len(cloud.Requests()); asked != 0 {
		t.Errorf("%d requests were made", asked)
	}
}

// TestAnImportedCacheIsNotReplacedWithoutASubnet: each way into a replacement ends in the plan, and
// the cache stays.
func TestAnImportedCacheIsNotReplacedWithoutASubnet(t *testing.T) {
	t.Parallel()
	const refusal = `A new cache needs vpc_id.*A new cache needs subnet_id`
	for name, test := range map[string]struct {
		status tketest.Status
		more   attributes
		taint  []string
	}{
		"shrinking": {more: attributes{"size_gib": "20"}},
		"failed":    {status: tketest.StatusFailed},
		"tainted":   {taint: []string{address}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cloud := acctest.Cloud(t, tketest.Options{})
			id := cloud.Put(tketest.Cache{Name: "llm", Images: []string{image}, SizeGiB: 50, Status: test.status}).ID
			config := base.with(attributes{"vpc_id": "", "subnet_id": "", "size_gib": "50"}).with(test.more)
			run(t, cloud,
				resource.TestStep{
					Config: configuration(cloud, config), ResourceName: address,
					ImportState: true, ImportStateId: id, ImportStatePersist: true,
				},
				resource.TestStep{
					Config: configuration(cloud, config), Taint: test.taint,
					ExpectError: acctest.MatchWrapped(refusal),
				},
				resource.TestStep{
					Config:           configuration(cloud, config.with(attributes{"vpc_id": `"vpc-1"`, "subnet_id": `"subnet-1"`})),
					ConfigPlanChecks: actions(plancheck.ResourceActionDestroyBeforeCreate),
					Check:            calls(cloud, 1, 0, 1),
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
