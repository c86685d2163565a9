//go:build linux

package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"syscall"
	"time"
)

const startTimeout = time.Minute

// A daemon is a server that lives in a folder of ours and no longer than this process: containerd,
// BuildKit.
type daemon struct {
	program string
	logged  string // the file with what it writes
	stop    context.CancelFunc
	exited  chan struct{}
}

// startDaemon starts a program. The kernel ends it when this process is killed and no clean-up
// runs: Pdeathsig is tied to the thread that starts it, which is therefore locked.
func startDaemon(ctx context.Context, folder, program string, arguments ...string) (*daemon, error) {
	d := &daemon{
		program: program,
		logged:  filepath.Join(folder, filepath.Base(program)+".log"),
		exited:  make(chan struct{}),
	}
	log, err := os.Create(d.logged)
	if err != nil {
		return nil, err
	}
	ctx, d.stop = context.WithCancel(ctx)
	command := exec.CommandContext(ctx, program, arguments...) //nolint:gosec // programs that scripts/truth.sh provides
	command.Stdout, command.Stderr = log, log
	// What it mounts while it unpacks would keep the disk busy when it is stopped: in its own
	// namespace that goes with it.
	command.SysProcAttr = &syscall.SysProcAttr{
		Pdeathsig:    syscall.SIGKILL,
		Setpgid:      true,
		Unshareflags: syscall.CLONE_NEWNS,
	}
	command.Cancel = func() error { return command.Process.Signal(syscall.SIGTERM) }
	command.WaitDelay = 10 * time.Second

	started := make(chan error, 1)
	go func() {
		defer close(d.exited)
		defer log.Close()
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		err := command.Start()
		started <- err
		if err == nil {
			_ = command.Wait() // it is stopped by close; otherwise its log says why it ends
		}
	}()
	return d, <-started
}

// awaitAnswer returns when the daemon answers. The error has the end of its log.
func (d *daemon) awaitAnswer(ctx context.Context, ask func() error) error {
	for deadline := time.Now().Add(startTimeout); ; {
		err := ask()
		if err == nil {
			return nil
		}
		select {
		case <-d.exited:
			return fmt.Errorf("%s ended at once; its log:\n%s", d.program, d.readLog())
		default:
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("%s does not answer: %w; its log:\n%s", d.program, err, d.readLog())
		}
		if err := pauseFor(ctx, 100*time.Millisecond); err != nil {
			return err
		}
	}
}

// close returns when the daemon is gone.
func (d *daemon) close() {
	d.stop()
	<-d.exited
}

// readLog returns the end of the log.
func (d *daemon) readLog() string {
	text, err := os.ReadFile(d.logged)
	if err != nil {
		return err.Error()
	}
	return lastLines(string(text))
}
