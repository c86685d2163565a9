package store_test

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/store"
)

func files(t *testing.T, dir string) []string {
	t.Helper()
	var names []string
	err := filepath.WalkDir(dir, func(name string, d fs.DirEntry, err error) error {
		if err == nil && d.Type().IsRegular() {
			names = append(names, name)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return names
}

func TestWhatWasPutIsThereForAnotherProcess(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "made", "when needed")
	for key, value := range map[string]string{"a": "one", "b": "", "c": "two\nlines\x00"} {
		store.Open(dir).Put(key, []byte(value))
		got, ok := store.Open(dir).Get(key)
		if !ok || string(got) != value {
			t.Errorf("%s: got %q, %v", key, got, ok)
		}
	}
	if _, ok := store.Open(dir).Get("d"); ok {
		t.Error("a key that was never put is there")
	}
}

func TestADamagedEntryIsNotThereAndIsWrittenAnew(t *testing.T) {
	t.Parallel()
	for name, damage := range map[string]func([]byte) []byte{
		"flipped":   func(b []byte) []byte { b[len(b)-1] ^= 1; return b },
		"truncated": func(b []byte) []byte { return b[:len(b)/2] },
		"empty":     func([]byte) []byte { return nil },
		"grown":     func(b []byte) []byte { return append(b, 'x') },
		"huge":      func([]byte) []byte { return make([]byte, 6<<20) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			folder := store.Open(dir)
			folder.Put("key", []byte("value"))
			entry := files(t, dir)[0]
			content, err := os.ReadFile(entry)
			if err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(entry, damage(content), 0o600); err != nil {
				t.Fatal(err)
			}
			if got, ok := folder.Get("key"); ok {
				t.Fatalf("the damaged entry is there: %q", got)
			}
			folder.Put("key", []byte("value"))
			if _, ok := folder.Get("key"); !ok {
				t.Error("the entry was not written anew")
			}
		})
	}
}

func TestAnEntryMovedToAnotherKeysPlaceIsNotBelieved(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	folder := store.Open(dir)
	folder.Put("first", []byte("value"))
	first := files(t, dir)[0]
	folder.Put("second", []byte("other"))
	for _, name := range files(t, dir) {
		if name != first {
			if err := os.Rename(first, name); err != nil {
				t.Fatal(err)
			}
		}
	}
	if got, ok := folder.Get("second"); ok {
		t.Errorf("got %q", got)
	}
}

func TestManyWritersOfOneKeyNeverShowATornEntry(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	var all sync.WaitGroup
	for i := range 8 {
		all.Go(func() {
			folder := store.Open(dir)
			for range 50 {
				folder.Put("key", bytes.Repeat([]byte{byte('a' + i)}, 10_000))
				got, ok := folder.Get("key")
				if !ok || len(got) != 10_000 || strings.Trim(string(got), string(got[:1])) != "" {
					t.Errorf("torn or missing: %d bytes, %v", len(got), ok)
				}
			}
		})
	}
	all.Wait()
	if left := files(t, dir); len(left) != 1 {
		t.Errorf("left behind: %v", left)
	}
}

func TestTheFolderIsBoundedAndTheLeastRecentlyUsedGo(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	writer := store.Open(dir)
	payload := make([]byte, 4<<20)
	for i := range 40 {
		writer.Put(fmt.Sprint(i), payload)
	}
	for i, name := range files(t, dir) {
		old := time.Now().Add(-time.Duration(100+i) * time.Minute)
		if err := os.Chtimes(name, old, old); err != nil {
			t.Fatal(err)
		}
	}
	if _, ok := store.Open(dir).Get("7"); !ok {
		t.Fatal("7 is missing before the folder is pruned")
	}
	store.Open(dir).Put("last", []byte("x"))
	var total int64
	for _, name := range files(t, dir) {
		info, err := os.Stat(name)
		if err != nil {
			t.Fatal(err)
		}
		total += info.Size()
	}
	if total > 129<<20 {
		t.Errorf("the folder holds %d MiB", total>>20)
	}
	if _, ok := store.Open(dir).Get("7"); !ok {
		t.Error("the entry that was just used is gone")
	}
}

func TestAFolderThatCannotBeWrittenIsNoFailure(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "a file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for name, folder := range map[string]*store.Store{
		"none": store.Open(""), "below a file": store.Open(filepath.Join(file, "x")),
	} {
		folder.Put("key", []byte("value"))
		if _, ok := folder.Get("key"); ok {
			t.Errorf("%s: it is there", name)
		}
	}
}

func FuzzGetBelievesOnlyWhatWasPut(f *testing.F) {
	dir := f.TempDir()
	store.Open(dir).Put("key", []byte("value"))
	var entry string
	_ = filepath.WalkDir(dir, func(name string, d fs.DirEntry, _ error) error {
		if d.Type().IsRegular() {
			entry = name
		}
		return nil
	})
	sound, err := os.ReadFile(entry)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(sound)
	f.Fuzz(func(t *testing.T, content []byte) {
		if err := os.WriteFile(entry, content, 0o600); err != nil {
			t.Fatal(err)
		}
		if got, ok := store.Open(dir).Get("key"); ok && !bytes.Equal(content, sound) && !isEntry(content) {
			t.Errorf("believed %q", got)
		}
	})
}

// isEntry reports whether a file is an entry of the key, in the form that a sound one shows.
func isEntry(content []byte) bool {
	_, payload, _ := bytes.Cut(content, []byte("\n"))
	return bytes.HasPrefix(content, fmt.Appendf(nil, "tkeimage 3 key %x\n", sha256.Sum256(payload)))
}

func TestAWriteThatFailedIsReportedOnce(t *testing.T) {
	t.Parallel()
	blocked := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(blocked, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	broken, sound := store.Open(filepath.Join(blocked, "dir")), store.Open(t.TempDir())
	for _, kept := range []*store.Store{broken, sound, nil} {
		if err := kept.TakeFailure(); err != nil {
			t.Errorf("before any write: %v", err)
		}
		for _, key := range []string{"a", "b"} {
			kept.Put(key, []byte("value"))
		}
		if err := kept.TakeFailure(); (err != nil) != (kept == broken) {
			t.Errorf("after two writes: %v", err)
		}
		kept.Put("c", []byte("value"))
		if err := kept.TakeFailure(); err != nil {
			t.Errorf("once more: %v", err)
		}
	}
}
