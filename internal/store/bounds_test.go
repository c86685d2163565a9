package store

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// TestPruningBoundsTheNumberOfEntries, and what it looks at of a folder that holds very many.
func TestPruningBoundsTheNumberOfEntries(t *testing.T) {
	t.Parallel()
	const folders, each = 10, 20
	for name, test := range map[string]struct {
		bound bounds
		left  int
	}{
		"all are within it":       {bounds{bytes: 1 << 20, entries: 200, names: 20}, 200},
		"some are too many":       {bounds{bytes: 1 << 20, entries: 50, names: 20}, 50},
		"some are not looked at":  {bounds{bytes: 1 << 20, entries: 50, names: 15}, 50 + 5*folders},
		"all take too many bytes": {bounds{bytes: 30, entries: 200, names: 20}, 30},
	} {
		dir := filepath.Join(t.TempDir(), name)
		for folder := range folders {
			prefix := fmt.Sprintf("%02x", folder*17)
			if err := os.MkdirAll(filepath.Join(dir, prefix), 0o700); err != nil {
				t.Fatal(err)
			}
			for i := range each {
				entry := filepath.Join(dir, prefix, fmt.Sprintf("%s%062x.kept", prefix, i))
				if err := os.WriteFile(entry, []byte("x"), 0o600); err != nil {
					t.Fatal(err)
				}
				used := time.Now().Add(-time.Duration(i) * time.Hour)
				if err := os.Chtimes(entry, used, used); err != nil {
					t.Fatal(err)
				}
			}
		}
		pruneFolders(dir, test.bound)
		left, err := filepath.Glob(filepath.Join(dir, "*", "*.kept"))
		if err != nil || len(left) != test.left {
			t.Errorf("%s: %d entries are left, want %d: %v", name, len(left), test.left, err)
		}
	}
}
