//go:build linux

package main

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/disksize"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/layersize"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/measure"
	"github.com/tkeimage/terraform-provider-tkeimage/lab/giant"
)

// sizeRow is what one spliced image showed.
type sizeRow struct {
	image    splicedImage
	measured map[measure.Mode]measured
	sizes    map[measure.Mode]int64 // the disks that are recommended, in GiB
	right    int64                  // the disk for what is needed
}

var sizeColumns = []column[sizeRow]{
	{title: "image", text: true, cell: func(r sizeRow) string { return r.image.title }},
	{title: "layers", cell: func(r sizeRow) string { return fmt.Sprint(len(r.image.layers)) }},
	{title: "compressed MB", cell: func(r sizeRow) string { return formatMB(r.compressedBytes()) }},
	{title: "needed MB", cell: func(r sizeRow) string { return formatMB(r.image.need.Bytes) }},
	{title: "`auto` MB", cell: func(r sizeRow) string { return formatMB(r.requiredBy(measure.Auto).Value) }},
	{title: "bounds MB", cell: func(r sizeRow) string { return formatBounds(r.requiredBy(measure.Auto)) }},
	{title: "error", cell: func(r sizeRow) string { return r.formatErrorOf(measure.Auto) }},
	{title: "read MiB", cell: func(r sizeRow) string { return formatRead(r.measured[measure.Auto]) }},
	{title: "`sample` error", cell: func(r sizeRow) string { return r.formatErrorOf(measure.Sample) }},
	{title: "bounds MB", cell: func(r sizeRow) string { return formatBounds(r.requiredBy(measure.Sample)) }},
	{title: "recommended GiB by `auto`", cell: func(r sizeRow) string { return fmt.Sprint(r.sizes[measure.Auto]) }},
	{title: "by `sample`", cell: func(r sizeRow) string { return fmt.Sprint(r.sizes[measure.Sample]) }},
	{title: "needed GiB", cell: func(r sizeRow) string { return fmt.Sprint(r.right) }},
}

// formatSizes returns the table, with what is needed to read it.
func formatSizes(rows []sizeRow, took time.Duration) string {
	var b strings.Builder
	fmt.Fprintf(
		&b, "Measured on %s in %s. MB are 10^6 bytes; errors are those of `required_bytes` against what was counted."+
			"\n\n", time.Now().UTC().Format(time.DateOnly), took.Round(time.Second),
	)
	writeTable(&b, sizeColumns, rows)
	return b.String()
}

func (r sizeRow) compressedBytes() int64 { return r.measured[measure.Auto].report.CompressedBytes }

func (r sizeRow) requiredBy(mode measure.Mode) layersize.Interval {
	return r.measured[mode].report.RequiredBytes
}

func (r sizeRow) formatErrorOf(mode measure.Mode) string {
	return formatError(r.requiredBy(mode).Value, r.image.need.Bytes)
}

// printRow prints a row, and the layers of one that refutes a claim.
func (r sizeRow) printRow() {
	fmt.Fprintln(os.Stderr, strings.Join(listCells(sizeColumns, r), " | "))
	for mode, furthest := range claimedOff {
		if len(r.listRefuted(mode, furthest)) == 0 {
			continue
		}
		for i, m := range r.measured[mode].report.Images[0].Measurements {
			fmt.Fprintf(os.Stderr, "   %s, layer %d of %d bytes, which takes %d, and its tar %d: %+v\n",
				mode, i, r.image.layers[i].Size, r.image.taken[i].Bytes, r.image.layers[i].Unpacked, m)
		}
	}
}

// claimedOff is how far the number may be off, in percent.
var claimedOff = map[measure.Mode]float64{measure.Auto: realAutoOff, measure.Sample: realSampleOff}

// widestSpliced is how far the bounds may be apart: a budget of 64 MiB is a thousandth of such an
// image, and does not always rule out another length of a gzip layer, which is 4 GiB more.
const widestSpliced = 1.25

// rightInTen is how many of ten disks that auto recommends are the one that is needed. Zstandard
// has no trailer with its length, and bounds of 5 % cross a step of 10 GiB more often than those of
// 1 or 2 %.
var rightInTen = map[giant.Format]int{giant.Gzip: 9, giant.Zstandard: 6}

// checkSizes returns an error that lists the claims that the rows refute.
func checkSizes(rows []sizeRow) error {
	var failures []string
	all, right := map[giant.Format]int{}, map[giant.Format]int{}
	for _, r := range rows {
		for mode, furthest := range claimedOff {
			for _, failure := range r.listRefuted(mode, furthest) {
				failures = append(failures, fmt.Sprintf("%s: %s: %s", r.image.title, mode, failure))
			}
		}
		format := r.image.layers[0].Format
		if all[format]++; r.sizes[measure.Auto] == r.right {
			right[format]++
		}
	}
	for format, n := range all {
		if 10*right[format] < rightInTen[format]*n {
			failures = append(failures, fmt.Sprintf("auto: %d of %d disks are those that are needed", right[format], n))
		}
	}
	if len(failures) > 0 {
		return errors.New(strings.Join(failures, "\n  "))
	}
	return nil
}

// listRefuted lists the claims on one mode that a row refutes.
func (r sizeRow) listRefuted(mode measure.Mode, furthest float64) []string {
	is, need, size := r.measured[mode].report.RequiredBytes, r.image.need.Bytes, r.sizes[mode]
	failures := []string{checkPercent("required_bytes", is.Value, need, -furthest, furthest)}
	if need < is.Min || need > is.Max {
		failures = append(failures, fmt.Sprintf("needed are %d bytes, the bounds are %d and %d", need, is.Min, is.Max))
	}
	if mode == measure.Auto && float64(is.Max) > widestSpliced*float64(is.Min) {
		failures = append(
			failures, fmt.Sprintf("the bounds %d and %d are more than %.2f times apart", is.Min, is.Max, widestSpliced),
		)
	}
	if size < r.right || mode == measure.Auto && size > r.right+disksize.DefaultRoundToGiB {
		failures = append(
			failures, fmt.Sprintf("a disk of %d GiB is recommended where %d GiB are right", size, r.right),
		)
	}
	return dropEmpty(failures)
}
