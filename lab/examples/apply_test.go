package examples_test

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.yaml.in/yaml/v3"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/tke/tketest"
)

const gib = 1 << 30

// cacheID is the id of the only cache, which has to be ready.
func (r *running) cacheID(t *testing.T) string {
	t.Helper()
	caches := r.cloud.Caches()
	if len(caches) != 1 || caches[0].Status != tketest.StatusReady {
		t.Fatalf("want one ready cache, there are %+v", caches)
	}
	return caches[0].ID
}

// TestALargeModelStartsFromItsCache: the Pods are pinned to the cache, and a Pod that writes gets a
// larger disk made from it.
func TestALargeModelStartsFromItsCache(t *testing.T) {
	t.Parallel()
	r := newRunning(t, "large-model-with-cache")
	image, _ := r.push(t, "model:v1", 5000)
	r.set(t, "image", image)
	r.set(t, "subnet_name", "builders")
	r.set(t, "namespace", r.namespace)
	r.apply(t)
	id := r.cacheID(t)
	r.carries(t, "model", map[string]string{"use-image-cache": id})

	r.set(t, "writable_gib", 30)
	r.apply(t)
	if grown := r.cacheID(t); grown != id {
		t.Errorf("a larger disk for the Pods made cache %s of %s", grown, id)
	}
	r.carries(t, "model", map[string]string{"use-image-cache": id, "image-cache-disk-size": "40"})
	r.gone(t)
}

// TestOnlyALargerDisk: nothing where the free disk serves, and what is needed where it does not.
func TestOnlyALargerDisk(t *testing.T) {
	t.Parallel()
	r := newRunning(t, "large-disk")
	image, _ := r.push(t, "app:v1", 5000)
	r.set(t, "image", image)
	r.set(t, "namespace", r.namespace)
	r.apply(t)
	r.carries(t, "app", nil)

	r.set(t, "writable_gib", 30)
	r.apply(t)
	r.carries(t, "app", map[string]string{"root-cbs-size": "40"})
	r.gone(t)
}

// TestTheDefaultOfACluster: a cache, with a larger disk beside it and without one, and the disk
// alone, beside what the ConfigMap holds already.
func TestTheDefaultOfACluster(t *testing.T) {
	t.Parallel()
	r := newRunning(t, "cluster-default")
	for _, mode := range []struct {
		cache bool
		disk  any
		want  map[string]string
	}{
		{true, nil, map[string]string{prefix + "use-image-cache": "auto"}},
		{true, 50, map[string]string{prefix + "use-image-cache": "auto", prefix + "root-cbs-size": "50"}},
		{false, 50, map[string]string{prefix + "root-cbs-size": "50"}},
	} {
		mode.want[prefix+"registry-http-endpoint"] = "10.0.0.1:5000"
		r.set(t, "image_cache", mode.cache)
		r.set(t, "http_registries", []string{"10.0.0.1:5000"})
		r.set(t, "other_data", map[string]string{"other": "a: b\n"})
		r.set(t, "root_disk_size_gib", mode.disk)
		r.apply(t)
		var config struct{ Data map[string]string }
		err := r.cluster.Get(t.Context(), "/api/v1/namespaces/kube-system/configmaps/eks-config", &config)
		if err != nil {
			t.Fatal(err)
		}
		var got map[string]string
		if err := yaml.Unmarshal([]byte(config.Data["pod.annotations"]), &got); err != nil {
			t.Fatalf("%q: %v", config.Data["pod.annotations"], err)
		}
		if diff := cmp.Diff(mode.want, got); diff != "" {
			t.Errorf("- want, + got:\n%s", diff)
		}
		if len(config.Data) != 2 || config.Data["other"] != "a: b\n" {
			t.Errorf("the rest of the ConfigMap is %v", config.Data)
		}
	}
	r.gone(t)
}

// TestTeamsGoTheirOwnWays: one with a cache, one with a larger disk, and one that wants more than
// it may have.
func TestTeamsGoTheirOwnWays(t *testing.T) {
	t.Parallel()
	r := newRunning(t, "many-teams")
	search, _ := r.push(t, "search:v1", 5000)
	speech, _ := r.push(t, "speech:v1", 9000)
	teams := map[string]map[string]any{
		"search": {"image": search},
		"speech": {"image": speech, "use_cache": false, "writable_gib": 30, "max_disk_gib": 40},
	}
	r.set(t, "teams", teams)
	r.set(t, "subnet_name", "builders")
	r.set(t, "namespace", r.namespace)
	r.apply(t)
	id := r.cacheID(t)
	r.carries(t, "search", map[string]string{"use-image-cache": id})
	r.carries(t, "speech", map[string]string{"root-cbs-size": "40"})

	teams["speech"]["writable_gib"] = 50
	r.set(t, "teams", teams)
	if code, output := r.Try(t, "plan"); code == 0 ||
		!unwrapped(output, "A Pod needs a disk of 70 GiB, and max_disk_gib is 40.") {
		t.Errorf("a team over its budget: exit code %d\n%s", code, output)
	}

	teams["speech"] = map[string]any{"image": speech} // goes over to a cache of its own
	delete(teams, "search")
	r.set(t, "teams", teams)
	r.apply(t)
	r.carries(t, "speech", map[string]string{"use-image-cache": r.cacheID(t)})
	r.gone(t)
}

// TestPodsThatWouldMissTheirCacheAreToldOf: the same content under another name is no match.
func TestPodsThatWouldMissTheirCacheAreToldOf(t *testing.T) {
	t.Parallel()
	const check = "check.pods_match_their_cache"
	r := newRunning(t, "pods-match-cache")
	image, _ := r.push(t, "app:v1", 5000)
	r.set(t, "image", image)
	r.set(t, "cached_images", []string{image})
	r.set(t, "subnet_name", "builders")
	r.set(t, "namespace", r.namespace)
	r.apply(t)
	r.carries(t, "app", map[string]string{"use-image-cache": "auto", "root-cbs-size": "20"})
	if status := r.Plan(t).Status(check); status != "pass" {
		t.Errorf("the check's status is %q", status)
	}

	r.push(t, "app:v2", 5000)
	r.set(t, "image", strings.Replace(image, ":v1", ":v2", 1))
	output := r.Must(t, "apply", "-auto-approve")
	if !unwrapped(output, "find no cache, and pull "+strings.Replace(image, ":v1", ":v2", 1)) {
		t.Errorf("no warning:\n%s", output)
	}
	if status := r.Plan(t).Status(check); status != "fail" {
		t.Errorf("the check's status is %q", status)
	}
	r.gone(t)
}

// TestAPolicyStopsThePlan: an image that outgrows its disk, and Pods that outgrow their budget.
func TestAPolicyStopsThePlan(t *testing.T) {
	t.Parallel()
	r := newRunning(t, "review-policy")
	image, _ := r.push(t, "app:v1", 5000)
	r.set(t, "image", image)
	r.set(t, "namespace", r.namespace)
	r.apply(t)
	r.carries(t, "app", map[string]string{"root-cbs-size": "20"})
	before := r.deployment(t, "app").Metadata.Generation

	r.push(t, "app:v1", 19*gib/10) // grows under the same tag
	r.set(t, "writable_gib", 14)
	if code, output := r.Try(t, "plan"); code == 0 ||
		!unwrapped(output, image+" needs a disk of 30 GiB, and Pods of app have 20.") ||
		!strings.Contains(output, "| Image ") {
		t.Errorf("an image that outgrew its disk: exit code %d\n%s", code, output)
	}

	r.set(t, "disk_gib", 80)
	if code, output := r.Try(t, "plan"); code == 0 ||
		!unwrapped(output, "2 Pods of app with 80 GiB each are billed for 120 GiB, and the budget is 100.") {
		t.Errorf("Pods over budget: exit code %d\n%s", code, output)
	}
	if after := r.deployment(t, "app").Metadata.Generation; after != before {
		t.Error("a plan that was stopped changed the Deployment")
	}

	r.set(t, "disk_gib", 30)
	r.apply(t)
	r.carries(t, "app", map[string]string{"root-cbs-size": "30"})
	if status := r.Plan(t).Status("check.room_left"); status != "pass" {
		t.Errorf("with room to spare, the check's status is %q", status)
	}
	r.set(t, "writable_gib", 20)
	if status := r.Plan(t).Status("check.room_left"); status != "fail" {
		t.Errorf("with a disk nearly full, the check's status is %q", status)
	}
	r.gone(t)
}

// unwrapped reports whether the CLI said a text, which it wraps and puts behind bars.
func unwrapped(output, text string) bool {
	words := strings.Fields(output)
	words = slices.DeleteFunc(words, func(word string) bool { return regexp.MustCompile(`^[│╷╵|]$`).MatchString(word) })
	return strings.Contains(strings.Join(words, " "), text)
}
