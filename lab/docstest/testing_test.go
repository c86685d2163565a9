package docstest_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestImagesAreHeldToALimit runs the test that the guide on tests writes in itself, over the
// README's first configuration and without credentials; the others are run where the examples are.
func TestImagesAreHeldToALimit(t *testing.T) {
	t.Parallel()
	n := arrive(t)
	n.env = append(n.env, "TENCENTCLOUD_SECRET_ID=", "TENCENTCLOUD_SECRET_KEY=", "TKEIMAGE_ENDPOINT_TKE=")
	n.writes(t, readPage(t, "README.md").blocks("terraform")[0].text)
	tests := filepath.Join(n.folder, "tests")
	if err := os.Mkdir(tests, 0o700); err != nil {
		t.Fatal(err)
	}
	blocks := readPage(t, "docs/guides/testing.md").blocks("hcl")
	limit := blocks[len(blocks)-1].text
	write(t, filepath.Join(tests, "limit.tftest.hcl"), limit)
	n.runs(t, "terraform init")
	if output := n.runs(t, "terraform test"); !strings.Contains(output, "1 passed, 0 failed") {
		t.Errorf("the test did not run:\n%s", output)
	}
	write(t, filepath.Join(tests, "limit.tftest.hcl"), strings.ReplaceAll(limit, "<= 100", "<= 10"))
	output := n.runs(t, "! terraform test")
	for _, promised := range []string{"0 passed, 1 failed", "The images need more than", "**Disk: 20 GiB**"} {
		if !strings.Contains(output, promised) {
			t.Errorf("the limit is passed, and the test does not say %q:\n%s", promised, output)
		}
	}
}
