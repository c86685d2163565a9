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

// leastDisk is the smallest disk on which containerd itself has room: what a smaller one shows says nothing about images.
const leastDisk = 30 * mib

// try makes or finds the images of a case, measures them, and compares that with what containerd uses.
func try(ctx context.Context, o options, folder string, c trialCase) (r row, err error) {
	r.title, r.hides, r.holes, r.inexact, r.real = c.title, c.hides, c.holes, c.inexact, c.real
	seen, err := openKept(o.cache, c.title)
	if err != nil {
		return r, err
	}
	registry, err := registrytest.Run(ctx, registrytest.Options{Dir: seen.storage()})
	if err != nil {
		return r, err
	}
	defer func() {
		err = errors.Join(err, registry.Close(), os.RemoveAll(folder))
		if !o.keep || !seen.pushed {
			err = errors.Join(err, seen.remove())
		}
	}()
	references := referencesOf(registry.Host, c.images)
	if err := seen.push(ctx, references, filepath.Join(folder, "layers"), c.images); err != nil {
		return r, err
	}
	if err := r.measure(ctx, references); err != nil {
		return r, err
	}
	if err := r.pull(ctx, seen, folder, references); err != nil {
		return r, err
	}
	r.failures = append(r.failures, r.listRefuted()...)
	return r, r.pullOntoTooSmall(ctx, seen, folder, references)
}

// pull has each release of containerd pull onto a disk of the recommended size.
func (r *row) pull(ctx context.Context, seen *kept, folder string, references []string) error {
	for _, release := range releases() {
		version := release.version(ctx)
		used, ok := seen.held(version, r.sizeGiB)
		if !ok {
			var err error
			used, err = pullOnto(ctx, release, filepath.Join(folder, "recommended"), r.sizeGiB*disksize.GiB, references)
			if err != nil {
				return fmt.Errorf("on a disk of the recommended %d GiB: %w", r.sizeGiB, err)
			}
			seen.Pulled[version] = pulled{Used: used, DiskGiB: r.sizeGiB}
			if err := seen.write(); err != nil {
				return err
			}
		}
		r.each = append(r.each, used)
		r.used = use{max(r.used.Bytes, used.Bytes), max(r.used.Inodes, used.Inodes)}
	}
	return nil
}

// pullOntoTooSmall tries a disk without the file system's share. What counts is the required_bytes of full: auto may err upwards.
func (r *row) pullOntoTooSmall(ctx context.Context, seen *kept, folder string, references []string) error {
	size := r.measured[measure.Full].report.RequiredBytes.Value
	if size < leastDisk || size <= seen.TooSmall {
		return nil
	}
	_, err := pullOnto(ctx, releases()[0], filepath.Join(folder, "required"), size, references)
	switch {
	case err == nil:
		r.failures = append(r.failures, fmt.Sprintf("a disk of required_bytes (%d) holds it, without the file system's share", size))
		return nil
	case !strings.Contains(err.Error(), "no space left on device"):
		return fmt.Errorf("on a disk of required_bytes: %w", err)
	}
	seen.TooSmall = size
	return seen.write()
}

// pullOnto pulls onto a fresh disk and says what that took.
func pullOnto(ctx context.Context, release release, folder string, size int64, references []string) (taken use, err error) {
	d, err := format(ctx, folder, size)
	if err != nil {
		return use{}, err
	}
	defer func() { err = errors.Join(err, d.close(ctx)) }()
	daemon, err := release.serve(ctx, d)
	if err != nil {
		return use{}, err
	}
	defer daemon.close() // before the disk, whose files it has open
	before, err := d.used(ctx)
	if err != nil {
		return use{}, err
	}
	for _, reference := range references {
		if err := daemon.pull(ctx, reference); err != nil {
			return use{}, err
		}
	}
	after, err := d.used(ctx)
	return after.minus(before), err
}
