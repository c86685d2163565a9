//go:build linux

package main

import (
	"fmt"
	"os"
	"strings"
)

// guides are the page that shows the table: what documentation is made from, and what was made.
var guides = []string{"templates/guides/how-the-number-comes-about.md", "docs/guides/how-the-number-comes-about.md"}

// marks are the lines around a table.
type marks struct{ begin, end string }

var (
	tableMarks = marks{"<!-- begin table: written by make truth -->\n", "<!-- end table -->"}
	sizesMarks = marks{"<!-- begin sizes: written by make truth -->\n", "<!-- end sizes -->"}
)

// intoGuide puts a table between its marks.
func intoGuide(around marks, table string) error {
	for _, path := range guides {
		page, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		changed, err := around.replace(string(page), table)
		if err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
		if err := os.WriteFile(path, []byte(changed), 0o644); err != nil { //nolint:gosec // a page of the documentation, for everyone
			return err
		}
	}
	return nil
}

func (m marks) replace(page, table string) (string, error) {
	before, rest, begins := strings.Cut(page, m.begin)
	_, after, ends := strings.Cut(rest, m.end)
	if !begins || !ends {
		return "", fmt.Errorf("the marks %q and %q are not both there", m.begin, m.end)
	}
	return before + m.begin + table + m.end + after, nil
}
