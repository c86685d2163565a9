//go:build linux

package main

import (
	"context"
	"fmt"
	"os"
	"runtime"
	"strings"
	"time"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/layersize"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/measure"
)

// A column is one of a table: its heading, and what it shows of a row.
type column[R any] struct {
	title string
	cell  func(R) string
	text  bool // aligned to the left, numbers to the right
}

var columns = []column[row]{
	{title: "image", text: true, cell: row.formatTitle},
	{title: "compressed MB", cell: func(r row) string { return formatMB(r.reportOf(measure.Auto).CompressedBytes) }},
	{title: "used by containerd MB", cell: func(r row) string { return formatMB(r.each[0].Bytes) }},
	{title: "of 2.x MB", cell: row.formatNewer},
	{title: "`full` MB", cell: func(r row) string { return formatMB(r.reportOf(measure.Full).RequiredBytes.Value) }},
	{title: "error", cell: func(r row) string { return r.formatErrorOf(measure.Full) }},
	{title: "inodes used", cell: func(r row) string { return fmt.Sprint(r.used.Inodes) }},
	{title: "`full` inodes", cell: row.formatInodes},
	{title: "error", cell: row.formatInodesError},
	{title: "`auto` MB", cell: func(r row) string { return formatMB(r.reportOf(measure.Auto).RequiredBytes.Value) }},
	{title: "bounds MB", cell: func(r row) string { return formatBounds(r.reportOf(measure.Auto).RequiredBytes) }},
	{title: "how", text: true, cell: func(r row) string { return listMethods(r.reportOf(measure.Auto)) }},
	{title: "exact", text: true, cell: row.formatExact},
	{title: "error", cell: func(r row) string { return r.formatErrorOf(measure.Auto) }},
	{title: "read MiB", cell: func(r row) string { return formatRead(r.measured[measure.Auto]) }},
	{title: "`sample` error", cell: func(r row) string { return r.formatErrorOf(measure.Sample) }},
	{title: "`manifest` error", cell: func(r row) string { return r.formatErrorOf(measure.Manifest) }},
	{title: "recommended GiB", cell: func(r row) string { return fmt.Sprint(r.sizeGiB) }},
	{title: "needed GiB", cell: row.formatRightSize},
}

// formatTable returns the table, with what is needed to read it and the titles of the cases that it
// lacks.
func formatTable(ctx context.Context, rows []row, lacking []string, took time.Duration) string {
	var b strings.Builder
	var versions []string
	for _, release := range listReleases() {
		versions = append(versions, release.askVersion(ctx))
	}
	fmt.Fprintf(
		&b, "Measured on %s with containerd %s (overlayfs snapshotter, defaults) on ext4, %s, Linux %s, %d cores, "+
			"in %s.\n",
		time.Now().UTC().Format(time.DateOnly), strings.Join(versions, " and "), runtime.GOARCH, readKernel(),
		runtime.NumCPU(), took.Round(time.Second),
	)
	b.WriteString("MB are 10^6 bytes; errors are those of `required_bytes` and `required_inodes` against what " +
		"containerd used, its own files included. † Much of it stands in next to none of the compressed data, " +
		"which no sample meets: only the bounds are claimed.\n\n")
	writeTable(&b, columns, rows)
	if len(lacking) > 0 {
		fmt.Fprintf(&b, "\nNot in this run: %s.\n", strings.Join(lacking, "; "))
	}
	return b.String()
}

func writeTable[R any](b *strings.Builder, columns []column[R], rows []R) {
	titles, alignments := make([]string, len(columns)), make([]string, len(columns))
	for i, c := range columns {
		titles[i], alignments[i] = c.title, "--:"
		if c.text {
			alignments[i] = "---"
		}
	}
	writeLine(b, titles)
	writeLine(b, alignments)
	for _, r := range rows {
		writeLine(b, listCells(columns, r))
	}
}

func writeLine(b *strings.Builder, cells []string) {
	b.WriteString("| " + strings.Join(cells, " | ") + " |\n")
}

// listCells returns what the columns show of a row.
func listCells[R any](columns []column[R], r R) []string {
	cells := make([]string, len(columns))
	for i, c := range columns {
		cells[i] = c.cell(r)
	}
	return cells
}

func (r row) reportOf(mode measure.Mode) *measure.Report { return r.measured[mode].report }

func (r row) formatTitle() string {
	if r.hides {
		return r.title + " †"
	}
	return r.title
}

func (r row) formatInodes() string {
	if inodes := r.reportOf(measure.Full).Inodes; inodes != nil {
		return fmt.Sprint(*inodes)
	}
	return "unknown"
}

func (r row) formatInodesError() string {
	if inodes := r.reportOf(measure.Full).Inodes; inodes != nil {
		return formatError(*inodes, r.used.Inodes)
	}
	return ""
}

func (r row) formatExact() string {
	if r.reportOf(measure.Auto).Exact {
		return "yes"
	}
	return "no"
}

// formatNewer returns what the second release of containerd used, where one was tried.
func (r row) formatNewer() string {
	if len(r.each) < 2 {
		return "not run"
	}
	return formatMB(r.each[1].Bytes)
}

// formatRightSize returns the disk that the counted need asks for.
func (r row) formatRightSize() string {
	size, err := recommendSize(r.reportOf(measure.Full))
	if err != nil {
		return "none"
	}
	return fmt.Sprint(size)
}

// formatErrorOf returns the error of a mode.
func (r row) formatErrorOf(mode measure.Mode) string {
	return formatError(r.reportOf(mode).RequiredBytes.Value, r.used.Bytes)
}

func formatError(got, used int64) string { return fmt.Sprintf("%+.2f %%", percentOff(got, used)) }

// formatBounds returns both bounds in MB.
func formatBounds(is layersize.Interval) string {
	if is.Min == is.Max {
		return "the same"
	}
	return formatMB(is.Min) + " to " + formatMB(is.Max)
}

// formatRead returns how much of the layers was read, in MiB.
func formatRead(m measured) string { return fmt.Sprintf("%.1f", float64(m.read)/mib) }

func formatMB(n int64) string { return fmt.Sprintf("%.1f", float64(n)/1e6) }

func readKernel() string {
	release, err := os.ReadFile("/proc/sys/kernel/osrelease")
	if err != nil {
		return "of an unknown version"
	}
	// What follows the first dash names its builder.
	version, _, _ := strings.Cut(strings.TrimSpace(string(release)), "-")
	return version
}
