package provider_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/acctest"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/sandbox"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/tke/tketest"
)

// cli runs the CLI under test with the built provider in a folder of its own, as users do.
type cli struct {
	binary, folder string
	env            []string
}

func newCLI(t *testing.T, cloud *tketest.Server, more ...string) *cli {
	t.Helper()
	binary := acctest.CLI(t)
	folder := t.TempDir()
	env := []string{
		"TENCENTCLOUD_SECRET_ID=" + tketest.DefaultSecretID, "TENCENTCLOUD_SECRET_KEY=" + tketest.DefaultSecretKey,
		"TKEIMAGE_ENDPOINT_TKE=" + cloud.URL, "TKEIMAGE_MEASUREMENT_CACHE_DIR=" + filepath.Join(folder, ".measurements"), "DOCKER_CONFIG=" + folder,
	}
	return &cli{binary: binary, folder: folder, env: sandbox.CLIEnvironment(acctest.Mirror(t, acctest.ProviderBinary(t)), append(env, more...)...)}
}

func (c *cli) command(t *testing.T, arguments ...string) *exec.Cmd {
	t.Helper()
	command := exec.CommandContext(t.Context(), c.binary, append(arguments, "-no-color")...)
	command.Dir, command.Env = c.folder, c.env
	return command
}

// try gives the exit code and what was printed.
func (c *cli) try(t *testing.T, arguments ...string) (int, string) {
	t.Helper()
	output, err := c.command(t, arguments...).CombinedOutput()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	if exit != nil {
		return exit.ExitCode(), string(output)
	}
	return 0, string(output)
}

func (c *cli) must(t *testing.T, arguments ...string) string {
	t.Helper()
	code, output := c.try(t, arguments...)
	if code != 0 {
		t.Fatalf("%v: exit code %d\n%s", arguments, code, output)
	}
	return output
}

// planned gives what a plan does to each resource, by address, leaving out what does nothing.
func (c *cli) planned(t *testing.T, arguments ...string) map[string][]string {
	t.Helper()
	file := filepath.Join(c.folder, "test.tfplan")
	c.must(t, append([]string{"plan", "-out=" + file}, arguments...)...)
	output, err := c.command(t, "show", "-json", file).Output()
	if err != nil {
		t.Fatal(err)
	}
	var plan struct {
		Changes []struct {
			Address string
			Change  struct{ Actions []string }
		} `json:"resource_changes"`
	}
	if err := json.NewDecoder(bytes.NewReader(output)).Decode(&plan); err != nil {
		t.Fatal(err)
	}
	actions := map[string][]string{}
	for _, change := range plan.Changes {
		if change.Change.Actions[0] != "no-op" && change.Change.Actions[0] != "read" {
			actions[change.Address] = change.Change.Actions
		}
	}
	return actions
}

// use copies an example into the folder.
func (c *cli) use(t *testing.T, example string) {
	t.Helper()
	if err := os.CopyFS(c.folder, os.DirFS(filepath.Join("..", "..", "examples", example))); err != nil {
		t.Fatal(err)
	}
}
