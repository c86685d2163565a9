package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// runWatched runs the CLI and returns how long that took, and how much memory the provider beside
// it came to.
func (w *workspace) runWatched(ctx context.Context, arguments ...string) (time.Duration, int64, error) {
	wall, peak, err := watchMemory(w.prepareCommand(ctx, append(arguments, "-no-color")...), childrenOf)
	if err != nil {
		err = fmt.Errorf("%s %s: %w", filepath.Base(w.cli), strings.Join(arguments, " "), err)
	}
	return wall, peak, err
}

// watchMemory runs a program to its end, and returns the peak memory of the processes that whose
// names: VmHWM of proc_pid_status(5), asked for again and again, and 0 where there is no such file.
// (ru_maxrss of getrusage(2) is of no use: a process inherits its parent's.)
func watchMemory(command *exec.Cmd, whose func(pid int) []int) (wall time.Duration, peak int64, err error) {
	var output strings.Builder
	command.Stdout, command.Stderr = &output, &output
	begun := time.Now()
	if err := command.Start(); err != nil {
		return 0, 0, err
	}
	ended := make(chan struct{})
	peaks := make(chan int64)
	go func() {
		var most int64
		ticker := time.NewTicker(5 * time.Millisecond)
		defer ticker.Stop()
		for {
			for _, pid := range whose(command.Process.Pid) {
				if bytes, err := statusBytes(pid, "VmHWM:"); err == nil {
					most = max(most, bytes)
				}
			}
			select {
			case <-ended:
				peaks <- most
				return
			case <-ticker.C:
			}
		}
	}()
	err = command.Wait()
	wall = time.Since(begun)
	close(ended)
	peak = <-peaks
	if err != nil {
		err = fmt.Errorf("%w\n%s", err, lastOf(output.String()))
	}
	return wall, peak, err
}

// lastOf is the end of what a program wrote: of a thousand caches there is much more than anybody
// reads.
func lastOf(output string) string {
	const enough = 4 << 10
	return output[max(0, len(output)-enough):]
}

func onlyItself(pid int) []int { return []int{pid} }

// childrenOf returns the programs that a process has started. A child that has not yet become another
// program is left out: its memory is that of its parent (vfork(2)).
func childrenOf(pid int) (children []int) {
	parent := programOf(pid)
	lists, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/children", pid))
	for _, list := range lists {
		pids, _ := os.ReadFile(list)
		for child := range strings.FieldsSeq(string(pids)) {
			if n, err := strconv.Atoi(child); err == nil && programOf(n) != parent {
				children = append(children, n)
			}
		}
	}
	return children
}

// programOf returns the file that a process runs, "" where that cannot be learned.
func programOf(pid int) string {
	path, _ := os.Readlink(fmt.Sprintf("/proc/%d/exe", pid))
	return path
}

// adoptState initialises a workspace and copies the state of another into it.
func adoptState(ctx context.Context, to, from *workspace) error {
	if _, err := to.runCommand(ctx, "init"); err != nil {
		return err
	}
	state, err := os.ReadFile(filepath.Join(from.folder, "terraform.tfstate"))
	if err != nil {
		return err
	}
	//nolint:gosec // a folder of our own
	return os.WriteFile(filepath.Join(to.folder, "terraform.tfstate"), state, 0o600)
}
