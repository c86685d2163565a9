package examples_test

import (
	"context"
	"fmt"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tkeimage/terraform-provider-tkeimage/lab/kubetest"
)

// controlPlane is shared by all tests, since starting one takes seconds; each test has a namespace
// of its own.
var controlPlane = sync.OnceValues(func() (*kubetest.Cluster, error) { return kubetest.Run(context.Background()) })

func TestMain(m *testing.M) {
	code := m.Run()
	if os.Getenv(kubetest.BinVariable) != "" {
		if cluster, err := controlPlane(); err == nil {
			if err := cluster.Close(); err != nil {
				fmt.Fprintln(os.Stderr, err)
				code = 1
			}
		}
	}
	os.Exit(code)
}

// running is an example that is applied to the cluster.
type running struct {
	*world
	namespace string
	variables map[string]any
}

func newRunning(t *testing.T, example string) *running {
	t.Helper()
	if os.Getenv(kubetest.BinVariable) == "" {
		t.Skip(
			kubetest.BinVariable +
				" is not set: this test applies to a Kubernetes API, as `make lab-cluster` sets it up",
		)
	}
	cluster, err := controlPlane()
	if err != nil {
		t.Fatal(err)
	}
	r := &running{
		world:     newWorld(t, example, cluster),
		namespace: "test-" + strings.ToLower(example),
		variables: map[string]any{},
	}
	err = cluster.Create(t.Context(), "/api/v1/namespaces", map[string]any{
		"metadata": map[string]any{"name": r.namespace},
	})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// set changes variables, and keeps the others.
func (r *running) set(t *testing.T, name string, value any) {
	t.Helper()
	r.variables[name] = value
	r.Set(t, r.variables)
}

// deployment is what the API server has of a Deployment.
type deployment struct {
	Metadata struct{ Generation int64 }
	Spec     struct {
		Replicas int
		Template struct{ Metadata metadata }
	}
	Status struct{ UpdatedReplicas, AvailableReplicas int }
}

type metadata struct {
	Name        string
	Labels      map[string]string
	Annotations map[string]string
}

func (r *running) deployment(t *testing.T, name string) deployment {
	t.Helper()
	var d deployment
	if err := r.cluster.Get(t.Context(), "/apis/apps/v1/namespaces/"+r.namespace+"/deployments/"+name, &d); err != nil {
		t.Fatal(err)
	}
	return d
}

// carries checks that a Deployment is rolled out, and that its Pod template and each of its Pods
// have exactly these annotations, whose keys are without their prefix.
func (r *running) carries(t *testing.T, name string, want map[string]string) {
	t.Helper()
	whole := map[string]string{}
	for key, value := range want {
		whole[prefix+key] = value
	}
	d := r.deployment(t, name)
	equalAnnotations(t, "the Pod template of "+name, whole, d.Spec.Template.Metadata.Annotations)
	if d.Status.AvailableReplicas != d.Spec.Replicas || d.Status.UpdatedReplicas != d.Spec.Replicas {
		t.Errorf("%s is not rolled out: %+v", name, d.Status)
	}
	pods := r.pods(t, name, d.Spec.Replicas)
	for _, pod := range pods {
		equalAnnotations(t, "Pod "+pod.Name, whole, pod.Annotations)
	}
}

// pods are those of a Deployment, once the old ones are gone.
func (r *running) pods(t *testing.T, name string, want int) []metadata {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(50 * time.Millisecond) {
		var list struct{ Items []struct{ Metadata metadata } }
		err := r.cluster.Get(t.Context(), "/api/v1/namespaces/"+r.namespace+"/pods?labelSelector=app%3D"+name, &list)
		if err != nil {
			t.Fatal(err)
		}
		if len(list.Items) == want {
			var pods []metadata
			for _, item := range list.Items {
				pods = append(pods, item.Metadata)
			}
			return pods
		}
		if time.Now().After(deadline) {
			t.Fatalf("%s has %d Pods, want %d", name, len(list.Items), want)
		}
	}
}

func equalAnnotations(t *testing.T, what string, want, got map[string]string) {
	t.Helper()
	if len(want) == 0 && len(got) == 0 {
		return
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s, - want, + got:\n%s", what, diff)
	}
}

// gone destroys everything, and checks that the service and the cluster have nothing left of it.
func (r *running) gone(t *testing.T) {
	t.Helper()
	r.Must(t, "destroy", "-auto-approve")
	if left := r.cloud.Caches(); len(left) != 0 {
		t.Errorf("left at the service: %+v", left)
	}
	var list struct{ Items []struct{ Metadata metadata } }
	if err := r.cluster.Get(t.Context(), "/apis/apps/v1/namespaces/"+r.namespace+"/deployments", &list); err != nil ||
		len(list.Items) != 0 {
		t.Errorf("left in the cluster: %v, %v", list.Items, err)
	}
}
