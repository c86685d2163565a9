//go:build linux

package main

import (
	"fmt"
	"os"
	"strings"
)

// guides are the page that shows the tables: the template, and what is generated from it.
var guides = []string{"templates/guides/how-the-number-comes-about.md", "docs/guides/how-the-number-comes-about.md"}

// marks are the lines around a table.
type marks struct{ begin, end string }

var (
	tableMarks = marks{"<!-- begin table: written by make truth -->\n", "<!-- end table -->"}
	sizesMarks = marks{"<!-- begin sizes: written by make truth -->\n", "<!-- end sizes -->"}
)

// writeIntoGuides puts a table between its marks in each guide.
func writeIntoGuides(around marks, table string) error {
	for _, path := range guides {
		page, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		changed, err := around.replaceTable(string(page), table)
		if err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
		if err := writePage(path, changed); err != nil {
			return err
		}
	}
	return nil
}

// writePage writes a page of the documentation, which everyone may read.
func writePage(path, text string) error {
	return os.WriteFile(path, []byte(text), 0o644) //nolint:gosec // for everyone
}

func (m marks) replaceTable(page, table string) (string, error) {
	before, rest, begins := strings.Cut(page, m.begin)
	_, after, ends := strings.Cut(rest, m.end)
	if !begins || !ends {
		return "", fmt.Errorf("the marks %q and %q are not both there", m.begin, m.end)
	}
	return before + m.begin + table + m.end + after, nil
}
