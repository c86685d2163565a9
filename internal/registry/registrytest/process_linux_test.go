package registrytest_test

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/registry/registrytest"
)

// orphanMaker makes this test binary a process that starts a registry, says where, and waits to be
// killed.
const orphanMaker = "TKEIMAGE_TEST_ORPHAN_MAKER"

func TestKilledProcessTakesItsRegistryAlong(t *testing.T) {
	if os.Getenv(orphanMaker) != "" {
		registry, err := registrytest.Run(t.Context(), registrytest.Options{})
		if err != nil {
			t.Fatal(err)
		}
		fmt.Printf("registry %s\n", registry.Host)
		time.Sleep(time.Minute)
		return
	}
	t.Parallel()

	parent := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestKilledProcessTakesItsRegistryAlong$")
	temporary := t.TempDir() // what a killed process leaves on disk goes with the test
	parent.Env = append(os.Environ(), orphanMaker+"=1", "TMPDIR="+temporary)
	output, err := parent.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := parent.Start(); err != nil {
		t.Fatal(err)
	}
	var host string
	for lines := bufio.NewScanner(output); host == "" && lines.Scan(); {
		if rest, ok := strings.CutPrefix(lines.Text(), "registry "); ok {
			host = rest
		}
	}
	if host == "" || isDown(t, host) {
		t.Fatalf("no registry at %q to begin with", host)
	}

	_ = parent.Process.Kill()
	_ = parent.Wait()

	for deadline := time.Now().Add(10 * time.Second); !isDown(t, host); {
		if time.Now().After(deadline) {
			t.Fatalf("%s outlived the process that started it", host)
		}
		time.Sleep(10 * time.Millisecond)
	}
}
