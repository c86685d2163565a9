//go:build linux

package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/disksize"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/measure"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/registry/registrytest"
)

// row is what one case showed.
type row struct {
	title    string
	hides    bool
	holes    bool
	inexact  bool
	real     bool
	layers   int64 // distinct blobs of layers
	measured map[measure.Mode]measured
	sizeGiB  int64 // recommended, from auto
	used     use   // by the release of containerd that takes most
	each     []use // by each release
	failures []string
}

// leastDisk is the smallest disk, in bytes, on which containerd itself has room: a smaller one
// shows nothing about images.
const leastDisk = 30 * mib

// tryCase makes or finds the images of a case, measures them, and compares that with what
// containerd uses.
func tryCase(ctx context.Context, o options, folder string, c trialCase) (r row, err error) {
	r.title, r.hides, r.holes, r.inexact, r.real = c.title, c.hides, c.holes, c.inexact, c.real
	seen, err := openRecord(o.cache, c.title)
	if err != nil {
		return r, err
	}
	registry, err := registrytest.Run(ctx, registrytest.Options{Dir: seen.storageDir()})
	if err != nil {
		return r, err
	}
	defer func() {
		err = errors.Join(err, registry.Close(), os.RemoveAll(folder))
		if !o.keep || !seen.pushed {
			err = errors.Join(err, seen.removeFolder())
		}
	}()
	references := referencesOf(registry.Host, c.images)
	if err := seen.pushImages(ctx, references, filepath.Join(folder, "layers"), c.images); err != nil {
		return r, err
	}
	if err := r.measureModes(ctx, references); err != nil {
		return r, err
	}
	if err := r.pullWithReleases(ctx, seen, folder, references); err != nil {
		return r, err
	}
	r.failures = append(r.failures, r.listRefuted()...)
	return r, r.pullOntoTooSmall(ctx, seen, folder, references)
}

// pullWithReleases has each release of containerd pull onto a disk of the recommended size.
func (r *row) pullWithReleases(ctx context.Context, seen *record, folder string, references []string) error {
	for _, release := range listReleases() {
		version := release.askVersion(ctx)
		used, ok := seen.findUse(version, r.sizeGiB)
		if !ok {
			var err error
			used, err = pullOnto(ctx, release, filepath.Join(folder, "recommended"), r.sizeGiB*disksize.GiB, references)
			if err != nil {
				return fmt.Errorf("on a disk of the recommended %d GiB: %w", r.sizeGiB, err)
			}
			seen.Pulled[version] = pulled{Used: used, DiskGiB: r.sizeGiB}
			if err := seen.writeFile(); err != nil {
				return err
			}
		}
		r.each = append(r.each, used)
		r.used = use{max(r.used.Bytes, used.Bytes), max(r.used.Inodes, used.Inodes)}
	}
	return nil
}

// pullOntoTooSmall tries a disk without the file system's share. What counts is the required_bytes
// of full: auto may err upwards.
func (r *row) pullOntoTooSmall(ctx context.Context, seen *record, folder string, references []string) error {
	size := r.measured[measure.Full].report.RequiredBytes.Value
	if size < leastDisk || size <= seen.TooSmall {
		return nil
	}
	_, err := pullOnto(ctx, listReleases()[0], filepath.Join(folder, "required"), size, references)
	switch {
	case err == nil:
		r.failures = append(
			r.failures, fmt.Sprintf("a disk of required_bytes (%d) holds it, without the file system's share", size),
		)
		return nil
	case !strings.Contains(err.Error(), "no space left on device"):
		return fmt.Errorf("on a disk of required_bytes: %w", err)
	}
	seen.TooSmall = size
	return seen.writeFile()
}

// pullOnto pulls onto a fresh disk of size bytes and returns what that took.
func pullOnto(
	ctx context.Context, release release, folder string, size int64, references []string,
) (taken use, err error) {
	d, err := formatDisk(ctx, folder, size)
	if err != nil {
		return use{}, err
	}
	defer func() { err = errors.Join(err, d.close(ctx)) }()
	daemon, err := release.startContainerd(ctx, d)
	if err != nil {
		return use{}, err
	}
	defer daemon.close() // before the disk, whose files it has open
	before, err := d.readSettledUse(ctx)
	if err != nil {
		return use{}, err
	}
	for _, reference := range references {
		if err := daemon.pullImage(ctx, reference); err != nil {
			return use{}, err
		}
	}
	after, err := d.readSettledUse(ctx)
	return after.minus(before), err
}
