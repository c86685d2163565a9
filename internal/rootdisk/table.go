package rootdisk

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"
)

// writeTable writes a Markdown table whose columns line up; the first row is the head, and the
// columns named are figures, aligned to the right. Each line begins with a space, which Markdown
// allows: Terraform breaks the lines of an error message, but for those that do.
func writeTable(b *strings.Builder, rows [][]string, figures ...int) {
	widths := make([]int, len(rows[0]))
	for _, row := range rows {
		for c := range row {
			row[c] = strings.ReplaceAll(row[c], "|", `\|`)
			widths[c] = max(widths[c], utf8.RuneCountInString(row[c]), 3)
		}
	}
	rule := make([]string, len(widths))
	for c, width := range widths {
		rule[c] = strings.Repeat("-", width)
		if slices.Contains(figures, c) {
			rule[c] = rule[c][1:] + ":"
		}
	}
	for _, row := range slices.Insert(slices.Clone(rows), 1, rule) {
		b.WriteString(" ")
		for c, cell := range row {
			padding := strings.Repeat(" ", widths[c]-utf8.RuneCountInString(cell))
			if slices.Contains(figures, c) {
				fmt.Fprintf(b, "| %s%s ", padding, cell)
			} else {
				fmt.Fprintf(b, "| %s%s ", cell, padding)
			}
		}
		b.WriteString("|\n")
	}
}
