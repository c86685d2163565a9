// Package examples_test runs the examples as users do: with the real CLI, this provider and
// HashiCorp's for Kubernetes, a real registry, a real Kubernetes API, and the stand-in for the TKE
// API.
//
// `make test` plans each of them. `make lab-cluster` applies them, and reads back what the API
// server then has.
package examples_test

import (
	"math/big"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/acctest"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/cbs/cbstest"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/cloudapi/apitest"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/registry/imagetest"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/registry/registrytest"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/tcr/tcrtest"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/tfcli"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/tke/tketest"
	"github.com/tkeimage/terraform-provider-tkeimage/lab/kubetest"
)

const prefix = "eks.tke.cloud.tencent.com/"

// world is where an example runs.
type world struct {
	*acctest.Workspace
	cloud    *tketest.Server
	registry *registrytest.Registry
	cluster  *kubetest.Cluster // nil in a test that only plans
	pushed   uint64
}

// newWorld makes a copy of an example, with the modules beside it, ready to be planned.
func newWorld(t *testing.T, example string, cluster *kubetest.Cluster) *world {
	t.Helper()
	acctest.CLI(t)
	root := t.TempDir()
	for _, copied := range []struct{ from, to string }{
		{filepath.Join("..", "..", "examples", example), example},
		{filepath.Join("..", "..", "examples", "modules", "large-image"), "modules/large-image"},
		{filepath.Join("testdata", "network"), "modules/network"},
	} {
		to := filepath.Join(root, copied.to)
		if _, err := os.Stat(to); err == nil {
			continue // the example is the module itself
		}
		if err := os.CopyFS(to, os.DirFS(copied.from)); err != nil {
			t.Fatal(err)
		}
	}
	w := &world{
		// with its own builder: images are really pulled
		cloud:    tketest.Start(t, tketest.Options{RequestsPerSecond: -1}),
		registry: registrytest.Start(t, registrytest.Options{}),
		cluster:  cluster,
	}
	env := []string{
		"HOME=" + root, "DOCKER_CONFIG=" + root,
		"TKEIMAGE_MEASUREMENT_CACHE_DIR=" + filepath.Join(root, "measurements"),
		"TKEIMAGE_ENDPOINT_TKE=" + w.cloud.URL, "TKEIMAGE_ENDPOINT_TCR=" + apitest.Start(t, newTCR()),
		"TKEIMAGE_ENDPOINT_CBS=" + apitest.Start(t, newCBS()),
	}
	if !slices.Contains(withoutCloud, example) {
		env = append(
			env, "TENCENTCLOUD_SECRET_ID="+tketest.DefaultSecretID,
			"TENCENTCLOUD_SECRET_KEY="+tketest.DefaultSecretKey, "TENCENTCLOUD_REGION="+tketest.DefaultRegion,
		)
	}
	if cluster != nil {
		// Version 1 of the provider wants a kubeconfig unless it is told that there is none; later
		// ones do not ask.
		env = append(
			env, "KUBE_LOAD_CONFIG_FILE=false", "KUBE_HOST="+cluster.URL, "KUBE_TOKEN="+cluster.Token,
			"KUBE_CLUSTER_CA_CERT_DATA="+cluster.CACertificate,
		)
	}
	plugins := []tfcli.Plugin{acctest.KubernetesProvider(t)}
	w.Workspace = acctest.NewWorkspace(t, filepath.Join(root, example), plugins, env...)
	w.Must(t, "init")
	return w
}

// withoutCloud are the examples of sizes, annotations and functions. They run on a machine without
// any cloud credentials.
var withoutCloud = []string{"cluster-budget", "cluster-default", "large-disk", "mirrors", "review-policy"}

// newTCR is the stand-in for TCR, with one instance.
func newTCR() *tcrtest.Server {
	key := apitest.Credential{SecretID: tketest.DefaultSecretID, SecretKey: tketest.DefaultSecretKey}
	return tcrtest.New(tcrtest.Options{
		Lookup:    func(id string) (apitest.Credential, bool) { return key, id == key.SecretID },
		Instances: map[string]tcrtest.Account{"tcr-ak9876": {Username: "100000000001", Token: "token"}},
	})
}

// newCBS is the stand-in for CBS, which sells one type of disk.
func newCBS() *cbstest.Server {
	key := apitest.Credential{SecretID: tketest.DefaultSecretID, SecretKey: tketest.DefaultSecretKey}
	return cbstest.New(cbstest.Options{
		Lookup:     func(id string) (apitest.Credential, bool) { return key, id == key.SecretID },
		PerGiBHour: map[string]*big.Rat{"CLOUD_PREMIUM": big.NewRat(488, 1_000_000)},
	})
}

// push gives a tag another content each time, of about so many bytes on the disk, and returns the
// reference and digest.
func (w *world) push(t *testing.T, name string, bytes int64) (reference, digest string) {
	t.Helper()
	w.pushed++
	layer, err := imagetest.WriteLayer(t.Context(), t.TempDir(), w.pushed, []imagetest.File{{
		Name: "a", Size: bytes, Like: imagetest.Weights,
	}})
	if err != nil {
		t.Fatal(err)
	}
	image, err := imagetest.Build("amd64", layer)
	if err != nil {
		t.Fatal(err)
	}
	reference = w.registry.Host + "/" + name
	digest, err = imagetest.Push(t.Context(), reference, image)
	if err != nil {
		t.Fatal(err)
	}
	return reference, digest
}

// apply applies the configuration, and checks that nothing is left to do then.
func (w *world) apply(t *testing.T) {
	t.Helper()
	w.Must(t, "apply", "-auto-approve")
	w.CheckEmptyPlan(t)
}
