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

// record is what a run leaves for the next one: a case's images, and what containerd used of them.
// Neither depends on how layers are measured, so that a run that finds it only measures. It is in a
// folder of its own, beside the registry's blobs. A case whose images change takes another title,
// or its folder is removed.
type record struct {
	folder string
	pushed bool

	Pulled   map[string]pulled // by the release's version
	TooSmall int64             // the largest disk, in bytes, that the images were seen not to fit on for want of space
}

// pulled is what one release of containerd used, on the smallest disk that was seen to hold the
// images.
type pulled struct {
	Used    use
	DiskGiB int64
}

var notInAName = regexp.MustCompile(`[^a-z0-9]+`)

// openRecord reads the record of a case. Images without the file, which is written last, were not
// pushed to the end, and are removed.
func openRecord(cache, title string) (*record, error) {
	name := strings.Trim(notInAName.ReplaceAllString(strings.ToLower(title), "-"), "-")
	k := &record{folder: filepath.Join(cache, "images", name), Pulled: map[string]pulled{}}
	text, err := os.ReadFile(k.filePath())
	if errors.Is(err, fs.ErrNotExist) {
		return k, os.RemoveAll(k.folder)
	}
	if err != nil {
		return nil, err
	}
	k.pushed = true
	return k, json.Unmarshal(text, k)
}

// pushImages makes the images and pushes them, unless an earlier run did.
func (k *record) pushImages(ctx context.Context, references []string, folder string, images []imagePlan) error {
	if k.pushed {
		return nil
	}
	if err := pushAll(ctx, references, folder, images); err != nil {
		return err
	}
	k.pushed = true
	return k.writeFile()
}

func (k *record) filePath() string   { return filepath.Join(k.folder, "pulled.json") }
func (k *record) storageDir() string { return filepath.Join(k.folder, "registry") }

// writeFile records that the images are pushed, and what containerd used.
func (k *record) writeFile() error {
	text, err := json.MarshalIndent(k, "", "  ")
	if err != nil {
		return err
	}
	return errors.Join(os.MkdirAll(k.folder, 0o750), os.WriteFile(k.filePath(), text, 0o600))
}

// findUse returns what a release used, where it was seen to hold the images on a disk of that size
// or a smaller one.
func (k *record) findUse(version string, sizeGiB int64) (use, bool) {
	seen, ok := k.Pulled[version]
	return seen.Used, ok && seen.DiskGiB <= sizeGiB
}

func (k *record) removeFolder() error { return os.RemoveAll(k.folder) }
