//go:build linux

package main

import (
	"context"
	"fmt"
	"os"
	"runtime"
	"strings"
	"time"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/measure"
)

var columns = []string{
	"image", "compressed MB", "used by containerd MB", "of 2.x MB", "`full` MB", "error", "inodes used", "`full` inodes", "error",
	"`auto` MB", "bounds MB", "how", "exact", "error", "read MiB", "`sample` error", "`manifest` error", "recommended GiB", "needed GiB",
}

// document is the table, with what is needed to read it and the titles of the cases that it lacks.
func document(ctx context.Context, rows []row, lacking []string, took time.Duration) string {
	var b strings.Builder
	var versions []string
	for _, release := range releases() {
		versions = append(versions, release.version(ctx))
	}
	fmt.Fprintf(&b, "Measured on %s with containerd %s (overlayfs snapshotter, defaults) on ext4, %s, Linux %s, %d cores, in %s.\n",
		time.Now().UTC().Format(time.DateOnly), strings.Join(versions, " and "), runtime.GOARCH, kernel(), runtime.NumCPU(), took.Round(time.Second))
	b.WriteString("MB are 10^6 bytes; errors are those of `required_bytes` and `required_inodes` against what containerd used, its own files included. " +
		"† Much of it stands in next to none of the compressed data, which no sample meets: only the bounds are claimed.\n\n")
	line(&b, columns)
	line(&b, rule())
	for _, r := range rows {
		line(&b, r.cells())
	}
	if len(lacking) > 0 {
		fmt.Fprintf(&b, "\nNot in this run: %s.\n", strings.Join(lacking, "; "))
	}
	return b.String()
}

func line(b *strings.Builder, cells []string) {
	b.WriteString("| " + strings.Join(cells, " | ") + " |\n")
}

// rule aligns numbers to the right.
func rule() []string {
	cells := make([]string, len(columns))
	for i := range cells {
		cells[i] = "--:"
	}
	cells[0], cells[11], cells[12] = "---", "---", "---"
	return cells
}

func (r row) cells() []string {
	full, auto := r.measured[measure.Full].report, r.measured[measure.Auto].report
	inodes, inodesError := "unknown", ""
	if full.Inodes != nil {
		inodes, inodesError = fmt.Sprint(*full.Inodes), off(*full.Inodes, r.used.Inodes)
	}
	title := r.title
	if r.hides {
		title += " †"
	}
	exact := "no"
	if auto.Exact {
		exact = "yes"
	}
	bounds := mb(auto.RequiredBytes.Min) + " to " + mb(auto.RequiredBytes.Max)
	if auto.RequiredBytes.Min == auto.RequiredBytes.Max {
		bounds = "the same"
	}
	return []string{
		title, mb(auto.CompressedBytes), mb(r.each[0].Bytes), r.newer(), mb(full.RequiredBytes.Value), off(full.RequiredBytes.Value, r.used.Bytes),
		fmt.Sprint(r.used.Inodes), inodes, inodesError,
		mb(auto.RequiredBytes.Value), bounds, methods(auto), exact, off(auto.RequiredBytes.Value, r.used.Bytes),
		fmt.Sprintf("%.1f", float64(r.measured[measure.Auto].read)/mib),
		r.off(measure.Sample), r.off(measure.Manifest), fmt.Sprint(r.sizeGiB), r.right(),
	}
}

// newer is what the second release of containerd used, where one was tried.
func (r row) newer() string {
	if len(r.each) < 2 {
		return "not run"
	}
	return mb(r.each[1].Bytes)
}

// right is the disk that the counted need asks for.
func (r row) right() string {
	size, err := recommended(r.measured[measure.Full].report)
	if err != nil {
		return "none"
	}
	return fmt.Sprint(size)
}

// off is the error of a way of measuring.
func (r row) off(mode measure.Mode) string {
	return off(r.measured[mode].report.RequiredBytes.Value, r.used.Bytes)
}

func off(got, used int64) string { return fmt.Sprintf("%+.2f %%", percentOff(got, used)) }

func mb(n int64) string { return fmt.Sprintf("%.1f", float64(n)/1e6) }

func kernel() string {
	release, err := os.ReadFile("/proc/sys/kernel/osrelease")
	if err != nil {
		return "of an unknown version"
	}
	// What follows the first dash names its builder.
	version, _, _ := strings.Cut(strings.TrimSpace(string(release)), "-")
	return version
}
