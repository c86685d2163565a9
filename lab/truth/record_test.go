//go:build linux

package main

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"
)

// TestImagesAreMadeOnce, and what containerd used counts for disks that are no smaller.
func TestImagesAreMadeOnce(t *testing.T) {
	t.Parallel()
	cache := t.TempDir()
	made := 0
	images := []imagePlan{{produce: func(context.Context, string, string, []string) error { made++; return nil }}}
	push := func() *record {
		t.Helper()
		k, err := openRecord(cache, "weights, zstd:chunked")
		if err != nil {
			t.Fatal(err)
		}
		if err := k.pushImages(t.Context(), []string{"host/image"}, t.TempDir(), images); err != nil {
			t.Fatal(err)
		}
		return k
	}
	first := push()
	first.Pulled["1.6"] = pulled{Used: use{Bytes: 7, Inodes: 3}, DiskGiB: 30}
	if err := first.writeFile(); err != nil {
		t.Fatal(err)
	}
	again := push()
	if made != 1 {
		t.Errorf("the images were made %d times", made)
	}
	for _, c := range []struct {
		version string
		sizeGiB int64
		want    bool
	}{{"1.6", 30, true}, {"1.6", 40, true}, {"1.6", 20, false}, {"2.4", 30, false}} {
		if used, ok := again.findUse(c.version, c.sizeGiB); ok != c.want || ok && used != (use{Bytes: 7, Inodes: 3}) {
			t.Errorf("%s on %d GiB: %v, %v", c.version, c.sizeGiB, used, ok)
		}
	}
}

// TestImagesThatWereNotPushedToTheEndAreNotKept: what is left of them would be measured as if it
// were all.
func TestImagesThatWereNotPushedToTheEndAreNotKept(t *testing.T) {
	t.Parallel()
	cache := t.TempDir()
	k, err := openRecord(cache, "broken")
	if err != nil {
		t.Fatal(err)
	}
	left := filepath.Join(k.storageDir(), "blob")
	if err := errors.Join(os.MkdirAll(k.storageDir(), 0o700), os.WriteFile(left, nil, 0o600)); err != nil {
		t.Fatal(err)
	}
	broken := errors.New("broken off")
	images := []imagePlan{{produce: func(context.Context, string, string, []string) error { return broken }}}
	if err := k.pushImages(t.Context(), []string{"host/image"}, t.TempDir(), images); !errors.Is(err, broken) {
		t.Fatalf("pushing: %v", err)
	}
	if again, err := openRecord(cache, "broken"); err != nil || again.pushed {
		t.Errorf("pushed are %v, %v", again.pushed, err)
	}
	if _, err := os.Stat(left); !os.IsNotExist(err) {
		t.Errorf("what was left is still there: %v", err)
	}
}
