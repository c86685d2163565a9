//go:build linux

package main

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/disksize"
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

var sizeColumns = []string{
	"image", "layers", "compressed MB", "needed MB", "`auto` MB", "bounds MB", "error", "read MiB",
	"`sample` error", "bounds MB", "recommended GiB by `auto`", "by `sample`", "needed GiB",
}

func sizesDocument(rows []sizeRow, took time.Duration) string {
	var b strings.Builder
	fmt.Fprintf(&b, "Measured on %s in %s. MB are 10^6 bytes; errors are those of `required_bytes` against what was counted.\n\n",
		time.Now().UTC().Format(time.DateOnly), took.Round(time.Second))
	line(&b, sizeColumns)
	rule := strings.Split(strings.Repeat("--: ", len(sizeColumns)), " ")[:len(sizeColumns)]
	rule[0] = "---"
	line(&b, rule)
	for _, r := range rows {
		line(&b, r.cells())
	}
	return b.String()
}

func (r sizeRow) cells() []string {
	auto, sample := r.measured[measure.Auto], r.measured[measure.Sample]
	return []string{
		r.image.title, fmt.Sprint(len(r.image.layers)), mb(auto.report.CompressedBytes), mb(r.image.need.Bytes),
		mb(auto.report.RequiredBytes.Value), boundsCell(auto), off(auto.report.RequiredBytes.Value, r.image.need.Bytes),
		fmt.Sprintf("%.1f", float64(auto.read)/mib), off(sample.report.RequiredBytes.Value, r.image.need.Bytes), boundsCell(sample),
		fmt.Sprint(r.sizes[measure.Auto]), fmt.Sprint(r.sizes[measure.Sample]), fmt.Sprint(r.right),
	}
}

func boundsCell(m measured) string {
	is := m.report.RequiredBytes
	return mb(is.Min) + " to " + mb(is.Max)
}

func (r sizeRow) String() string { return strings.Join(r.cells(), " | ") }

// rightInTen is how many of ten recommended disks are the one that is needed.
const rightInTen = 9

// sizeClaims is an error that lists what the rows refute.
func sizeClaims(rows []sizeRow) error {
	var failures []string
	right := map[measure.Mode]int{}
	for _, r := range rows {
		for mode, furthest := range map[measure.Mode]float64{measure.Auto: realAutoOff, measure.Sample: realSampleOff} {
			for _, failure := range r.broken(mode, furthest) {
				failures = append(failures, fmt.Sprintf("%s: %s: %s", r.image.title, mode, failure))
			}
			if r.sizes[mode] == r.right {
				right[mode]++
			}
		}
	}
	for _, mode := range []measure.Mode{measure.Auto, measure.Sample} {
		if 10*right[mode] < rightInTen*len(rows) {
			failures = append(failures, fmt.Sprintf("%s: %d of %d disks are those that are needed", mode, right[mode], len(rows)))
		}
	}
	if len(failures) > 0 {
		return errors.New(strings.Join(failures, "\n  "))
	}
	return nil
}

// broken lists what a row refutes of the claims on one way of measuring.
func (r sizeRow) broken(mode measure.Mode, furthest float64) []string {
	is, need, size := r.measured[mode].report.RequiredBytes, r.image.need.Bytes, r.sizes[mode]
	failures := []string{within("required_bytes", is.Value, need, -furthest, furthest)}
	if need < is.Min || need > is.Max {
		failures = append(failures, fmt.Sprintf("needed are %d bytes, the bounds are %d and %d", need, is.Min, is.Max))
	}
	widest := widestGzip
	if r.image.layers[0].Format == giant.Zstandard {
		widest = widestZstd
	}
	if mode == measure.Auto && float64(is.Max) > widest*float64(is.Min) {
		failures = append(failures, fmt.Sprintf("the bounds %d and %d are more than %.2f times apart", is.Min, is.Max, widest))
	}
	if size < r.right || size > r.right+disksize.DefaultRoundToGiB {
		failures = append(failures, fmt.Sprintf("a disk of %d GiB is recommended where %d GiB are right", size, r.right))
	}
	return present(failures)
}
