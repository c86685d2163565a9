//go:build linux

package main

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"syscall"
	"time"
)

// A disk is a sparse file, formatted and mounted.
type disk struct{ folder, mount string }

// use is how much of a file system is taken.
type use struct{ Bytes, Inodes int64 }

func (u use) minus(v use) use { return use{u.Bytes - v.Bytes, u.Inodes - v.Inodes} }

// formatDisk makes a disk of size bytes below folder, and mounts it.
func formatDisk(ctx context.Context, folder string, size int64) (_ *disk, err error) {
	d := &disk{folder: folder, mount: filepath.Join(folder, "mount")}
	defer func() {
		if err != nil {
			err = errors.Join(err, d.close(ctx))
		}
	}()
	if err := os.MkdirAll(d.mount, 0o700); err != nil {
		return nil, err
	}
	file := filepath.Join(folder, "disk")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		return nil, err
	}
	if err := os.Truncate(file, size); err != nil {
		return nil, err
	}
	// A small disk is laid out as a large one is: below 512 MiB mke2fs would turn to blocks of 1
	// KiB and four times the inodes.
	if err := runTool(ctx, "mkfs.ext4", "-q", "-F", "-T", "default", file); err != nil {
		return nil, err
	}
	// Inode tables that the kernel wipes behind our back would only cost time.
	return d, runTool(ctx, "mount", "-t", "ext4", "-o", "loop,noinit_itable", file, d.mount)
}

// close unmounts the disk, which frees the loop device too, and removes its files, even where ctx
// has ended.
func (d *disk) close(ctx context.Context) error {
	ctx = context.WithoutCancel(ctx)
	var err error
	for range 20 {
		if !isMounted(d.mount) {
			return os.RemoveAll(d.folder)
		}
		if err = runTool(ctx, "umount", d.mount); err != nil {
			time.Sleep(500 * time.Millisecond) // something has a file open yet
		}
	}
	return errors.Join(err, runTool(ctx, "umount", "--lazy", d.mount), os.RemoveAll(d.folder))
}

// isMounted reports whether a folder is on another file system than its parent.
func isMounted(path string) bool {
	var here, above syscall.Stat_t
	return syscall.Stat(path, &here) == nil && syscall.Stat(filepath.Dir(path), &above) == nil && here.Dev != above.Dev
}

// readSettledUse returns what is taken once it no longer changes: containerd collects its garbage
// after a pull, and ext4 allocates when it writes.
func (d *disk) readSettledUse(ctx context.Context) (use, error) {
	last := use{}
	for range 60 {
		if err := runTool(ctx, "sync", "--file-system", d.mount); err != nil {
			return use{}, err
		}
		var s syscall.Statfs_t
		if err := syscall.Statfs(d.mount, &s); err != nil {
			return use{}, err
		}
		now := use{Bytes: int64(s.Blocks-s.Bfree) * s.Bsize, Inodes: int64(s.Files - s.Ffree)}
		if now == last {
			return now, nil
		}
		last = now
		if err := pauseFor(ctx, 500*time.Millisecond); err != nil {
			return use{}, err
		}
	}
	return use{}, errors.New("what is used of the disk does not settle")
}

// freeGiB returns how much is free on the file system of a folder, in GiB.
func freeGiB(folder string) (int64, error) {
	var s syscall.Statfs_t
	err := syscall.Statfs(folder, &s)
	return int64(s.Bavail) * s.Bsize / gib, err
}

// pauseFor returns after d, or with the error of the context.
func pauseFor(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(d):
		return nil
	}
}
