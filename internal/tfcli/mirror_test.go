package tfcli_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/tfcli"
)

func TestMirrorServesBothRegistries(t *testing.T) {
	t.Parallel()

	folder := t.TempDir()
	binary := filepath.Join(t.TempDir(), "provider")
	if err := os.WriteFile(binary, []byte("the provider"), 0o600); err != nil {
		t.Fatal(err)
	}

	config, err := tfcli.Mirror(folder, binary)
	if err != nil {
		t.Fatal(err)
	}
	for _, host := range []string{"registry.terraform.io", "registry.opentofu.org"} {
		served, err := filepath.Glob(filepath.Join(
			folder, "mirror", host, "tkeimage", "tkeimage", "*", "*", "terraform-provider-tkeimage_v*",
		))
		if err != nil || len(served) != 1 {
			t.Fatalf("%s: files %v, error %v; want one", host, served, err)
		}
		if content, err := os.ReadFile(served[0]); err != nil || string(content) != "the provider" {
			t.Errorf("%s: content %q, error %v", host, content, err)
		}
	}
	text, err := os.ReadFile(config)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(text), "filesystem_mirror") || strings.Contains(string(text), "direct") {
		t.Errorf("the configuration installs from elsewhere too:\n%s", text)
	}
}

func TestMirrorWithoutBinary(t *testing.T) {
	t.Parallel()

	if _, err := tfcli.Mirror(t.TempDir(), filepath.Join(t.TempDir(), "missing")); err == nil {
		t.Error("no error")
	}
}

func TestEnvironmentLeavesTheUsersOut(t *testing.T) {
	for _, name := range []string{
		"TF_LOG", "TF_CLI_CONFIG_FILE", "TF_VAR_region", "TENCENTCLOUD_SECRET_ID", "TKEIMAGE_ENDPOINT_TKE",
	} {
		t.Setenv(name, "the user's")
	}

	environment := tfcli.Environment("cli.tfrc", "TF_VAR_region=ap-guangzhou")
	for _, variable := range environment {
		if strings.HasSuffix(variable, "=the user's") {
			t.Errorf("%s is handed on", variable)
		}
	}
	for _, want := range []string{"TF_CLI_CONFIG_FILE=cli.tfrc", "TF_VAR_region=ap-guangzhou"} {
		if !slices.Contains(environment, want) {
			t.Errorf("%s is missing", want)
		}
	}
}

func TestFindPrefersWhatIsNamed(t *testing.T) {
	t.Setenv("TKEIMAGE_TF_CLI", "")
	t.Setenv("TF_ACC_TERRAFORM_PATH", "/opt/tofu")

	if path, err := tfcli.Find(); err != nil || path != "/opt/tofu" {
		t.Errorf("Find returns %q, %v", path, err)
	}
}

func TestFindWithoutAny(t *testing.T) {
	t.Setenv("TKEIMAGE_TF_CLI", "")
	t.Setenv("TF_ACC_TERRAFORM_PATH", "")
	t.Setenv("PATH", t.TempDir())

	if path, err := tfcli.Find(); err == nil {
		t.Errorf("Find returns %q, want an error", path)
	}
}

func TestTheKubernetesProviderIsOfTheVersionThatIsBuilt(t *testing.T) {
	t.Parallel()

	module, err := os.ReadFile(filepath.Join("..", "..", "tools", "terraform-provider-kubernetes", "go.mod"))
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(
		string(module), "github.com/hashicorp/terraform-provider-kubernetes v"+tfcli.KubernetesVersion+" ",
	) {
		t.Errorf("its go.mod has another version than %s", tfcli.KubernetesVersion)
	}
}
