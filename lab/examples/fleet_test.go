package examples_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/tke/tketest"
)

// writeDeployments writes a list of Deployments as kubectl prints it: by name, the images of their
// containers, the last of which is an init container where there are several.
func (w *world) writeDeployments(t *testing.T, deployments map[string][]string) {
	t.Helper()
	type object = map[string]any
	containers := func(images ...string) (list []object) {
		for _, image := range images {
			list = append(list, object{"image": image, "imagePullPolicy": "IfNotPresent"})
		}
		return list
	}
	items := []object{}
	for name, images := range deployments {
		spec := object{"containers": containers(images[0])}
		if len(images) > 1 {
			spec["initContainers"] = containers(images[1:]...)
		}
		items = append(items, object{
			"metadata": object{"namespace": "default", "name": name, "labels": object{"app": name}},
			"spec":     object{"replicas": 2, "template": object{"spec": spec}},
		})
	}
	text, err := json.Marshal(object{"apiVersion": "v1", "kind": "List", "items": items})
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(w.Folder, "deployments.json"), text, 0o600); err != nil {
		t.Fatal(err)
	}
}

// output reads an output of the state.
func (w *world) output(t *testing.T, name string, into any) {
	t.Helper()
	text, err := w.Command(t, "output", "-json", name).Output()
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, into); err != nil {
		t.Fatal(err)
	}
}

// TestTwoRegionsGetTheSameCache: one of the same name in each, without a warning.
func TestTwoRegionsGetTheSameCache(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "two-regions", nil)
	image, _ := w.push(t, "model:v1", 5000)
	w.Set(t, map[string]any{
		"images": []string{image}, "first": inRegion("ap-guangzhou"), "second": inRegion("ap-shanghai"),
	})
	if output := w.Must(t, "apply", "-auto-approve"); strings.Contains(output, "Warning") {
		t.Errorf("there is a warning:\n%s", output)
	}
	w.CheckEmptyPlan(t)
	var annotations map[string]map[string]string
	w.output(t, "pod_annotations", &annotations)
	regions := map[string]string{}
	for _, cache := range w.cloud.Caches() {
		regions[cache.Region] = cache.Name
		if got := annotations[cache.Region][prefix+"use-image-cache"]; got != cache.ID {
			t.Errorf("in %s, Pods use cache %q, want %s", cache.Region, got, cache.ID)
		}
	}
	if diff := cmp.Diff(map[string]string{"ap-guangzhou": "model", "ap-shanghai": "model"}, regions); diff != "" {
		t.Errorf("- want, + got:\n%s", diff)
	}
	w.Must(t, "destroy", "-auto-approve")
}

// TestTheNextReleaseIsWarmBeforeItsRollout: its cache is built while nothing else changes, and the
// old release's goes after the rollout.
func TestTheNextReleaseIsWarmBeforeItsRollout(t *testing.T) {
	t.Parallel()
	r := newRunning(t, "warm-before-rollout")
	present, _ := r.push(t, "app:v1", 5000)
	next, _ := r.push(t, "app:v2", 5000)
	r.set(t, "subnet_name", "builders")
	r.set(t, "namespace", r.namespace)
	r.set(t, "image", present)
	r.apply(t)
	first := r.cacheID(t)
	r.carries(t, "app", map[string]string{"use-image-cache": first})
	before := r.deployment(t, "app").Metadata.Generation

	r.set(t, "next_image", next)
	r.apply(t)
	if caches := r.cloud.Caches(); len(caches) != 2 || r.deployment(t, "app").Metadata.Generation != before {
		t.Errorf("warming changed the Deployment, or made no cache: %+v", caches)
	}

	r.set(t, "image", next)
	r.set(t, "next_image", nil)
	inOrder(t, r.Must(t, "apply", "-auto-approve"),
		"kubernetes_deployment.app: Modifications complete", "tkeimage_cache.release[\""+present+"\"]: Destr")
	r.CheckEmptyPlan(t)
	second := r.cacheID(t)
	if second == first {
		t.Error("the old release's cache stayed")
	}
	r.carries(t, "app", map[string]string{"use-image-cache": second})
	r.gone(t)
}

// TestDeploymentsFromJSONAreComparedWithCaches: by all images of a Pod, those of init containers
// among them.
func TestDeploymentsFromJSONAreComparedWithCaches(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "deployments-and-caches", nil)
	app, _ := w.push(t, "app:v1", 5000)
	tool, _ := w.push(t, "tool:v1", 5000)
	large, _ := w.push(t, "large:v1", 19*gib/10)
	w.Set(t, map[string]any{"writable_gib": 14})
	cache := w.cloud.Put(tketest.Cache{Name: "app", Images: []string{app}})
	w.writeDeployments(t, map[string][]string{"web": {app}, "prepared": {app, tool}, "large": {large}})
	output := w.Must(t, "apply", "-auto-approve")
	if !unwrapped(output, "do not fit the default disk of 20 GiB: default/large (30 GiB).") {
		t.Errorf("no warning of the large image:\n%s", output)
	}
	var caches map[string]*string
	w.output(t, "caches", &caches)
	want := map[string]*string{"default/web": &cache.ID, "default/prepared": nil, "default/large": nil}
	if diff := cmp.Diff(want, caches); diff != "" {
		t.Errorf("caches, - want, + got:\n%s", diff)
	}
	var needs map[string]int
	w.output(t, "without_cache", &needs)
	if diff := cmp.Diff(map[string]int{"default/prepared": 20, "default/large": 30}, needs); diff != "" {
		t.Errorf("sizes without a cache, - want, + got:\n%s", diff)
	}
	if calls := w.cloud.Calls("CreateImageCache"); calls != 0 {
		t.Errorf("%d caches were made", calls)
	}
}

// TestABudgetCoversAWholeCluster: one check over all workloads, which says what each of them costs.
func TestABudgetCoversAWholeCluster(t *testing.T) {
	t.Parallel()
	const check = "check.monthly_budget"
	w := newWorld(t, "cluster-budget", nil)
	image, _ := w.push(t, "app:v1", 5000)
	variables := map[string]any{
		"workloads": map[string]any{
			"web":    map[string]any{"images": []string{image}, "pods": 10},
			"search": map[string]any{"images": []string{image}, "pods": 4, "writable_gib": 20}, // 4 × 10 × 0.35
			"speech": map[string]any{"images": []string{image}, "pods": 1, "use_cache": true},  // 20 × 0.12 + 20 × 0.35
			"batch":  map[string]any{"images": []string{image}, "pods": 2, "writable_gib": 30}, // 2 × 20 × 0.35
		},
		"monthly_budget": 37.5, "disk_price_gib_month": 0.35, "snapshot_price_gib_month": 0.12,
	}
	w.Set(t, variables)
	if status := w.Plan(t).Status(check); status != "pass" {
		t.Errorf("within the budget, the check's status is %q", status)
	}
	variables["monthly_budget"] = 37
	w.Set(t, variables)
	output := w.Must(t, "plan")
	for _, want := range []string{
		"Disks and snapshots cost 37.40 a month, and the budget is 37:",
		"- batch: 14.00, 2 Pods of 40 GiB", "- search: 14.00, 4 Pods of 30 GiB",
		"- speech: 9.40, 1 Pods of 20 GiB", "- web: 0.00, 10 Pods of 20 GiB",
		"cheaper for: speech.",
	} {
		if !unwrapped(output, want) {
			t.Errorf("the plan does not say %q:\n%s", want, output)
		}
	}
	if status := w.Plan(t).Status(check); status != "fail" {
		t.Errorf("over the budget, the check's status is %q", status)
	}
}

// TestUnusedCachesAreListedAndRemoved: stale and automatic ones, and no others; named, they are
// taken over without a change, and go with the apply after that.
func TestUnusedCachesAreListedAndRemoved(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "unused-caches", nil)
	now := time.Now()
	long := now.AddDate(0, -3, 0)
	put := func(cache tketest.Cache) string {
		cache.Images, cache.CreatedAt = []string{"registry.example.com/app:v1"}, long
		return w.cloud.Put(cache).ID
	}
	tags := []tketest.Tag{{Key: "team", Value: "ml"}}
	stale := put(tketest.Cache{Name: "stale", Tags: tags, RetentionDays: 3650, SizeGiB: 40})
	automatic := put(tketest.Cache{Type: tketest.TypeAuto, LastMatchedAt: now.AddDate(0, -2, 0)})
	used := put(tketest.Cache{Name: "used", Tags: tags, LastMatchedAt: now.AddDate(0, 0, -1)})
	foreign := put(tketest.Cache{Name: "foreign"})
	variables := map[string]any{"tags": map[string]string{"team": "ml"}}
	w.Set(t, variables)
	w.apply(t)
	var unused map[string]string
	w.output(t, "unused", &unused)
	if len(unused) != 2 || !strings.HasPrefix(unused[stale], "manual, 40 GiB, last used never: registry.example.com/app:v1") ||
		!strings.HasPrefix(unused[automatic], "auto, 20 GiB, last used 20") {
		t.Errorf("unused are %v", unused)
	}

	variables["remove"] = []string{stale, automatic} // no other state holds them
	w.Set(t, variables)
	output := w.Must(t, "apply", "-auto-approve")
	if !strings.Contains(output, "2 imported, 0 added, 0 changed, 0 destroyed") {
		t.Errorf("taking over changes something:\n%s", output)
	}
	delete(variables, "remove")
	w.Set(t, variables)
	w.Must(t, "apply", "-auto-approve")
	var left []string
	for _, cache := range w.cloud.Caches() {
		left = append(left, cache.ID)
	}
	slices.Sort(left)
	want := []string{used, foreign}
	slices.Sort(want)
	if diff := cmp.Diff(want, left); diff != "" {
		t.Errorf("left are, - want, + got:\n%s", diff)
	}
}
