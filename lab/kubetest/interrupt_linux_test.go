package kubetest_test

import (
	"net"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/tkeimage/terraform-provider-tkeimage/lab/kubetest"
)

// addressFile makes TestHeldOpen start a cluster, write its address there, and wait to be stopped.
const addressFile = "TKEIMAGE_TEST_ADDRESS_FILE"

func TestHeldOpen(t *testing.T) {
	path := os.Getenv(addressFile)
	if path == "" {
		t.Skip("this is a part of the test of interrupted runs")
	}
	cluster, err := kubetest.Run(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path+".new", []byte(cluster.URL), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(path+".new", path); err != nil {
		t.Fatal(err)
	}
	time.Sleep(10 * time.Minute)
}

// TestAnInterruptedRunLeavesNothing: neither a process nor a file, whether Ctrl-C, a CI system or
// the kernel ends it.
func TestAnInterruptedRunLeavesNothing(t *testing.T) {
	t.Parallel()
	needsControlPlane(t)
	for _, signal := range []syscall.Signal{syscall.SIGINT, syscall.SIGTERM} {
		t.Run(signal.String(), func(t *testing.T) {
			folder, address := t.TempDir(), filepath.Join(t.TempDir(), "address")
			// not ended by the test's context, but by a signal
			run := exec.Command(filepath.Join("..", "..", "scripts", "test-cluster.sh"), "-run", "^TestHeldOpen$")
			run.Env = append(os.Environ(), addressFile+"="+address, "TMPDIR="+folder)
			if err := run.Start(); err != nil {
				t.Fatal(err)
			}
			host := waitForAddress(t, address)
			if err := run.Process.Signal(signal); err != nil {
				t.Fatal(err)
			}
			if err := run.Wait(); err == nil {
				t.Error("an interrupted run succeeded")
			}
			isGone(t, host)
			if left, err := os.ReadDir(folder); err != nil || len(left) != 0 {
				t.Errorf("left on disk: %v, %v", left, err)
			}
		})
	}
}

// TestAKilledProcessTakesItsControlPlaneAlong: when no cleanup runs, the system ends the children.
func TestAKilledProcessTakesItsControlPlaneAlong(t *testing.T) {
	t.Parallel()
	needsControlPlane(t)
	address := filepath.Join(t.TempDir(), "address")
	parent := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestHeldOpen$")
	// what is left on disk goes with the test
	parent.Env = append(os.Environ(), addressFile+"="+address, "TMPDIR="+t.TempDir())
	if err := parent.Start(); err != nil {
		t.Fatal(err)
	}
	host := waitForAddress(t, address)
	_ = parent.Process.Kill()
	_ = parent.Wait()
	isGone(t, host)
}

func waitForAddress(t *testing.T, path string) string {
	t.Helper()
	for deadline := time.Now().Add(5 * time.Minute); ; time.Sleep(100 * time.Millisecond) {
		if text, err := os.ReadFile(path); err == nil {
			address, err := url.Parse(strings.TrimSpace(string(text)))
			if err != nil {
				t.Fatal(err)
			}
			return address.Host
		}
		if time.Now().After(deadline) {
			t.Fatal("the run did not come up")
		}
	}
}

// isGone waits until no process listens, since a process that was killed takes a moment to go.
func isGone(t *testing.T, host string) {
	t.Helper()
	for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		connection, err := net.DialTimeout("tcp", host, time.Second)
		if err != nil {
			return
		}
		connection.Close()
		if time.Now().After(deadline) {
			t.Fatalf("%s still listens", host)
		}
	}
}
