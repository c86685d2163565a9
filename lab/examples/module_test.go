package examples_test

import (
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
	if !strings.Contains(output, "6 passed, 0 failed") {
		t.Errorf("not all of the module's tests ran:\n%s", output)
	}
	if left := w.cloud.Caches(); len(left) != 0 {
		t.Errorf("left at the service: %+v", left)
	}
}
