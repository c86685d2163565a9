//go:build linux

package campaign

import (
	"fmt"
	"os"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// guide is the template of the page that holds the tables, each between two marks.
const guide = "../../templates/guides/what-survives.md"

// table is what a campaign saw, with a row for each kind of trouble.
type table struct {
	name    string
	first   string // the title of the first column
	columns []string
	numbers []string // columns whose cells differ from run to run
	timed   []string // rows that end in one way or another, by which of two clocks is first
	counts  string   // what the campaign counts
	count   atomic.Int64

	mu    sync.Mutex
	order []string
	cells map[string]map[string]string // by row and column
}

func newTable(name, counts, first string, columns ...string) *table {
	return &table{name: name, counts: counts, first: first, columns: columns, cells: map[string]map[string]string{}}
}

// ignoreColumns names columns that are not compared with the guide.
func (s *table) ignoreColumns(columns ...string) { s.numbers = columns }

func (s *table) addRow(title string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.cells[title] == nil {
		s.order = append(s.order, title)
		s.cells[title] = map[string]string{}
	}
}

func (s *table) setCell(row, column, cell string) {
	s.addRow(row)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.cells[row][column] = strings.ReplaceAll(cell, "|", "\\|")
}

// compareWithGuide compares the table with the guide's. Where fixed is true, each cell must be the
// guide's; else rows and columns must be the same, since numbers differ from run to run. A full
// campaign logs the table as the guide has it.
func (s *table) compareWithGuide(t *testing.T, fixed bool) {
	t.Helper()
	if t.Failed() {
		return // what is wrong was reported, and a table of it does not help
	}
	content, err := os.ReadFile(guide)
	if err != nil {
		t.Fatal(err)
	}
	begin := fmt.Sprintf("<!-- begin %s: written by the campaign -->\n", s.name)
	end := fmt.Sprintf("<!-- end %s -->", s.name)
	_, rest, foundBegin := strings.Cut(string(content), begin)
	old, _, foundEnd := strings.Cut(rest, end)
	if !foundBegin || !foundEnd {
		t.Fatalf("the guide has no marks for %s", s.name)
	}
	if *full {
		t.Logf("table %s:\n%s", s.name, s.formatMarkdown())
	}
	s.compareRows(t, parseTable(old), fixed)
}

func (s *table) compareRows(t *testing.T, old [][]string, fixed bool) {
	t.Helper()
	const stale = "the guide is stale: take the table from the log of make lab-faults lab-kills lab-interrupts " +
		"into it, then make generate"
	if len(old) < 2 || !slices.Equal(old[0], append([]string{s.first}, s.columns...)) {
		t.Errorf("%s: columns of %s", stale, s.name)
		return
	}
	var titles []string
	for _, cells := range old[1:] {
		titles = append(titles, cells[0])
		if slices.Contains(s.timed, cells[0]) {
			continue
		}
		for i, cell := range cells[1:] {
			if got, seen := s.cells[cells[0]][s.columns[i]]; fixed && seen && got != cell &&
				!slices.Contains(s.numbers, s.columns[i]) {
				t.Errorf("%s: %s, %s: saw %q, the guide says %q", stale, cells[0], s.columns[i], got, cell)
			}
		}
	}
	if !slices.Equal(titles, s.order) {
		t.Errorf(
			"%s: rows of %s:\n%s\nwant\n%s",
			stale, s.name, strings.Join(titles, "\n"), strings.Join(s.order, "\n"),
		)
	}
}

func (s *table) formatMarkdown() string {
	var b strings.Builder
	races := "not run under the race detector"
	if raceDetector {
		races = fmt.Sprintf("race detector findings: %d", tally.races.Load())
	}
	fmt.Fprintf(
		&b,
		"Seen on %s, Linux %s, %d cores. %s: %d. Caches orphaned: %d, doubled: %d, ids lost: %d; secrets found: "+
			"%d; processes left: %d; %s.\n\n",
		time.Now().UTC().Format(time.DateOnly), runtime.GOARCH, runtime.NumCPU(), s.counts, s.count.Load(),
		tally.orphaned.Load(), tally.doubled.Load(), tally.lost.Load(), tally.secrets.Load(), tally.left.Load(),
		races,
	)
	fmt.Fprintf(
		&b, "| %s | %s |\n|%s\n", s.first, strings.Join(s.columns, " | "), strings.Repeat(" --- |", len(s.columns)+1),
	)
	for _, title := range s.order {
		cells := []string{title}
		for _, column := range s.columns {
			cells = append(cells, s.cells[title][column])
		}
		fmt.Fprintf(&b, "| %s |\n", strings.Join(cells, " | "))
	}
	return b.String()
}

// parseTable returns the cells of a Markdown table, without the rule below its head.
func parseTable(text string) (rows [][]string) {
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		if !strings.HasPrefix(line, "|") || strings.HasPrefix(line, "| ---") {
			continue
		}
		cells := strings.Split(strings.Trim(strings.ReplaceAll(line, "\\|", "\x00"), "|"), "|")
		for i := range cells {
			cells[i] = strings.ReplaceAll(strings.TrimSpace(cells[i]), "\x00", "\\|")
		}
		rows = append(rows, cells)
	}
	return rows
}
