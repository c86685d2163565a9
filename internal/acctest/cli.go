package acctest

import (
	"os"
	"testing"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/tfcli"
)

// CLI returns the absolute path of the Terraform CLI under test. Like the testing library's own
// tests, one that needs it is skipped unless TF_ACC is set, as `make test` does.
func CLI(tb testing.TB) string {
	tb.Helper()

	skipUnlessAcceptance(tb)
	path, err := tfcli.Find()
	if err != nil {
		tb.Fatal(err)
	}

	return path
}

// ProviderBinary returns the path of the built provider, for tests that run it as Terraform does.
func ProviderBinary(tb testing.TB) string {
	tb.Helper()

	skipUnlessAcceptance(tb)
	path := os.Getenv("TKEIMAGE_PROVIDER_BIN")
	if path == "" {
		tb.Fatal("TKEIMAGE_PROVIDER_BIN names no binary of the provider: run this test through make")
	}

	return path
}

// KubernetesProvider is HashiCorp's provider for Kubernetes, built from its module, for tests that
// apply examples.
func KubernetesProvider(tb testing.TB) tfcli.Plugin {
	tb.Helper()

	skipUnlessAcceptance(tb)
	path := os.Getenv("TKEIMAGE_KUBERNETES_PROVIDER_BIN")
	if path == "" {
		tb.Fatal("TKEIMAGE_KUBERNETES_PROVIDER_BIN names no binary of hashicorp/kubernetes: run this test through make")
	}

	return tfcli.Plugin{Source: "hashicorp/kubernetes", Version: tfcli.KubernetesVersion, Binary: path}
}

// Mirror makes a filesystem mirror of the provider's binary, for Terraform and OpenTofu alike, and
// returns the path of a CLI configuration that installs from it alone. Hand that to
// tfcli.Environment.
func Mirror(tb testing.TB, providerBinary string, others ...tfcli.Plugin) (cliConfigFile string) {
	tb.Helper()

	cliConfigFile, err := tfcli.Mirror(tb.TempDir(), providerBinary, others...)
	if err != nil {
		tb.Fatalf("making a mirror of the provider: %v", err)
	}

	return cliConfigFile
}

func skipUnlessAcceptance(tb testing.TB) {
	tb.Helper()

	if os.Getenv("TF_ACC") == "" {
		tb.Skip("TF_ACC is not set: this test runs a Terraform CLI, as `make test` sets it up")
	}
}
