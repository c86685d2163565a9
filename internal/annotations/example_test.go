package annotations_test

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/acctest"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/registry/registrytest"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/sandbox"
)

// TestExampleLargeDisk runs examples/large-disk as users do: from what is written to an image that fits the free disk,
// to one that needs a larger disk, to one that is over budget.
func TestExampleLargeDisk(t *testing.T) {
	t.Parallel()
	cli := acctest.CLI(t)
	folder := t.TempDir()
	if err := os.CopyFS(folder, os.DirFS(filepath.Join("..", "..", "examples", "large-disk"))); err != nil {
		t.Fatal(err)
	}
	reference := smallImage(t)
	environment := sandbox.CLIEnvironment(acctest.Mirror(t, acctest.ProviderBinary(t)),
		"TKEIMAGE_MEASUREMENT_CACHE_DIR="+folder, "DOCKER_CONFIG="+folder, `TF_VAR_images=["`+reference+`"]`)
	terraform := func(arguments ...string) ([]byte, error) {
		command := exec.CommandContext(t.Context(), cli, append(arguments, "-no-color")...)
		command.Dir, command.Env = folder, environment
		return command.CombinedOutput()
	}
	if output, err := terraform("init"); err != nil {
		t.Fatalf("%v\n%s", err, output)
	}

	for writable, want := range map[string]map[string]string{
		"0":  {},
		"30": {"eks.tke.cloud.tencent.com/root-cbs-size": "40"},
	} {
		if output, err := terraform("apply", "-auto-approve", "-var=writable_gib="+writable); err != nil {
			t.Fatalf("%v\n%s", err, output)
		}
		output, err := terraform("output", "-json", "pod_annotations")
		var got map[string]string
		if err != nil || json.Unmarshal(output, &got) != nil {
			t.Fatalf("%v\n%s", err, output)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s GiB to write, - want, + got:\n%s", writable, diff)
		}
	}

	over := regexp.MustCompile(`need a disk of 130 GiB, and the budget is\s+100 GiB`)
	if output, err := terraform("plan", "-var=writable_gib=100"); err == nil || !over.Match(output) {
		t.Errorf("over budget: %v\n%s", err, output)
	}
}

// smallImage gives the reference of an image of one file, in a registry of its own.
func smallImage(t *testing.T) string {
	t.Helper()
	layer, err := sandbox.WriteLayer(t.Context(), t.TempDir(), 1, []sandbox.File{{Name: "a", Size: 5000}})
	if err != nil {
		t.Fatal(err)
	}
	image, err := sandbox.Image("amd64", layer)
	if err != nil {
		t.Fatal(err)
	}
	reference := registrytest.Start(t, registrytest.Options{}).Host + "/app:v1"
	if _, err := sandbox.Push(t.Context(), reference, image); err != nil {
		t.Fatal(err)
	}
	return reference
}
