package provider_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/acctest"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/tke/tketest"
)

// cacheSettings are the arguments of a cache that a change of one may make unusable.
type cacheSettings struct {
	name, image, more           string
	size, passwordVersion, kept int
}

func (s cacheSettings) configuration() string {
	return fmt.Sprintf(`
resource "tkeimage_cache" "x" {
  name           = %q
  images         = [%q]
  vpc_id         = "vpc-508ctkfb"
  subnet_id      = "subnet-8ah75lo8"
  size_gib       = %d
  retention_days = %d
  registry_credentials = {
    "registry.example.com" = { username = "robot", password_wo = "p", password_wo_version = %d }
  }
  %s
}
`, s.name, s.image, s.size, s.kept, s.passwordVersion, s.more)
}

// TestThePlanSaysWhichUpdatesMakeACacheUnusable: those that put it into Updating, and no other.
func TestThePlanSaysWhichUpdatesMakeACacheUnusable(t *testing.T) {
	t.Parallel()
	acctest.CLI(t)
	digests := func(rebuild, letter string) string {
		return fmt.Sprintf("rebuild = %q\n  image_digests = { \"registry.example.com/app:v1\" = \"sha256:%s\" }",
			rebuild, strings.Repeat(letter, 64))
	}
	before := cacheSettings{"llm", "registry.example.com/app:v1", "", 20, 1, 0}
	for change, test := range map[string]struct {
		before, after func(*cacheSettings)
		unusable      bool
	}{
		"a larger disk":  {nil, func(s *cacheSettings) { s.size = 30 }, true},
		"another image":  {nil, func(s *cacheSettings) { s.image = "registry.example.com/app:v2" }, true},
		"a new password": {nil, func(s *cacheSettings) { s.passwordVersion = 2 }, true},
		"another name":   {nil, func(s *cacheSettings) { s.name = "other" }, false},
		"a longer time":  {nil, func(s *cacheSettings) { s.kept = 30 }, false},
		"other tags":     {nil, func(s *cacheSettings) { s.more = `tags = { team = "ml" }` }, false},
		"a smaller disk": {func(s *cacheSettings) { s.size = 30 }, func(s *cacheSettings) { s.size = 20 }, false},
		"a rebuild in place": {
			func(s *cacheSettings) { s.more = digests("in_place", "a") },
			func(s *cacheSettings) { s.more = digests("in_place", "b") }, true,
		},
		"a rebuild by replacement": {
			func(s *cacheSettings) { s.more = digests("replace", "a") },
			func(s *cacheSettings) { s.more = digests("replace", "b") }, false,
		},
	} {
		t.Run(change, func(t *testing.T) {
			t.Parallel()
			c := newCLI(t, acctest.Cloud(t, tketest.Options{}))
			settings := before
			if test.before != nil {
				test.before(&settings)
			}
			c.useCaches(t, settings.configuration())
			c.must(t, "init")
			c.must(t, "apply", "-auto-approve")
			test.after(&settings)
			c.useCaches(t, settings.configuration())
			output := c.must(t, "plan")
			if got := strings.Contains(output, "Pods cannot use image cache"); got != test.unusable {
				t.Errorf("warned: %v, want %v\n%s", got, test.unusable, output)
			}
		})
	}
}

// TestAFleetGrowsBesideItself: what the guide recommends for a cache that must stay usable. The old
// cache is Ready until its successor is.
func TestAFleetGrowsBesideItself(t *testing.T) {
	t.Parallel()
	acctest.CLI(t)
	cloud := acctest.Cloud(t, tketest.Options{})
	c := newCLI(t, cloud)
	grown := func(size int) {
		settings := cacheSettings{"llm", "registry.example.com/app:v1", `
  lifecycle {
    create_before_destroy = true
    replace_triggered_by  = [terraform_data.size]
  }`, size, 1, 0}
		c.useCaches(t, settings.configuration()+fmt.Sprintf("resource \"terraform_data\" \"size\" {\n  input = %d\n}\n", size))
	}
	grown(20)
	c.must(t, "init")
	c.must(t, "apply", "-auto-approve")
	grown(30)
	output := c.must(t, "apply", "-auto-approve")
	says(t, output, "if this plan does so, nothing is updated")
	if caches, updates := cloud.Caches(), cloud.Calls("UpdateImageCache"); len(caches) != 1 || caches[0].SizeGiB != 30 ||
		updates != 0 {
		t.Errorf("%d updates, and caches %+v", updates, caches)
	}
	c.CheckEmptyPlan(t)
}

// TestAPlanSaysThatACacheIsGone: the plan that makes it anew.
func TestAPlanSaysThatACacheIsGone(t *testing.T) {
	t.Parallel()
	acctest.CLI(t)
	cloud := acctest.Cloud(t, tketest.Options{})
	c := newCLI(t, cloud)
	c.useCaches(t, namedCache("x", "llm", ""))
	c.must(t, "init")
	c.must(t, "apply", "-auto-approve")
	gone := cloud.Caches()[0].ID
	cloud.Delete(gone)
	output := c.must(t, "plan")
	says(t, output, "Image cache is gone")
	says(t, output, fmt.Sprintf("Image cache %s (llm) is in the state, and several reads have not found it", gone))
	says(t, output, "the plan creates a new one")
	says(t, output, "1 to add, 0 to change, 0 to destroy")
	c.must(t, "apply", "-auto-approve")
	c.CheckEmptyPlan(t)
}
