//go:build unix

package store_test

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/store"
)

// kept is a directory with one entry, and the entry's file.
func kept(t *testing.T) (dir, entry string) {
	t.Helper()
	dir = filepath.Join(t.TempDir(), "kept")
	store.Open(dir).Put("key", []byte("value"))
	return dir, files(t, dir)[0]
}

// get reads the entry, and fails the test when that does not end.
func get(t *testing.T, dir string) bool {
	t.Helper()
	done := make(chan bool, 1)
	go func() {
		_, ok := store.Open(dir).Get("key")
		done <- ok
	}()
	select {
	case ok := <-done:
		return ok
	case <-time.After(20 * time.Second):
		t.Fatal("reading an entry does not end")
		return false
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func TestOnlyARegularFileIsAnEntry(t *testing.T) {
	t.Parallel()
	for name, replace := range map[string]func(t *testing.T, dir, entry string){
		"a FIFO": func(t *testing.T, _, entry string) {
			must(t, os.Remove(entry))
			must(t, syscall.Mkfifo(entry, 0o600))
		},
		"a link to the entry": func(t *testing.T, _, entry string) {
			must(t, os.Rename(entry, entry+".moved"))
			must(t, os.Symlink(filepath.Base(entry)+".moved", entry))
		},
		"a link to a FIFO": func(t *testing.T, _, entry string) {
			must(t, os.Remove(entry))
			must(t, syscall.Mkfifo(entry+".fifo", 0o600))
			must(t, os.Symlink(entry+".fifo", entry))
		},
		"a directory": func(t *testing.T, _, entry string) {
			must(t, os.Remove(entry))
			must(t, os.Mkdir(entry, 0o700))
		},
		"an entry in a linked folder": func(t *testing.T, dir, entry string) {
			elsewhere := filepath.Join(t.TempDir(), "elsewhere")
			must(t, os.Rename(filepath.Dir(entry), elsewhere))
			must(t, os.Symlink(elsewhere, filepath.Dir(entry)))
			must(t, os.Chmod(dir, 0o700))
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir, entry := kept(t)
			replace(t, dir, entry)
			if get(t, dir) {
				t.Error("it is believed")
			}
			if name == "an entry in a linked folder" {
				elsewhere, err := os.Readlink(filepath.Dir(entry))
				must(t, err)
				before := files(t, elsewhere)
				store.Open(dir).Put("key", []byte("another value"))
				after := files(t, elsewhere)
				if len(before) != 1 || len(after) != 1 || strings.Contains(read(t, after[0]), "another value") {
					t.Errorf("it was written through the link: %v", after)
				}
			}
		})
	}
}

func read(t *testing.T, name string) string {
	t.Helper()
	content, err := os.ReadFile(name)
	must(t, err)
	return string(content)
}

func TestTheDirectoryItselfMayBeALink(t *testing.T) {
	t.Parallel()
	dir, _ := kept(t)
	link := filepath.Join(t.TempDir(), "link")
	must(t, os.Symlink(dir, link))
	if !get(t, link) {
		t.Error("the entry is not found")
	}
}

func TestWhatOthersMayWriteIsNotBelieved(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		of       func(dir, entry string) string
		mode     os.FileMode
		believed bool
	}{
		"an entry of one's own":            {entryOf, 0o600, true},
		"an entry that others may read":    {entryOf, 0o644, true},
		"an entry of a group":              {entryOf, 0o660, false},
		"an entry of all":                  {entryOf, 0o602, false},
		"a folder that others may read":    {folderOf, 0o755, true},
		"a folder of a group":              {folderOf, 0o770, false},
		"a folder of all":                  {folderOf, 0o777, false},
		"a directory that others may read": {directoryOf, 0o755, true},
		"a directory of a group":           {directoryOf, 0o770, false},
		"a directory of a group, sticky":   {directoryOf, 0o770 | os.ModeSticky, true},
		"a directory of all":               {directoryOf, 0o777, false},
		"a directory as /tmp":              {directoryOf, 0o777 | os.ModeSticky, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir, entry := kept(t)
			must(t, os.Chmod(test.of(dir, entry), test.mode))
			if got := get(t, dir); got != test.believed {
				t.Errorf("believed: %v", got)
			}
			if err := store.Open(dir).Check(); (err == nil) != (test.believed || test.of(dir, entry) != dir) {
				t.Errorf("the directory is checked: %v", err)
			}
			// An entry that is not believed is written anew; where it lies in no good place, it is
			// left as it is.
			before := read(t, entry)
			store.Open(dir).Put("key", []byte("another value"))
			written := read(t, entry) != before
			if want := test.believed || test.of(dir, entry) == entry; written != want || get(t, dir) != want {
				t.Errorf("written anew: %v", written)
			}
		})
	}
}

func entryOf(_, entry string) string   { return entry }
func folderOf(_, entry string) string  { return filepath.Dir(entry) }
func directoryOf(dir, _ string) string { return dir }

func TestWhatBelongsToAnotherUserIsNotBelieved(t *testing.T) {
	t.Parallel()
	if os.Geteuid() != 0 {
		t.Skip("only root can make files of another user")
	}
	const another = 65534
	for name, of := range map[string]func(dir, entry string) string{
		"entry": entryOf, "folder": folderOf, "directory": directoryOf,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir, entry := kept(t)
			theirs := of(dir, entry)
			must(t, os.Chown(theirs, another, another))
			if get(t, dir) {
				t.Error("it is believed")
			}
			old := time.Now().Add(-1000 * time.Hour)
			left := filepath.Join(
				dir, filepath.Base(filepath.Dir(entry)),
				strings.Repeat(filepath.Base(filepath.Dir(entry)), 32)+".kept.1.tmp",
			)
			must(t, os.WriteFile(left, nil, 0o600))
			must(t, os.Chtimes(left, old, old))
			must(t, os.Lchown(left, another, another))
			store.Open(dir).Put("another key", []byte("value"))
			if _, err := os.Stat(left); err != nil {
				t.Errorf("another user's file was removed: %v", err)
			}
		})
	}
}

func TestADirectoryThatIsNotThereYetIsFine(t *testing.T) {
	t.Parallel()
	for _, folder := range []*store.Store{nil, store.Open(filepath.Join(t.TempDir(), "not", "yet"))} {
		if err := folder.Check(); err != nil {
			t.Error(err)
		}
	}
}
