//go:build linux

// Package campaign puts the built provider, under a real Terraform CLI, into trouble: faults at
// each call, troubles at each step of a build, signals at random moments, hostile registries,
// services that issue credentials or fail to, many requests at once. After each it checks what must
// be true: the error says what happened, a second apply converges, exactly one cache exists, its id
// is in the state, no secret was written anywhere. What it saw is the tables of the guide "What
// survives".
//
// Each campaign has a short form, which runs with all other tests, and a full one (make lab-faults,
// make lab-kills).
package campaign

import (
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/acctest"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/tfcli"
)

var (
	full   = flag.Bool("full", false, "run the whole campaign, not its short form")
	seed   = flag.Uint64("seed", 0, "the `seed` of random moments; 0 takes a new one")
	rounds = flag.Int("rounds", 0, "how many `rounds` of the kill campaign; 0 takes 12, and 240 in full")
)

// built is the provider under test, in a folder that goes with the test process.
var built struct {
	folder, binary string
	err            error
}

func TestMain(m *testing.M) {
	flag.Parse()
	code := 1
	func() {
		if os.Getenv("TF_ACC") != "" {
			built.folder, built.err = os.MkdirTemp("", "tkeimage-campaign-")
			defer func() { _ = os.RemoveAll(built.folder) }()
			if built.err == nil {
				built.binary, built.err = buildProvider(built.folder)
			}
		}
		code = m.Run()
	}()
	os.Exit(code)
}

// buildProvider makes the provider with short waits, under the race detector when the tests run
// under it.
func buildProvider(folder string) (string, error) {
	binary := filepath.Join(folder, "terraform-provider-tkeimage")
	arguments := []string{"build", "-o", binary}
	if raceDetector {
		arguments = append(arguments, "-race")
	}
	output, err := exec.Command("go", append(arguments, "./quickprovider")...).CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("building the provider: %w\n%s", err, output)
	}
	return binary, nil
}

// requireCLI returns the CLI under test; without TF_ACC the campaign is skipped, like every test
// with a CLI.
func requireCLI(t *testing.T) (cli string) {
	t.Helper()
	cli = acctest.CLI(t)
	if built.err != nil {
		t.Fatal(built.err)
	}
	return cli
}

// writeCLIConfig makes a CLI configuration that takes the provider from a folder as it is: no init,
// no lock file, no copy.
func writeCLIConfig(t *testing.T, folder, providerFolder string) (file string) {
	t.Helper()
	file = filepath.Join(folder, "cli.tfrc")
	text := fmt.Sprintf(
		"disable_checkpoint = true\nprovider_installation {\n  dev_overrides {\n    \"tkeimage/tkeimage\" = "+
			"%q\n  }\n}\n",
		providerFolder,
	)
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

func environment(t *testing.T, folder, cloudURL string, more ...string) []string {
	t.Helper()
	return tfcli.Environment(writeCLIConfig(t, folder, filepath.Join(folder, "bin")), append([]string{
		"TENCENTCLOUD_SECRET_ID=" + secretID, "TENCENTCLOUD_SECRET_KEY=" + canarySecretKey,
		"TENCENTCLOUD_SECURITY_TOKEN=" + canaryToken,
		"TKEIMAGE_ENDPOINT_TKE=" + cloudURL, "TKEIMAGE_MEASUREMENT_CACHE_DIR=" + filepath.Join(folder, "kept"),
		"DOCKER_CONFIG=" + folder,
		"TF_VAR_password=" + canaryPassword,
		"TF_LOG_PROVIDER=TRACE", "TF_LOG_PATH=" + filepath.Join(folder, "trace.log"),
	}, more...)...)
}
