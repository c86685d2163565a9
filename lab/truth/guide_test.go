//go:build linux

package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestTheGuidesHaveAPlaceForTheTable, and nothing around it changes.
func TestTheGuidesHaveAPlaceForTheTable(t *testing.T) {
	t.Parallel()
	for _, path := range guides {
		page, err := os.ReadFile(filepath.Join("..", "..", path))
		if err != nil {
			t.Fatal(err)
		}
		changed, err := replaced(string(page), "the table\n")
		if err != nil {
			t.Fatalf("%s: %v", path, err)
		}
		before, rest, _ := strings.Cut(changed, tableBegins)
		if !strings.HasPrefix(string(page), before+tableBegins) || !strings.HasPrefix(rest, "the table\n"+tableEnds) {
			t.Errorf("%s: around the table something changed", path)
		}
		again, err := replaced(changed, "the table\n")
		if err != nil || again != changed {
			t.Errorf("%s: writing twice is not writing once, %v", path, err)
		}
	}
	if _, err := replaced("a page without marks", "x"); err == nil {
		t.Error("a page without marks was written")
	}
}
