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

// TestAMovedTagRollsOutWithItsCache: one plan shows the digest, the cache's rebuild and the
// Deployment's change, and after apply nothing is left to do.
func TestAMovedTagRollsOutWithItsCache(t *testing.T) {
	t.Parallel()
	r := newRunning(t, "rollout-on-moved-tag")
	image, firstDigest := r.push(t, "app:latest", 5000)
	r.set(t, "image", image)
	r.set(t, "subnet_name", "builders")
	r.set(t, "namespace", r.namespace)
	r.apply(t)
	first := r.cacheID(t)
	r.carries(t, "app", map[string]string{"use-image-cache": first})
	r.labelled(t, firstDigest)

	_, secondDigest := r.push(t, "app:latest", 5000)
	plan := r.Plan(t)
	actions := plan.Actions()
	if len(actions) != 2 || !slices.Equal(actions[movedCache], []string{"create", "delete"}) ||
		!slices.Equal(actions[movedDeployment], []string{"update"}) {
		t.Fatalf("the plan says %v", actions)
	}
	for _, address := range []string{movedCache, movedDeployment} {
		change := plan.Change(address).Change
		before, after := asText(t, change.Before), asText(t, change.After)
		if !strings.Contains(before, short(firstDigest)) || !strings.Contains(after, short(secondDigest)) ||
			strings.Contains(after, short(firstDigest)) {
			t.Errorf("%s does not show that %s becomes %s:\n%s\n%s", address, firstDigest, secondDigest, before, after)
		}
	}
	if printed := r.Must(t, "plan"); strings.Count(printed, short(secondDigest)) < 3 ||
		!strings.Contains(printed, "forces replacement") {
		t.Errorf("the plan does not show the digest with cache, Deployment and output, and the rebuild:\n%s", printed)
	}

	inOrder(t, r.Must(t, "apply", "-auto-approve"),
		movedCache+": Creation complete", movedDeployment+": Modifications complete", movedCache+" (deposed object")
	r.CheckEmptyPlan(t)
	second := r.cacheID(t)
	if second == first {
		t.Error("the cache was not built again")
	}
	r.carries(t, "app", map[string]string{"use-image-cache": second})
	r.labelled(t, secondDigest)

	r.set(t, "use_cache", false) // the other mode, where the digest alone rolls out
	r.apply(t)
	_, thirdDigest := r.push(t, "app:latest", 5000)
	if actions := r.Plan(t).Actions(); len(actions) != 1 ||
		!slices.Equal(actions[movedDeployment], []string{"update"}) {
		t.Errorf("without a cache, the plan says %v", actions)
	}
	r.apply(t)
	r.carries(t, "app", nil)
	r.labelled(t, thirdDigest)
	r.gone(t)
}

// short is a digest as the example puts it into a label.
func short(digest string) string { return strings.TrimPrefix(digest, "sha256:")[:12] }

// labelled checks that the Pod template and all Pods carry the digest.
func (r *running) labelled(t *testing.T, digest string) {
	t.Helper()
	for _, pod := range append(r.pods(t, "app", 1), r.deployment(t, "app").Spec.Template.Metadata) {
		if got := pod.Labels["image-digest"]; got != short(digest) {
			t.Errorf("%s has label %q, want that of %s", pod.Name, got, digest)
		}
	}
}

func asText(t *testing.T, value any) string {
	t.Helper()
	text, err := json.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// inOrder checks that the signs stand in the output one after the other.
func inOrder(t *testing.T, output string, signs ...string) {
	t.Helper()
	_, applying, _ := strings.Cut(output, "Plan: ") // what comes before is the plan
	for _, sign := range signs {
		_, rest, found := strings.Cut(applying, sign)
		if !found {
			t.Fatalf("no %q after the sign before it:\n%s", sign, output)
		}
		applying = rest
	}
}
