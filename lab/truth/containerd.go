//go:build linux

package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"
)

const pullTimeout = 20 * time.Minute

// A release is a containerd under test: its programs are in a folder, or on the PATH where that is
// empty.
type release struct{ folder string }

// listReleases lists Debian's containerd and, where TKEIMAGE_CONTAINERD_2_BIN names the folder of
// one, a newer major version, which fetches and unpacks in another way. Which one a super node has
// is not published.
func listReleases() []release {
	found := []release{{}}
	if folder := os.Getenv("TKEIMAGE_CONTAINERD_2_BIN"); folder != "" {
		found = append(found, release{folder})
	}
	return found
}

func (r release) programPath(name string) string { return filepath.Join(r.folder, name) }

// askVersion returns the version that containerd states, for the table.
func (r release) askVersion(ctx context.Context) string {
	text, err := readOutput(ctx, time.Minute, r.programPath("containerd"), "--version")
	if fields := strings.Fields(text); err == nil && len(fields) > 2 {
		version, _, _ := strings.Cut(fields[2], "+") // without the state of a checkout that was not known to the build
		return version
	}
	return "of an unknown version"
}

// containerd is a daemon of our own: its data lie on the disk, everything else in the folder beside
// it. Snapshots are made by overlayfs and everything has its default, but for the plugins that
// serve Kubernetes, which would configure a network.
type containerd struct {
	*daemon
	release release
	socket  string
}

const containerdConfig = `version = 2
root = %q
state = %q
disabled_plugins = ["io.containerd.grpc.v1.cri", "io.containerd.cri.v1.images", "io.containerd.cri.v1.runtime"]

[grpc]
address = %q

[plugins."io.containerd.internal.v1.opt"]
path = %q
`

// startContainerd starts containerd on a disk and returns when it answers.
func (r release) startContainerd(ctx context.Context, d *disk) (*containerd, error) {
	c := &containerd{release: r, socket: filepath.Join(d.folder, "containerd.sock")}
	config := fmt.Sprintf(
		containerdConfig, filepath.Join(d.mount, "containerd"), filepath.Join(d.folder, "state"), c.socket,
		filepath.Join(d.folder, "opt"),
	)
	path := filepath.Join(d.folder, "config.toml")
	if err := os.WriteFile(path, []byte(config), 0o600); err != nil {
		return nil, err
	}
	var err error
	if c.daemon, err = startDaemon(ctx, d.folder, r.programPath("containerd"), "--config", path); err != nil {
		return nil, fmt.Errorf("starting containerd: %w", err)
	}
	err = c.awaitAnswer(ctx, func() error {
		_, err := c.runCtr(ctx, 5*time.Second, "version")
		return err
	})
	if err != nil {
		c.close()
		return nil, err
	}
	return c, nil
}

func (c *containerd) runCtr(ctx context.Context, timeout time.Duration, arguments ...string) (string, error) {
	arguments = append([]string{"--address", c.socket}, arguments...)
	return readOutput(ctx, timeout, c.release.programPath("ctr"), arguments...)
}

// pullImage fetches an image and unpacks it.
func (c *containerd) pullImage(ctx context.Context, reference string) error {
	_, err := c.runCtr(
		ctx, pullTimeout,
		"images", "pull", "--plain-http", "--snapshotter", "overlayfs", "--platform", platform, reference,
	)
	return err
}
