package registrytest

import (
	"errors"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
)

// inOwnNetwork is set for the process that RunInOwnNetwork starts.
const inOwnNetwork = "TKEIMAGE_TEST_IN_NAMESPACE"

// IsInOwnNetwork returns whether RunInOwnNetwork started this process.
func IsInOwnNetwork() bool { return os.Getenv(inOwnNetwork) != "" }

// RunInOwnNetwork runs another test of the same program in a network that has nothing but loopback,
// which that test has to bring up. It skips where the machine makes no such network.
func RunInOwnNetwork(t *testing.T, test string) {
	t.Helper()
	if _, err := exec.LookPath("ip"); err != nil {
		t.Skip("there is no ip command to bring loopback up with")
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	child := exec.CommandContext(t.Context(), self, "-test.run=^"+test+"$", "-test.v")
	child.Env = append(os.Environ(), inOwnNetwork+"=1", "HTTP_PROXY=", "HTTPS_PROXY=", "http_proxy=", "https_proxy=")
	child.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNET, Pdeathsig: syscall.SIGKILL}
	if os.Geteuid() != 0 {
		child.SysProcAttr.Cloneflags |= syscall.CLONE_NEWUSER
		child.SysProcAttr.UidMappings = []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getuid(), Size: 1}}
		child.SysProcAttr.GidMappings = []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getgid(), Size: 1}}
	}
	out, err := child.CombinedOutput()
	var exited *exec.ExitError
	if err != nil && !errors.As(err, &exited) {
		t.Skipf("this machine makes no network namespace: %v", err)
	}
	if err != nil || !strings.Contains(string(out), "--- PASS: "+test) {
		t.Errorf("%v:\n%s", err, out)
	}
}
