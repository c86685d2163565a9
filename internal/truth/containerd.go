//go:build linux

package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"time"
)

const (
	startTimeout = time.Minute
	pullTimeout  = 20 * time.Minute
)

// containerd is a daemon of our own: its data lie on the disk, everything else in the folder beside it. Snapshots are made by
// overlayfs and everything is as it comes, but for the plugin that serves Kubernetes, which would configure a network.
type containerd struct {
	socket string
	log    string
	stop   context.CancelFunc
	exited chan struct{}
}

const containerdConfig = `version = 2
root = %q
state = %q
disabled_plugins = ["io.containerd.grpc.v1.cri"]

[grpc]
address = %q

[plugins."io.containerd.internal.v1.opt"]
path = %q
`

// serve starts containerd on a disk and returns when it answers.
func serve(ctx context.Context, d *disk) (*containerd, error) {
	c := &containerd{socket: filepath.Join(d.folder, "containerd.sock"), log: filepath.Join(d.folder, "containerd.log"), exited: make(chan struct{})}
	config := fmt.Sprintf(containerdConfig, filepath.Join(d.mount, "containerd"), filepath.Join(d.folder, "state"), c.socket, filepath.Join(d.folder, "opt"))
	path := filepath.Join(d.folder, "config.toml")
	if err := os.WriteFile(path, []byte(config), 0o600); err != nil {
		return nil, err
	}
	if err := c.start(ctx, path); err != nil {
		return nil, fmt.Errorf("starting containerd: %w", err)
	}
	if err := c.answering(ctx); err != nil {
		c.close()
		return nil, fmt.Errorf("%w; its log:\n%s", err, c.said())
	}
	return c, nil
}

// start has the system end containerd when this process is killed and no cleanup runs: that is tied to the thread which starts it.
func (c *containerd) start(ctx context.Context, config string) error {
	log, err := os.Create(c.log)
	if err != nil {
		return err
	}
	ctx, c.stop = context.WithCancel(ctx)
	command := exec.CommandContext(ctx, "containerd", "--config", config) //nolint:gosec // a file that we wrote
	command.Stdout, command.Stderr = log, log
	// What it mounts while it unpacks would keep the disk busy when it is stopped: in its own namespace that goes with it.
	command.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL, Setpgid: true, Unshareflags: syscall.CLONE_NEWNS}
	command.Cancel = func() error { return command.Process.Signal(syscall.SIGTERM) }
	command.WaitDelay = 10 * time.Second

	started := make(chan error, 1)
	go func() {
		defer close(c.exited)
		defer log.Close()
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		err := command.Start()
		started <- err
		if err == nil {
			_ = command.Wait() // told to stop, as a rule; else its log says why
		}
	}()
	return <-started
}

func (c *containerd) answering(ctx context.Context) error {
	for deadline := time.Now().Add(startTimeout); ; {
		_, err := c.ctl(ctx, 5*time.Second, "version")
		if err == nil {
			return nil
		}
		select {
		case <-c.exited:
			return errors.New("containerd ended at once")
		default:
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("containerd does not answer: %w", err)
		}
		if err := pause(ctx, 100*time.Millisecond); err != nil {
			return err
		}
	}
}

func (c *containerd) ctl(ctx context.Context, timeout time.Duration, arguments ...string) (string, error) {
	return output(ctx, timeout, "ctr", append([]string{"--address", c.socket}, arguments...)...)
}

// pull fetches an image and unpacks it.
func (c *containerd) pull(ctx context.Context, reference string) error {
	_, err := c.ctl(ctx, pullTimeout, "images", "pull", "--plain-http", "--snapshotter", "overlayfs", "--platform", platform, reference)
	return err
}

// close returns when the daemon is gone.
func (c *containerd) close() {
	c.stop()
	<-c.exited
}

// said is the end of the log.
func (c *containerd) said() string {
	text, err := os.ReadFile(c.log)
	if err != nil {
		return err.Error()
	}
	return lastLines(string(text))
}

// containerdVersion is for the table.
func containerdVersion(ctx context.Context) string {
	text, err := output(ctx, time.Minute, "containerd", "--version")
	if fields := strings.Fields(text); err == nil && len(fields) > 2 {
		return fields[2]
	}
	return "of an unknown version"
}
