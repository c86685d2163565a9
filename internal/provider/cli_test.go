package provider_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/acctest"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/tfcli"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/tke/tketest"
)

// cli runs the CLI under test with the built provider in a folder of its own, as users do.
type cli struct {
	*acctest.Workspace
	folder string
}

func newCLI(t *testing.T, cloud *tketest.Server, more ...string) *cli {
	t.Helper()
	acctest.CLI(t)
	folder := t.TempDir()
	env := []string{
		"TENCENTCLOUD_SECRET_ID=" + tketest.DefaultSecretID,
		"TENCENTCLOUD_SECRET_KEY=" + tketest.DefaultSecretKey,
		"TKEIMAGE_ENDPOINT_TKE=" + cloud.URL,
		"TKEIMAGE_MEASUREMENT_CACHE_DIR=" + filepath.Join(folder, ".measurements"),
		"DOCKER_CONFIG=" + folder,
	}
	return cliIn(t, folder, append(env, more...)...)
}

// cliIn runs in a folder that is there, with nothing in its environment but what is given.
func cliIn(t *testing.T, folder string, env ...string) *cli {
	t.Helper()
	plugins := []tfcli.Plugin{acctest.KubernetesProvider(t)} // for examples that ask for it
	return &cli{acctest.NewWorkspace(t, folder, plugins, env...), folder}
}

func (c *cli) command(t *testing.T, arguments ...string) *exec.Cmd {
	t.Helper()
	return c.Command(t, arguments...)
}

// try returns the exit code and what was printed.
func (c *cli) try(t *testing.T, arguments ...string) (int, string) {
	t.Helper()
	return c.Try(t, arguments...)
}

func (c *cli) must(t *testing.T, arguments ...string) string {
	t.Helper()
	return c.Must(t, arguments...)
}

// planned returns what a plan does to each resource, by address, leaving out what does nothing.
func (c *cli) planned(t *testing.T, arguments ...string) map[string][]string {
	t.Helper()
	return c.Plan(t, arguments...).Actions()
}

// use copies an example into the folder.
func (c *cli) use(t *testing.T, example string) {
	t.Helper()
	if err := os.CopyFS(c.folder, os.DirFS(filepath.Join("..", "..", "examples", example))); err != nil {
		t.Fatal(err)
	}
}
