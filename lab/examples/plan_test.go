package examples_test

import (
	"encoding/json"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/acctest"
)

// A wholeExample is what a first plan of an example needs and does. The variable "image" is a small
// image's reference.
type wholeExample struct {
	variables func(image string) map[string]any
	creates   []string // IMAGE in an address is the image's reference
}

func withImage(image string) map[string]any { return map[string]any{"image": image} }

func withSubnet(image string) map[string]any {
	return map[string]any{"image": image, "subnet_name": "builders"}
}

// inRegion is where a cache is built.
func inRegion(region string) map[string]any {
	return map[string]any{"region": region, "vpc_id": "vpc-508ctkfb", "subnet_id": "subnet-8ah75lo8"}
}

var wholeExamples = map[string]wholeExample{
	"complete": {func(image string) map[string]any {
		return map[string]any{"images": []string{image}, "vpc_id": "vpc-508ctkfb", "subnet_id": "subnet-8ah75lo8"}
	}, []string{"tkeimage_cache.this"}},
	"cluster-default": {
		func(string) map[string]any { return map[string]any{} }, []string{"kubernetes_config_map.eks_config"},
	},
	"cluster-budget": {func(image string) map[string]any {
		return map[string]any{
			"workloads":      map[string]any{"app": map[string]any{"images": []string{image}, "pods": 10}},
			"monthly_budget": 100, "disk_price_gib_month": 0.35, "snapshot_price_gib_month": 0.12,
		}
	}, nil},
	"deployments-and-caches": {func(string) map[string]any { return map[string]any{} }, nil},
	"two-regions": {func(image string) map[string]any {
		return map[string]any{
			"images": []string{image},
			"first":  inRegion("ap-guangzhou"), "second": inRegion("ap-shanghai"),
		}
	}, []string{"module.first.tkeimage_cache.this[0]", "module.second.tkeimage_cache.this[0]"}},
	"unused-caches": {func(string) map[string]any { return map[string]any{} }, nil},
	"warm-before-rollout": {
		withSubnet, []string{"kubernetes_deployment.app", `tkeimage_cache.release["IMAGE"]`},
	},
	"large-disk":             {withImage, []string{"kubernetes_deployment.app"}},
	"large-model-with-cache": {withSubnet, []string{"kubernetes_deployment.model", "tkeimage_cache.model"}},
	"many-teams": {func(image string) map[string]any {
		return map[string]any{"subnet_name": "builders", "teams": map[string]any{
			"search": map[string]any{"image": image},
			"speech": map[string]any{"image": image, "use_cache": false, "writable_gib": 40},
		}}
	}, []string{
		`kubernetes_deployment.app["search"]`, `kubernetes_deployment.app["speech"]`,
		`module.images["search"].tkeimage_cache.this[0]`,
	}},
	"mirrors": {func(image string) map[string]any {
		mirror, name, _ := strings.Cut(image, "/")
		return map[string]any{
			"images": []string{mirrored + "/" + name}, "mirrors": map[string][]string{mirrored: {mirror}},
		}
	}, nil},
	"pods-match-cache": {func(image string) map[string]any {
		return map[string]any{"image": image, "cached_images": []string{image}, "subnet_name": "builders"}
	}, []string{"kubernetes_deployment.app", "tkeimage_cache.app"}},
	"private-tcr": {func(image string) map[string]any {
		host, _, _ := strings.Cut(image, "/")
		return map[string]any{
			"registry_id": "tcr-ak9876", "registry_host": host, "registry_username": "100000000001",
			"images": []string{image},
			"vpc_id": "vpc-508ctkfb", "subnet_id": "subnet-8ah75lo8",
		}
	}, []string{"tkeimage_cache.this"}},
	"review-policy": {withImage, []string{"kubernetes_deployment.app"}},
	"scheduled-rebuild": {func(image string) map[string]any {
		return map[string]any{"image": image, "vpc_id": "vpc-508ctkfb", "subnet_id": "subnet-8ah75lo8"}
	}, []string{"tkeimage_cache.this"}},
	"rollout-on-moved-tag": {withSubnet, []string{"kubernetes_deployment.app", "module.image.tkeimage_cache.this[0]"}},
}

// TestEachExamplePlans plans each configuration in a folder of examples/ with the real providers;
// none is left out. Deeper down are modules, and what the documentation embeds.
func TestEachExamplePlans(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob(filepath.Join("..", "..", "examples", "*", "*.tf"))
	if err != nil {
		t.Fatal(err)
	}
	folders := map[string]bool{}
	for _, file := range files {
		folders[filepath.Base(filepath.Dir(file))] = true
	}
	delete(folders, "provider") // the documentation embeds it
	if len(folders) < len(wholeExamples) {
		t.Errorf("%d examples, and %d are expected", len(folders), len(wholeExamples))
	}
	for name := range folders {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			example, known := wholeExamples[name]
			if !known {
				t.Fatal("this example is not planned in any test: say in wholeExamples what its plan needs and does")
			}
			if name == "scheduled-rebuild" {
				acctest.RequireTerraform(t, "1.14.0") // actions
			}
			w := newWorld(t, name, nil)
			image, _ := w.push(t, "app:v1", 5000)
			w.writeDeployments(t, map[string][]string{"app": {image}})
			w.Set(t, example.variables(image))
			plan := w.Plan(t)
			checkPullPolicies(t, plan)
			actions := plan.Actions()
			var creates []string
			for _, address := range example.creates {
				creates = append(creates, strings.ReplaceAll(address, "IMAGE", image))
			}
			if diff := cmp.Diff(creates, slices.Sorted(maps.Keys(actions))); diff != "" {
				t.Errorf("planned, - want, + got:\n%s", diff)
			}
			for address, does := range actions {
				if !slices.Equal(does, []string{"create"}) {
					t.Errorf("%s: %v, want a creation", address, does)
				}
			}
		})
	}
}

// checkPullPolicies wants a pull policy on each container: the default depends on the tag, and
// decides whether Pods with a cache ask the registry.
func checkPullPolicies(t *testing.T, plan *acctest.Plan) {
	t.Helper()
	for _, change := range plan.ResourceChanges {
		if !strings.Contains(change.Address, "kubernetes_deployment.") {
			continue
		}
		text, err := json.Marshal(change.Change.After)
		if err != nil {
			t.Fatal(err)
		}
		var deployment struct {
			Spec []struct {
				Template []struct {
					Spec []struct {
						Container []struct {
							Name            string
							ImagePullPolicy string `json:"image_pull_policy"`
						}
					}
				}
			}
		}
		if err := json.Unmarshal(text, &deployment); err != nil {
			t.Fatal(err)
		}
		containers := deployment.Spec[0].Template[0].Spec[0].Container
		for _, container := range containers {
			if container.ImagePullPolicy != "IfNotPresent" {
				t.Errorf("%s, container %s: pull policy %q", change.Address, container.Name, container.ImagePullPolicy)
			}
		}
		if len(containers) == 0 {
			t.Errorf("%s has no container", change.Address)
		}
	}
}
