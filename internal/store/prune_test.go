package store_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/store"
)

// write makes a file with the folders that it needs, last used long ago.
func write(t *testing.T, content, name string) string {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	old := time.Now().Add(-1000 * time.Hour)
	if err := os.Chtimes(name, old, old); err != nil {
		t.Fatal(err)
	}
	return name
}

const hexName = "ab00000000000000000000000000000000000000000000000000000000000000"

func TestPruningLeavesTheFilesOfOthersAlone(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "kept")
	var others []string
	for _, name := range []string{
		"notes.tmp", "notes.kept", "a/b/c/deep.tmp", "ab/notes.tmp", "ab/notes.kept", "ab/new-1.tmp",
		"ab/new-123456.tmp",
		hexName + ".kept", hexName + ".kept.1.tmp", "cd/" + hexName + ".kept", "cd/" + hexName + ".kept.1.tmp",
		"ab/ab/" + hexName + ".kept", "ab/" + strings.ToUpper(hexName) + ".kept", "ab/" + hexName + ".kept.tmp",
		"ab/" + hexName + ".kept.bak",
		"ab/" + hexName + ".kept.x1.tmp", "ab/0" + hexName + ".kept", "AB/" + hexName + ".kept",
		"abc/" + hexName + ".kept",
	} {
		others = append(others, write(t, "", filepath.Join(dir, name)))
	}
	// It takes more than the folder may hold, and was used last.
	large := write(t, "", filepath.Join(dir, "ab", "large.kept"))
	if err := os.Truncate(large, 200<<20); err != nil {
		t.Fatal(err)
	}
	others = append(others, large)
	store.Open(dir).Put("key", []byte("value"))
	for _, name := range others {
		if _, err := os.Stat(name); err != nil {
			t.Errorf("%s is gone: %v", name, err)
		}
	}
	if _, ok := store.Open(dir).Get("key"); !ok {
		t.Error("the entry is missing")
	}
}

func TestPruningRemovesWhatAKilledProcessLeft(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "kept")
	left := write(t, "half", filepath.Join(dir, "ab", hexName+".kept.123456.tmp"))
	fresh := write(t, "half", filepath.Join(dir, "ab", hexName+".kept.654321.tmp"))
	if err := os.Chtimes(fresh, time.Now(), time.Now()); err != nil {
		t.Fatal(err)
	}
	store.Open(dir).Put("key", []byte("value"))
	if _, err := os.Stat(left); err == nil {
		t.Error("a temporary file of long ago is still there")
	}
	if _, err := os.Stat(fresh); err != nil {
		t.Error("a temporary file is gone that another process may be writing")
	}
}
