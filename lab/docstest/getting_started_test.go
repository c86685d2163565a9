package docstest_test

import (
	"encoding/base64"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/acctest"
	"github.com/tkeimage/terraform-provider-tkeimage/lab/kubetest"
)

// TestGettingStarted does what the page says, in its order and in both languages: what stands in
// blocks of Terraform is added to a file, and what stands in blocks of shell is run, but for
// kubectl. The provider is the one that `make install` puts in place, and the CLI downloads the one
// for Kubernetes. The Deployment is applied where there is a Kubernetes API, as `make lab-cluster`
// sets it up, and planned where there is none.
func TestGettingStarted(t *testing.T) {
	t.Parallel()
	var cluster *kubetest.Cluster
	if os.Getenv(kubetest.BinVariable) != "" {
		cluster = kubetest.Start(t)
	}
	for _, path := range []string{"docs/guides/getting-started.md", "docs/guides/getting-started-zh.md"} {
		t.Run(path, func(t *testing.T) { // one after the other: both make a Deployment of one name
			n := arriveInstalled(t, acctest.KubernetesProvider(t))
			n.hasKubeconfig(t, cluster)
			text, printed := "", ""
			for _, b := range readPage(t, path).blocks("terraform", "shell") {
				if b.language == "terraform" {
					text += b.text + "\n"
					n.writes(t, text)
					continue
				}
				for line := range strings.Lines(b.text) {
					line = strings.TrimSpace(line)
					switch {
					case strings.HasPrefix(line, "kubectl "):
						continue
					case line == "terraform apply" && cluster != nil:
						line += " -auto-approve"
					case line == "terraform apply":
						line = "terraform plan"
					}
					printed = n.runs(t, line)
				}
			}
			for _, promised := range []string{"kubernetes_deployment.llm", "tkeimage_cache.llm"} {
				if !strings.Contains(printed, promised) {
					t.Errorf("the last command does not show %s:\n%s", promised, printed)
				}
			}
			usesWhatItConfigures(t, text)
			if cluster != nil {
				n.runs(t, "terraform plan -detailed-exitcode")
				n.runs(t, "terraform destroy -auto-approve")
			}
		})
	}
}

// TestExamplesTakeAnInstalledBuild: what `make install` puts in place is among the versions that
// the examples ask for.
func TestExamplesTakeAnInstalledBuild(t *testing.T) {
	t.Parallel()
	n := arriveInstalled(t, acctest.KubernetesProvider(t))
	n.folder = filepath.Join(n.folder, "complete")
	if err := os.CopyFS(n.folder, os.DirFS(filepath.Join(root, "examples", "complete"))); err != nil {
		t.Fatal(err)
	}
	n.runs(t, "terraform init")
	n.runs(t, "terraform validate")
}

// hasKubeconfig puts a kubeconfig into the newcomer's home: of the cluster, or of one that is never
// asked.
func (n *newcomer) hasKubeconfig(t *testing.T, cluster *kubetest.Cluster) {
	t.Helper()
	address, authority, token := "https://127.0.0.1:1", "", "none"
	if cluster != nil {
		address, authority, token = cluster.URL, base64.StdEncoding.EncodeToString([]byte(
			cluster.CACertificate,
		)), cluster.Token
	}
	if err := os.Mkdir(filepath.Join(n.home, ".kube"), 0o700); err != nil {
		t.Fatal(err)
	}
	write(
		t, filepath.Join(n.home, ".kube", "config"),
		fmt.Sprintf(`{"apiVersion": "v1", "kind": "Config", "current-context": "tke",
"clusters": [{"name": "tke", "cluster": {"server": %q, "certificate-authority-data": %q}}],
"users": [{"name": "me", "user": {"token": %q}}],
"contexts": [{"name": "tke", "context": {"cluster": "tke", "user": "me"}}]}`, address, authority, token),
	)
}

// usesWhatItConfigures holds that no provider gets along by accident with what a machine's
// environment tells it.
func usesWhatItConfigures(t *testing.T, text string) {
	t.Helper()
	var configured []string
	for _, match := range regexp.MustCompile(`(?m)^provider "(\w+)"`).FindAllStringSubmatch(text, -1) {
		configured = append(configured, match[1])
	}
	for _, match := range regexp.MustCompile(`(?m)^(?:resource|data|ephemeral) "([a-z0-9]+)_`).FindAllStringSubmatch(
		text, -1,
	) {
		if !slices.Contains(configured, match[1]) {
			t.Errorf("the page uses the provider %s and does not configure it", match[1])
		}
	}
}
