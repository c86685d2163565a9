package imagecache_test

import (
	"regexp"
	"testing"
	"time"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/querycheck"
	"github.com/hashicorp/terraform-plugin-testing/querycheck/queryfilter"
	"github.com/hashicorp/terraform-plugin-testing/tfjsonpath"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/acctest"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/tke/tketest"
)

// TestAQueryListsWhatAnImportWouldFind runs `terraform query`: identities, names, and the resources
// that a configuration is generated from.
func TestAQueryListsWhatAnImportWouldFind(t *testing.T) {
	t.Parallel()
	acctest.RequireTerraform(t, "1.14.0")
	cloud := acctest.Cloud(t, tketest.Options{})
	id := cloud.Put(tketest.Cache{
		Name: "llm", Images: []string{image}, SizeGiB: 50, RetentionDays: 30, VpcID: "vpc-hidden",
		Tags: []tketest.Tag{{Key: "team", Value: "ml"}},
	}).ID
	old := time.Now().AddDate(0, 0, -40)
	cloud.Put(tketest.Cache{Images: []string{"app:v1"}, Type: tketest.TypeAuto, CreatedAt: old})
	broken := cloud.Put(tketest.Cache{Name: "broken", Images: []string{image}, Status: tketest.StatusFailed}).ID
	query := func(name, config string) string {
		return "list \"tkeimage_cache\" \"" + name + "\" {\n  provider         = tkeimage\n  include_resource = true\n" +
			"  config {\n    " + config + "\n  }\n}\n"
	}
	identity := func(id string) map[string]knownvalue.Check {
		return map[string]knownvalue.Check{
			"id": knownvalue.StringExact(id), "region": knownvalue.StringExact("ap-guangzhou"),
		}
	}
	length, found := querycheck.ExpectLength, querycheck.ExpectIdentity
	steps := []resource.TestStep{
		// the provider's block of this step stays for the queries
		{Config: configuration(cloud, base.with(attributes{"name": `"applied"`, "images": `["a:1"]`}))},
		{
			Query: true,
			Config: query("all", "") + query("ready", `status = "Ready"`) +
				query("auto", `type = "auto"`) + query("image", `image = "`+image+`"`) + query("named", `names = ["llm"]`) +
				query("matching", `name_regex = "^(llm|broken)$"`) + query("tagged", `tags = { team = "ml" }`) +
				query("unused", "unused_for_days = 30"),
			QueryResultChecks: []querycheck.QueryResultCheck{
				length("tkeimage_cache.all", 4), length("tkeimage_cache.ready", 3), length("tkeimage_cache.auto", 1),
				length("tkeimage_cache.image", 2), length("tkeimage_cache.named", 1),
				length("tkeimage_cache.matching", 2), length("tkeimage_cache.tagged", 1), length("tkeimage_cache.unused", 1),
				found("tkeimage_cache.image", identity(broken)), found("tkeimage_cache.named", identity(id)),
				querycheck.ExpectResourceKnownValues(
					"tkeimage_cache.named", queryfilter.ByDisplayName(knownvalue.StringExact("llm ("+id+")")),
					[]querycheck.KnownValueCheck{
						{Path: tfjsonpath.New("size_gib"), KnownValue: knownvalue.Int64Exact(50)},
						{Path: tfjsonpath.New("retention_days"), KnownValue: knownvalue.Int64Exact(30)},
						{Path: tfjsonpath.New("rebuild"), KnownValue: knownvalue.StringExact("replace")},
						{Path: tfjsonpath.New("vpc_id"), KnownValue: knownvalue.Null()},
						{Path: tfjsonpath.New("tags"), KnownValue: knownvalue.MapExact(map[string]knownvalue.Check{
							"team": knownvalue.StringExact("ml"),
						})},
					},
				),
			},
		},
		{
			Query: true, Config: query("all", `status = "ready"`),
			ExpectError: regexp.MustCompile(`(?s)status.*"Ready"`),
		},
	}
	resource.Test(t, resource.TestCase{ProtoV6ProviderFactories: acctest.Providers(), Steps: steps})
}
