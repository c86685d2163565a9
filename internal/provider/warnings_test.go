package provider_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/acctest"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/tke/tketest"
)

// oneCache writes a configuration of one cache and its arguments.
func (c *cli) oneCache(t *testing.T, arguments string) {
	t.Helper()
	text := fmt.Sprintf(`
terraform {
  required_providers {
    tkeimage = { source = "tkeimage/tkeimage" }
  }
}
resource "tkeimage_cache" "x" {
  vpc_id    = "vpc-508ctkfb"
  subnet_id = "subnet-8ah75lo8"
  %s
}
`, arguments)
	if err := os.WriteFile(filepath.Join(c.folder, "main.tf"), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// says looks for a text in an output that the CLI has wrapped.
func says(t *testing.T, output, want string) {
	t.Helper()
	flat := strings.Join(strings.Fields(strings.ReplaceAll(output, "│", " ")), " ")
	if !strings.Contains(flat, want) {
		t.Errorf("the output does not say %q:\n%s", want, output)
	}
}

func TestATagThatMovesIsWorthAWarning(t *testing.T) {
	t.Parallel()
	acctest.CLI(t)
	c := newCLI(t, acctest.Cloud(t, tketest.Options{}))
	for images, warned := range map[string]bool{
		`["app"]`:                           true,
		`["r.example.com:5000/app:latest"]`: true,
		`["app:v1"]`:                        false,
		`["app@sha256:` + strings.Repeat("a", 64) + `"]`: false,
	} {
		c.oneCache(t, "images = "+images)
		c.must(t, "init")
		if got := strings.Contains(c.must(t, "plan"), "A moving tag will leave this cache stale"); got != warned {
			t.Errorf("%s: warned %v, want %v", images, got, warned)
		}
	}
	c.oneCache(t, `images = ["app"]
  image_digests = { app = "sha256:`+strings.Repeat("a", 64)+`" }`)
	if strings.Contains(c.must(t, "plan"), "will leave this cache stale") {
		t.Error("a warning although the digest is watched")
	}
}

// TestExpiry: a cache that will go soon is announced, and one that went at its time leaves with a
// warning that says so.
func TestExpiry(t *testing.T) {
	t.Parallel()
	acctest.CLI(t)
	behind := func() time.Time { return time.Now().AddDate(0, 0, -3) }
	cloud := acctest.Cloud(t, tketest.Options{Clock: behind, SignatureClock: time.Now})
	c := newCLI(t, cloud)
	c.oneCache(t, "images = [\"app:v1\"]\n  retention_days = 5")
	c.must(t, "init")
	c.must(t, "apply", "-auto-approve")
	says(t, c.must(t, "plan"), "Image cache expires soon")
	c.oneCache(
		t,
		"images = [\"app:v1\"]\n  retention_days = 5\n}\ndata \"tkeimage_cache_match\" \"x\" {\n  images = "+
			"[\"app:v1\"]",
	)
	if output := c.must(t, "plan"); strings.Count(output, "expires soon") < 2 && !strings.Contains(output, "similar") {
		t.Errorf("the data source does not warn:\n%s", output)
	}

	c.oneCache(t, "images = [\"app:v1\"]\n  retention_days = 60")
	if got := fmt.Sprint(c.planned(t)["tkeimage_cache.x"]); got != "[update]" {
		t.Errorf("a longer retention is planned as %s", got)
	}
	c.oneCache(t, "images = [\"app:v1\"]\n  retention_days = 1")
	c.must(t, "apply", "-auto-approve")
	cloud.Delete(cloud.Caches()[0].ID)
	output := c.must(t, "plan")
	says(t, output, "Image cache has expired")
	says(t, output, "was created with retention_days = 1 and expired at")
	says(t, output, "tkeimage_cache.x will be created")
}

func TestARebuildInPlaceThatPulledNothingIsWorthAWarning(t *testing.T) {
	t.Parallel()
	acctest.CLI(t)
	for kept, warned := range map[bool]bool{true: true, false: false} {
		cloud := acctest.Cloud(t, tketest.Options{Unconfirmed: tketest.Unconfirmed{SameImagesKept: kept}})
		c := newCLI(t, cloud)
		with := func(letter string) {
			c.oneCache(
				t,
				fmt.Sprintf(
					"images = [\"app:v1\"]\n  rebuild = \"in_place\"\n  image_digests = { \"app:v1\" = \"sha256:%s\" }",
					strings.Repeat(letter, 64),
				),
			)
		}
		with("a")
		c.must(t, "init")
		c.must(t, "apply", "-auto-approve")
		with("b")
		output := c.must(t, "apply", "-auto-approve")
		if got := strings.Contains(output, "may not have been rebuilt"); got != warned {
			t.Errorf("the service keeps the same images: %v, warned: %v\n%s", kept, got, output)
		}
	}
}

// TestANamesakeIsWorthAWarning: a run that was killed leaves a cache that only its name leads back
// to.
func TestANamesakeIsWorthAWarning(t *testing.T) {
	t.Parallel()
	acctest.CLI(t)
	cloud := acctest.Cloud(t, tketest.Options{})
	c := newCLI(t, cloud)
	c.oneCache(t, "name = \"llm\"\n  images = [\"app:v1\"]")
	c.must(t, "init")
	left := cloud.Put(tketest.Cache{Name: "llm", Images: []string{"app:v1"}})
	cloud.Put(tketest.Cache{Name: "other", Images: []string{"app:v1"}})
	output := c.must(t, "plan")
	says(t, output, `Another image cache is named "llm"`)
	says(t, output, "terraform import ADDRESS "+left.ID)
	c.must(t, "import", "tkeimage_cache.x", left.ID)
	c.must(t, "apply", "-auto-approve")
	if caches := cloud.Caches(); len(caches) != 2 {
		t.Errorf("there are %d caches", len(caches))
	}
	if output := c.must(t, "plan", "-replace=tkeimage_cache.x"); strings.Contains(output, "Another image cache") {
		t.Errorf("the cache that is replaced was reported as another cache:\n%s", output)
	}
}
