package acctest

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/hashicorp/go-version"
)

// cliVersion is which CLI is under test.
type cliVersion struct {
	Product string // Terraform or OpenTofu
	Number  *version.Version
}

// findVersion returns which CLI is under test.
func findVersion(tb testing.TB) cliVersion {
	tb.Helper()
	found, err := askVersion(CLI(tb))
	if err != nil {
		tb.Fatal(err)
	}
	return found
}

// OtherCLIs returns the CLIs that are built or installed beside the one under test. Without any,
// the test is skipped, but not where TKEIMAGE_ALL_CLIS says that they were built.
func OtherCLIs(tb testing.TB) []string {
	tb.Helper()
	under := CLI(tb)
	others := slices.DeleteFunc(filepath.SplitList(os.Getenv("TKEIMAGE_OTHER_CLIS")), func(path string) bool {
		return path == under
	})
	if len(others) == 0 {
		if os.Getenv("TKEIMAGE_ALL_CLIS") != "" {
			tb.Fatal("there is no other CLI: make bin/tofu bin/terraform-1.16")
		}
		tb.Skip("there is no other CLI: make bin/tofu bin/terraform-1.16 builds some")
	}
	return others
}

// RequireTerraform skips a test that needs Terraform itself, of a version or later: OpenTofu counts
// its versions alike, and has neither queries nor actions.
func RequireTerraform(tb testing.TB, least string) {
	tb.Helper()
	if found := findVersion(tb); found.Product != "Terraform" || found.isBelow(least) {
		tb.Skipf("the CLI is %s %s, and this needs Terraform %s", found.Product, found.Number, least)
	}
}

// RequireVersion skips a test that needs a version of either CLI, or a later one.
func RequireVersion(tb testing.TB, least string) {
	tb.Helper()
	if found := findVersion(tb); found.isBelow(least) {
		tb.Skipf("the CLI is %s %s, and this needs version %s", found.Product, found.Number, least)
	}
}

func (v cliVersion) isBelow(least string) bool {
	return v.Number.LessThan(version.Must(version.NewVersion(least)))
}

var versions struct {
	sync.Mutex

	known map[string]cliVersion
}

// askVersion runs the CLI once for each program: tests ask often.
func askVersion(cli string) (cliVersion, error) {
	versions.Lock()
	defer versions.Unlock()
	if known, asked := versions.known[cli]; asked {
		return known, nil
	}
	output, err := exec.Command(cli, "version").Output()
	if err != nil {
		return cliVersion{}, err
	}
	title, _, _ := strings.Cut(string(output), "\n") // such as "OpenTofu v1.12.6"
	product, number, _ := strings.Cut(title, " ")
	parsed, err := version.NewVersion(number)
	if err != nil {
		return cliVersion{}, err
	}
	if versions.known == nil {
		versions.known = map[string]cliVersion{}
	}
	versions.known[cli] = cliVersion{Product: product, Number: parsed}
	return versions.known[cli], nil
}
