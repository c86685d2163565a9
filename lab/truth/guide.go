//go:build linux

package main

import (
	"fmt"
	"os"
	"strings"
)

// guides are the page that shows the table: what documentation is made from, and what was made.
var guides = []string{"templates/guides/how-the-number-comes-about.md", "docs/guides/how-the-number-comes-about.md"}

const (
	tableBegins = "<!-- begin table: written by make truth -->\n"
	tableEnds   = "<!-- end table -->"
)

// intoGuide puts the table between its marks.
func intoGuide(table string) error {
	for _, path := range guides {
		page, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		changed, err := replaced(string(page), table)
		if err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
		if err := os.WriteFile(path, []byte(changed), 0o644); err != nil { //nolint:gosec // a page of the documentation, for everyone
			return err
		}
	}
	return nil
}

func replaced(page, table string) (string, error) {
	before, rest, begins := strings.Cut(page, tableBegins)
	_, after, ends := strings.Cut(rest, tableEnds)
	if !begins || !ends {
		return "", fmt.Errorf("the marks %q and %q are not both there", tableBegins, tableEnds)
	}
	return before + tableBegins + table + tableEnds + after, nil
}
