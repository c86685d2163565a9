//go:build linux

package main

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"

	"github.com/tkeimage/terraform-provider-tkeimage/lab/giant"
)

const debianRelease = "bookworm"

// A tree is a file system of packages that people install, as a tar that is kept from run to run
// where a folder for it is named. It has what generated content cannot have: programs, libraries,
// their documentation and modules, in the sizes and numbers that they have.
type tree struct {
	cache   string
	name    string
	install func(ctx context.Context, folder string) error // fills a folder; the file system is below its folder "root"
}

// minimalDebian returns the base of most images.
func minimalDebian(cache string) *tree {
	return &tree{cache, debianRelease + "-minbase", func(ctx context.Context, folder string) error {
		return runTool(ctx, "debootstrap", "--variant=minbase", debianRelease, filepath.Join(folder, "root"))
	}}
}

// science is what an image of a Python application computes with, training what one holds that
// makes models: PyTorch and what stands around it, compilers included.
var (
	science  = []string{"python3-scipy"}
	training = append([]string{
		"python3-torch", "python3-torchvision", "python3-pandas", "python3-sklearn", "python3-matplotlib",
		"python3-opencv", "python3-h5py", "llvm-14-dev", "clang-14", "gcc", "g++", "gfortran",
	}, science...)
)

// debianPackages returns packages of Debian with all that they depend on, unpacked.
func debianPackages(cache, name string, packages []string) *tree {
	return &tree{cache, name, func(ctx context.Context, folder string) error {
		archives, root := filepath.Join(folder, "archives"), filepath.Join(folder, "root")
		if err := os.MkdirAll(filepath.Join(archives, "partial"), 0o750); err != nil {
			return err
		}
		// The status of a system without any package, so that every dependency is downloaded,
		// whatever is installed here.
		status := filepath.Join(folder, "status")
		if err := os.WriteFile(status, nil, 0o600); err != nil {
			return err
		}
		options := []string{
			"--option", "Dir::State::status=" + status, "--option", "Dir::Cache::archives=" + archives,
			"--option", "Debug::NoLocking=1",
			"install", "--yes", "--quiet=2", "--download-only", "--no-install-recommends",
		}
		if err := runTool(ctx, "apt-get", append(options, packages...)...); err != nil {
			return err
		}
		downloaded, err := filepath.Glob(filepath.Join(archives, "*.deb"))
		if err != nil {
			return err
		}
		for _, archive := range downloaded {
			if err := runTool(ctx, "dpkg-deb", "--extract", archive, root); err != nil {
				return err
			}
		}
		return nil
	}}
}

// webModules are modules of npm that web applications depend on: many thousands of small files.
var webModules = []string{
	"next@15", "webpack@5", "typescript@5", "eslint@9", "jest@29", "@aws-sdk/client-s3@3", "aws-sdk@2",
	"@mui/material@6", "@mui/icons-material@6", "lodash@4", "date-fns@4", "rxjs@7", "three@0.170", "core-js@3",
	"antd@5", "@fortawesome/fontawesome-free@6", "mathjs@13",
}

// npmModules returns modules of npm with all that they depend on, installed without running their
// scripts.
func npmModules(cache, name string, modules []string) *tree {
	return &tree{cache, name, func(ctx context.Context, folder string) error {
		root := filepath.Join(folder, "root", "app")
		if err := os.MkdirAll(root, 0o750); err != nil {
			return err
		}
		arguments := []string{
			"install", "--prefix", root, "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error",
			"--cache", filepath.Join(folder, "npm"),
		}
		return runTool(ctx, "npm", append(arguments, modules...)...)
	}}
}

func (t *tree) tarPath() string { return filepath.Join(t.cache, t.name+".tar") }

// asRecipe returns a recipe that copies the tar, which the first run makes.
func (t *tree) asRecipe() recipe {
	return func(ctx context.Context, w io.Writer) error {
		if err := t.prepareTar(ctx); err != nil {
			return err
		}
		file, err := os.Open(t.tarPath())
		if err != nil {
			return err
		}
		defer file.Close()
		_, err = io.Copy(w, giant.NewReader(ctx, file))
		return err
	}
}

// prepareTar installs the packages into a folder and packs it, unless an earlier run did.
func (t *tree) prepareTar(ctx context.Context) error {
	if _, err := os.Stat(t.tarPath()); err == nil {
		return nil
	}
	if err := os.MkdirAll(t.cache, 0o750); err != nil {
		return err
	}
	folder, err := os.MkdirTemp(t.cache, t.name+"-")
	if err != nil {
		return err
	}
	packed := filepath.Join(folder, "tar")
	err = t.install(ctx, folder)
	if err == nil {
		err = packTree(ctx, filepath.Join(folder, "root"), packed)
	}
	if err == nil {
		err = os.Rename(packed, t.tarPath())
	}
	return errors.Join(err, os.RemoveAll(folder))
}

// packTree packs a folder, without what images leave out and what makes two runs differ. It pads no
// more than an archive must be, as builders do not either: skopeo 1.9.3 drops what is beyond that
// when it writes zstd:chunked, and the layer is then not the one of its diff id.
func packTree(ctx context.Context, root, packed string) error {
	return runTool(
		ctx, "tar", "--create", "--file", packed, "--directory", root, "--blocking-factor=1", "--format=pax",
		"--pax-option=delete=atime,delete=ctime", "--mtime=@1700000000", "--sort=name", "--numeric-owner", "--xattrs",
		"--exclude=./var/cache/apt/*.bin", "--exclude=./var/cache/apt/archives/*.deb",
		"--exclude=./var/lib/apt/lists/*", "--exclude=./var/log/*.log", "--exclude=./proc/*", "--exclude=./sys/*", ".",
	)
}
