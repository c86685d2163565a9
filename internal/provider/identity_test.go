package provider_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/acctest"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/tke"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/tke/tketest"
)

// TestImportByIdentity runs where the CLI knows identities: Terraform and OpenTofu 1.12 and later.
// For older ones the protocol is tested (TestAFoundCacheIsWhatAnImportWouldGive).
func TestImportByIdentity(t *testing.T) {
	t.Parallel()
	acctest.RequireVersion(t, "1.12.0")
	cloud := acctest.Cloud(t, tketest.Options{})
	c := newCLI(t, cloud)
	c.oneCache(t, `images = ["app:v1"]`)
	id := cloud.Put(
		tketest.Cache{Name: "adopted", Images: []string{"app:v1"}, VpcID: "vpc-508ctkfb", SubnetID: "subnet-8ah75lo8"},
	).ID
	for _, identity := range []string{`{ id = "` + id + `" }`, `{ id = "` + id + `", region = "ap-guangzhou" }`} {
		text := "import {\n  to = tkeimage_cache.x\n  identity = " + identity + "\n}\n"
		if err := os.WriteFile(filepath.Join(c.folder, "import.tf"), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		c.must(t, "init")
		c.must(t, "apply", "-auto-approve")
		if code, output := c.try(t, "plan", "-detailed-exitcode"); code != 0 {
			t.Errorf("%s: the plan after the import is not empty:\n%s", identity, output)
		}
		c.must(t, "state", "rm", "tkeimage_cache.x")
	}
	calls := cloud.Calls(tke.ActionCreate) + cloud.Calls(tke.ActionUpdate) + cloud.Calls(tke.ActionDelete)
	if calls != 0 {
		t.Errorf("the import changed the cache: %d calls", calls)
	}
	elsewhere := "import {\n  to = tkeimage_cache.x\n  identity = { id = \"" + id + "\", region = \"ap-beijing\" }\n}\n"
	if err := os.WriteFile(filepath.Join(c.folder, "import.tf"), []byte(elsewhere), 0o600); err != nil {
		t.Fatal(err)
	}
	code, output := c.try(t, "plan")
	if code == 0 {
		t.Error("a cache of another region was imported")
	}
	says(t, output, "The identity names region ap-beijing, and this provider is configured for ap-guangzhou")
}
