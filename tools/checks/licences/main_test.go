package main

import (
	"os"
	"path/filepath"
	"testing"
)

func TestNoticesGoWithTheLicence(t *testing.T) {
	for notice, want := range map[string]string{
		"NOTICE": "licence\n\nnotice", "NOTICE.txt": "licence\n\nnotice", "README": "licence",
	} {
		folder := t.TempDir()
		for name, text := range map[string]string{"LICENSE": "licence\n", notice: "notice\n"} {
			if err := os.WriteFile(filepath.Join(folder, name), []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		if got, err := textOf(filepath.Join(folder, "LICENSE")); err != nil || got != want {
			t.Errorf("%s: got %q, %v", notice, got, err)
		}
	}
}

// TestANoticeThatCannotBeReadIsAnError: a release without it would break its licence.
func TestANoticeThatCannotBeReadIsAnError(t *testing.T) {
	folder := t.TempDir()
	if err := os.WriteFile(filepath.Join(folder, "LICENSE"), []byte("licence"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("nowhere", filepath.Join(folder, "NOTICE")); err != nil {
		t.Fatal(err)
	}
	if got, err := textOf(filepath.Join(folder, "LICENSE")); err == nil {
		t.Errorf("got %q", got)
	}
}
