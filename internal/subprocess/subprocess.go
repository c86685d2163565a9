// Package subprocess runs a server for as long as a test or a demonstration lives, and no longer.
package subprocess

import (
	"context"
	"io"
	"os/exec"
	"runtime"
	"time"
)

// Process is a child of this process.
type Process struct {
	stop   context.CancelFunc
	exited chan struct{}
}

// Start runs a program until ctx ends or Stop is called, and on Linux also no longer than this
// process lives. Whatever it writes goes to output.
func Start(
	ctx context.Context, environment []string, output io.Writer, program string, arguments ...string,
) (*Process, error) {
	ctx, stop := context.WithCancel(ctx)
	process := exec.CommandContext(ctx, program, arguments...) //nolint:gosec // the caller names the program
	process.Env = environment
	process.Stdout, process.Stderr = output, output
	process.WaitDelay = time.Second
	process.SysProcAttr = dieWithParent()

	p := &Process{stop: stop, exited: make(chan struct{})}
	started := make(chan error, 1)
	go p.runOnOneThread(process, started)
	if err := <-started; err != nil {
		stop()
		return nil, err
	}
	return p, nil
}

// runOnOneThread starts the command and waits for its end. The system ties the child's life to the
// thread that started it, so that thread has to live as long.
func (p *Process) runOnOneThread(process *exec.Cmd, started chan<- error) {
	defer close(p.exited)
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()

	err := process.Start()
	started <- err
	if err == nil {
		_ = process.Wait() // usually it was killed; any other end is in the log
	}
}

// Exited is closed when the process is gone.
func (p *Process) Exited() <-chan struct{} { return p.exited }

// Stop kills the process and returns when it is gone. It may be called more than once.
func (p *Process) Stop() {
	p.stop()
	<-p.exited
}
