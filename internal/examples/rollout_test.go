package examples_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
)

const (
	movedCache      = "module.image.tkeimage_cache.this[0]"
	movedDeployment = "kubernetes_deployment.app"
)

// TestAMovedTagRollsOutWithItsCache: one plan shows the digest, the cache's rebuild and the Deployment's change, and after
// apply nothing is left to do.
func TestAMovedTagRollsOutWithItsCache(t *testing.T) {
	t.Parallel()
	r := newRunning(t, "rollout-on-moved-tag")
	image, firstDigest := r.push(t, "app:latest", 5000)
	r.set(t, "image", image)
	r.set(t, "subnet_name", "builders")
	r.set(t, "namespace", r.namespace)
	r.apply(t)
	first := r.cacheID(t)
	r.carries(t, "app", map[string]string{"use-image-cache": first, "example.com/image-digest": firstDigest})

	_, secondDigest := r.push(t, "app:latest", 5000)
	plan := r.Plan(t)
	actions := plan.Actions()
	if len(actions) != 2 || !slices.Equal(actions[movedCache], []string{"create", "delete"}) || !slices.Equal(actions[movedDeployment], []string{"update"}) {
		t.Fatalf("the plan says %v", actions)
	}
	for _, address := range []string{movedCache, movedDeployment} {
		change := plan.Change(address).Change
		before, after := asText(t, change.Before), asText(t, change.After)
		if !strings.Contains(before, firstDigest) || (!strings.Contains(after, secondDigest) && !unknownAnnotations(t, change.AfterUnknown)) {
			t.Errorf("%s does not show that %s becomes %s:\n%s\n%s", address, firstDigest, secondDigest, before, after)
		}
	}
	if printed := r.Must(t, "plan"); !strings.Contains(printed, secondDigest) || !strings.Contains(printed, "forces replacement") {
		t.Errorf("the plan does not show the digest and the rebuild:\n%s", printed)
	}

	r.apply(t)
	second := r.cacheID(t)
	if second == first {
		t.Error("the cache was not built again")
	}
	r.carries(t, "app", map[string]string{"use-image-cache": second, "example.com/image-digest": secondDigest})

	r.set(t, "use_cache", false) // the other mode, where the digest alone rolls out
	r.apply(t)
	_, thirdDigest := r.push(t, "app:latest", 5000)
	if actions := r.Plan(t).Actions(); len(actions) != 1 || !slices.Equal(actions[movedDeployment], []string{"update"}) {
		t.Errorf("without a cache, the plan says %v", actions)
	}
	r.apply(t)
	r.carries(t, "app", map[string]string{"example.com/image-digest": thirdDigest})
	r.gone(t)
}

func asText(t *testing.T, value any) string {
	t.Helper()
	text, err := json.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// unknownAnnotations reports whether the Pod template's annotations are known only after the apply: the id of a cache that
// is yet to be made is among them.
func unknownAnnotations(t *testing.T, unknown map[string]any) bool {
	t.Helper()
	return strings.Contains(asText(t, unknown), `"annotations":true`)
}
