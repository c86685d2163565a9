package provider_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/acctest"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/tke/tketest"
)

const namesakeWarning = "Another image cache is named"

// useCaches writes a configuration of resources, after the provider's source.
func (c *cli) useCaches(t *testing.T, resources string) {
	t.Helper()
	c.write(t, "main.tf", `
terraform {
  required_providers {
    tkeimage = { source = "tkeimage/tkeimage" }
  }
}
`+resources)
}

// namedCache is a resource of a cache.
func namedCache(label, name, more string) string {
	return fmt.Sprintf(`
resource "tkeimage_cache" %q {
  name      = %q
  images    = ["app:v1"]
  vpc_id    = "vpc-508ctkfb"
  subnet_id = "subnet-8ah75lo8"
  %s
}
`, label, name, more)
}

// successor is a cache that a moved tag replaces, its successor first.
func successor(letter string) string {
	return namedCache("x", "llm", fmt.Sprintf(`image_digests = { "app:v1" = "sha256:%s" }
  lifecycle {
    create_before_destroy = true
  }`, strings.Repeat(letter, 64)))
}

// region is a provider of an alias in a region, and a cache of a name there.
func region(alias, name string) string {
	return fmt.Sprintf("provider \"tkeimage\" {\n  alias  = %q\n  region = %q\n}\n", alias, name) +
		namedCache(alias, "llm", "provider = tkeimage."+alias)
}

// TestKnownNamesakesAreNoWarning: neither in a plan, nor in an apply of it, which is another
// process and reads no state.
func TestKnownNamesakesAreNoWarning(t *testing.T) {
	t.Parallel()
	acctest.CLI(t)
	several := func(count int) (text string) {
		for i := range count {
			text += namedCache(fmt.Sprintf("other%d", i), fmt.Sprintf("other-%d", i), "")
		}
		return text
	}
	for name, test := range map[string]struct{ before, after string }{
		"a replacement under create_before_destroy": {successor("a"), successor("b")},
		"two new ones": {several(1), namedCache("x", "llm", "") + namedCache("y", "llm", "")},
		"a new one beside one in the state": {
			namedCache("x", "llm", ""), namedCache("x", "llm", "") + namedCache("y", "llm", ""),
		},
		"a new one beside one of many in the state": {
			several(30) + namedCache("x", "llm", ""),
			several(30) + namedCache("x", "llm", "") + namedCache("a", "llm", "") + namedCache("y", "llm", ""),
		},
		"the other's name in exchange": {
			namedCache("x", "llm", ""), namedCache("x", "web", "") + namedCache("y", "llm", ""),
		},
		"one name in two regions": {several(1), region("near", "ap-guangzhou") + region("far", "ap-shanghai")},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := newCLI(t, acctest.Cloud(t, tketest.Options{
				Regions: []string{"ap-guangzhou", "ap-shanghai"},
			}))
			c.useCaches(t, test.before)
			c.must(t, "init")
			output := c.must(t, "apply", "-auto-approve")
			c.useCaches(t, test.after)
			output += c.must(t, "plan", "-out=saved")
			output += c.must(t, "apply", "saved")
			if strings.Contains(output, namesakeWarning) {
				t.Errorf("a cache that is known was reported as another cache:\n%s", output)
			}
			c.CheckEmptyPlan(t)
		})
	}
}

// TestANamesakeMadeAfterThePlanIsWorthAWarning: the plan has not seen it, so the apply names it,
// and it alone.
func TestANamesakeMadeAfterThePlanIsWorthAWarning(t *testing.T) {
	t.Parallel()
	acctest.CLI(t)
	cloud := acctest.Cloud(t, tketest.Options{})
	c := newCLI(t, cloud)
	c.useCaches(t, successor("a"))
	c.must(t, "init")
	c.must(t, "apply", "-auto-approve")
	replaced := cloud.Caches()[0].ID
	c.useCaches(t, successor("b"))
	c.must(t, "plan", "-out=saved")
	foreign := cloud.Put(tketest.Cache{Name: "llm", Images: []string{"app:v1"}})
	output := c.must(t, "apply", "saved")
	says(t, output, namesakeWarning)
	says(t, output, foreign.ID+": Ready")
	if strings.Contains(output, replaced+": Ready") {
		t.Errorf("the cache that is replaced was reported as another cache:\n%s", output)
	}
}

// TestAPlanToReplaceReportsANamesake: a run that was killed while it made the successor leaves one
// behind, and the cache that is to be replaced is in the state still.
func TestAPlanToReplaceReportsANamesake(t *testing.T) {
	t.Parallel()
	acctest.CLI(t)
	cloud := acctest.Cloud(t, tketest.Options{})
	c := newCLI(t, cloud)
	c.useCaches(t, successor("a"))
	c.must(t, "init")
	c.must(t, "apply", "-auto-approve")
	left := cloud.Put(tketest.Cache{Name: "llm", Images: []string{"app:v1"}})
	c.useCaches(t, successor("b"))
	output := c.must(t, "plan")
	says(t, output, namesakeWarning)
	says(t, output, "terraform import ADDRESS "+left.ID)
}
