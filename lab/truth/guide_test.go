//go:build linux

package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestTheGuidesHaveAPlaceForEachTable, and nothing around it changes.
func TestTheGuidesHaveAPlaceForEachTable(t *testing.T) {
	t.Parallel()
	for _, path := range guides {
		page, err := os.ReadFile(filepath.Join("..", "..", path))
		if err != nil {
			t.Fatal(err)
		}
		for _, around := range []marks{tableMarks, sizesMarks} {
			changed, err := around.replaceTable(string(page), "the table\n")
			if err != nil {
				t.Fatalf("%s: %v", path, err)
			}
			before, rest, _ := strings.Cut(changed, around.begin)
			if !strings.HasPrefix(string(page), before+around.begin) ||
				!strings.HasPrefix(rest, "the table\n"+around.end) {
				t.Errorf("%s: around the table something changed", path)
			}
			again, err := around.replaceTable(changed, "the table\n")
			if err != nil || again != changed {
				t.Errorf("%s: writing twice is not writing once, %v", path, err)
			}
		}
	}
	if _, err := tableMarks.replaceTable("a page without marks", "x"); err == nil {
		t.Error("a page without marks was written")
	}
}
