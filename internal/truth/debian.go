//go:build linux

package main

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
)

const debianRelease = "bookworm"

// debian is the file system of a minimal Debian, as a tar that is kept from run to run where a folder for it was named.
type debian struct{ cache string }

func (d *debian) path() string { return filepath.Join(d.cache, debianRelease+"-minbase.tar") }

// recipe copies the tar, which the first one to ask makes.
func (d *debian) recipe() recipe {
	return func(ctx context.Context, w io.Writer) error {
		if err := d.prepare(ctx); err != nil {
			return err
		}
		file, err := os.Open(d.path())
		if err != nil {
			return err
		}
		defer file.Close()
		_, err = io.Copy(w, cancelable{ctx, file})
		return err
	}
}

// prepare installs Debian into a folder and packs it, unless that was done before.
func (d *debian) prepare(ctx context.Context) error {
	if _, err := os.Stat(d.path()); err == nil {
		return nil
	}
	if err := os.MkdirAll(d.cache, 0o750); err != nil {
		return err
	}
	folder, err := os.MkdirTemp(d.cache, "debootstrap-")
	if err != nil {
		return err
	}
	root, packed := filepath.Join(folder, "root"), filepath.Join(folder, "tar")
	err = tool(ctx, "debootstrap", "--variant=minbase", debianRelease, root)
	if err == nil {
		err = packDebian(ctx, root, packed)
	}
	if err == nil {
		err = os.Rename(packed, d.path())
	}
	return errors.Join(err, os.RemoveAll(folder))
}

// packDebian leaves out what an image leaves out, and what would make two runs differ.
func packDebian(ctx context.Context, root, packed string) error {
	return tool(ctx, "tar", "--create", "--file", packed, "--directory", root,
		"--format=pax", "--pax-option=delete=atime,delete=ctime", "--mtime=@1700000000", "--sort=name", "--numeric-owner", "--xattrs",
		"--exclude=./var/cache/apt/*.bin", "--exclude=./var/cache/apt/archives/*.deb", "--exclude=./var/lib/apt/lists/*", "--exclude=./var/log/*.log",
		"--exclude=./proc/*", "--exclude=./sys/*", ".")
}
