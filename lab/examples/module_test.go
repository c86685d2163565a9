package examples_test

import (
	"slices"
	"strings"
	"testing"
)

// TestTheModulesOwnTests runs `terraform test` in the module's folder, against the registry and the
// stand-in.
func TestTheModulesOwnTests(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "modules/large-image", nil)
	image, _ := w.push(t, "llm:v1", 5000)
	w.Env = append(
		w.Env, `TF_VAR_images=["`+image+`"]`, "TF_VAR_vpc_id=vpc-508ctkfb", "TF_VAR_subnet_id=subnet-8ah75lo8",
	)
	output := w.Must(t, "test")
	if !strings.Contains(output, "8 passed, 0 failed") {
		t.Errorf("not all of the module's tests ran:\n%s", output)
	}
	if left := w.cloud.Caches(); len(left) != 0 {
		t.Errorf("left at the service: %+v", left)
	}
}

// TestMockedTestsNeedNothing runs the tests with mocks, of the module and of a configuration, as
// they say: with no credentials, no cloud and no registry.
func TestMockedTestsNeedNothing(t *testing.T) {
	t.Parallel()
	for example, filter := range map[string]string{
		"modules/large-image": "-filter=tests/mocked.tftest.hcl", "complete": "-filter=tests/mocked.tftest.hcl",
	} {
		t.Run(example, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, example, nil)
			w.Env = slices.DeleteFunc(w.Env, func(variable string) bool {
				return strings.HasPrefix(variable, "TENCENTCLOUD_") || strings.HasPrefix(variable, "TKEIMAGE_ENDPOINT_")
			})
			if output := w.Must(t, "test", filter); !strings.Contains(output, "2 passed, 0 failed") {
				t.Errorf("not all of the tests with mocks ran:\n%s", output)
			}
			if asked := len(w.cloud.Requests()); asked != 0 {
				t.Errorf("%d requests were made", asked)
			}
		})
	}
}
