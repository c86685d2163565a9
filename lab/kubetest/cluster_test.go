package kubetest_test

import (
	"os"
	"testing"
	"time"

	"github.com/tkeimage/terraform-provider-tkeimage/lab/kubetest"
)

// needsControlPlane skips where `make test` runs, which does not build one.
func needsControlPlane(t *testing.T) {
	t.Helper()
	if os.Getenv(kubetest.BinVariable) == "" {
		t.Skip(kubetest.BinVariable + " is not set: this test starts a control plane, as `make lab-cluster` sets it up")
	}
}

// TestADeploymentIsRolledOut: the controllers make Pods of it, and the super node says that they
// are ready.
func TestADeploymentIsRolledOut(t *testing.T) {
	t.Parallel()
	needsControlPlane(t)
	cluster := kubetest.Start(t)
	labels := map[string]any{"app": "x"}
	err := cluster.Create(t.Context(), "/apis/apps/v1/namespaces/default/deployments", map[string]any{
		"metadata": map[string]any{"name": "x"},
		"spec": map[string]any{
			"replicas": 3, "selector": map[string]any{"matchLabels": labels},
			"template": map[string]any{
				"metadata": map[string]any{"labels": labels},
				"spec":     map[string]any{"containers": []any{map[string]any{"name": "x", "image": "127.0.0.1:1/x"}}},
			},
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(50 * time.Millisecond) {
		var deployment struct {
			Status struct{ AvailableReplicas int }
		}
		if err := cluster.Get(t.Context(), "/apis/apps/v1/namespaces/default/deployments/x", &deployment); err != nil {
			t.Fatal(err)
		}
		if deployment.Status.AvailableReplicas == 3 {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("after a minute there are %d of 3 replicas", deployment.Status.AvailableReplicas)
		}
	}
}

func TestWithoutItsProgramsItSaysWhatToDo(t *testing.T) {
	t.Setenv(kubetest.BinVariable, "")
	if cluster, err := kubetest.Run(t.Context()); err == nil || cluster != nil {
		t.Errorf("%v, %v", cluster, err)
	}
	t.Setenv(kubetest.BinVariable, t.TempDir()) // an empty folder
	t.Setenv("TMPDIR", t.TempDir())
	if cluster, err := kubetest.Run(t.Context()); err == nil || cluster != nil {
		t.Errorf("%v, %v", cluster, err)
	}
	if left, err := os.ReadDir(os.TempDir()); err != nil || len(left) != 0 {
		t.Errorf("left on disk: %v, %v", left, err)
	}
}
