//go:build linux

package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"
)

// buildKit is BuildKit's daemon, which builds as `docker build` does.
type buildKit struct {
	*daemon
	address string
	folder  string
}

// buildKitProgram is a program that `make` builds from BuildKit's module.
func buildKitProgram(name string) string {
	return filepath.Join(os.Getenv("TKEIMAGE_BUILDKIT_BIN"), name)
}

// startBuildKit starts the daemon with everything that it keeps below a folder.
func startBuildKit(ctx context.Context, folder string) (*buildKit, error) {
	root := filepath.Join(folder, "buildkit")
	if err := os.MkdirAll(root, 0o700); err != nil {
		return nil, err
	}
	b := &buildKit{address: "unix://" + filepath.Join(root, "daemon.sock"), folder: root}
	var err error
	b.daemon, err = startDaemon(
		ctx, root, buildKitProgram("buildkitd"), "--root", filepath.Join(root, "data"), "--addr", b.address,
		"--containerd-worker=false", "--oci-worker=true", "--oci-worker-gc=false",
	)
	if err != nil {
		return nil, fmt.Errorf("starting BuildKit: %w", err)
	}
	err = b.awaitAnswer(ctx, func() error {
		_, err := readOutput(ctx, 5*time.Second, buildKitProgram("buildctl"), "--addr", b.address, "debug", "workers")
		return err
	})
	if err != nil {
		return nil, errors.Join(err, b.close())
	}
	return b, nil
}

// close stops the daemon and removes what it keeps.
func (b *buildKit) close() error {
	b.daemon.close()
	return os.RemoveAll(b.folder)
}
