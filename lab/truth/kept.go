//go:build linux

package main

import (
	"context"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
)

// kept is what a case's images are and what containerd showed of them: neither depends on how they are measured, so that a
// later run that finds it measures alone. It lies in a folder of its own, beside the registry's blobs. A case that comes to make
// other images gets another title, or the folder goes.
type kept struct {
	folder string
	pushed bool

	Pulled   map[string]pulled // by the release's version
	TooSmall int64             // the largest disk, in bytes, that the images were seen not to fit on for want of space
}

// pulled is what one release of containerd used, on the smallest disk that was seen to hold the images.
type pulled struct {
	Used    use
	DiskGiB int64
}

var notInAName = regexp.MustCompile(`[^a-z0-9]+`)

// openKept reads what is kept of a case. Images without the file that is written last were not pushed to the end, and go.
func openKept(cache, title string) (*kept, error) {
	name := strings.Trim(notInAName.ReplaceAllString(strings.ToLower(title), "-"), "-")
	k := &kept{folder: filepath.Join(cache, "images", name), Pulled: map[string]pulled{}}
	text, err := os.ReadFile(k.file())
	if errors.Is(err, fs.ErrNotExist) {
		return k, os.RemoveAll(k.folder)
	}
	if err != nil {
		return nil, err
	}
	k.pushed = true
	return k, json.Unmarshal(text, k)
}

// push makes the images and pushes them, unless an earlier run did.
func (k *kept) push(ctx context.Context, references []string, folder string, images []plan) error {
	if k.pushed {
		return nil
	}
	if err := pushAll(ctx, references, folder, images); err != nil {
		return err
	}
	k.pushed = true
	return k.write()
}

func (k *kept) file() string    { return filepath.Join(k.folder, "pulled.json") }
func (k *kept) storage() string { return filepath.Join(k.folder, "registry") }

// write keeps that the images are pushed, and what was seen of them.
func (k *kept) write() error {
	text, err := json.MarshalIndent(k, "", "  ")
	if err != nil {
		return err
	}
	return errors.Join(os.MkdirAll(k.folder, 0o750), os.WriteFile(k.file(), text, 0o600))
}

// held returns what a release used, where it was seen to hold the images on a disk of that size or a smaller one.
func (k *kept) held(version string, sizeGiB int64) (use, bool) {
	seen, ok := k.Pulled[version]
	return seen.Used, ok && seen.DiskGiB <= sizeGiB
}

func (k *kept) remove() error { return os.RemoveAll(k.folder) }
