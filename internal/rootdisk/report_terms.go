package rootdisk

import (
	"fmt"
	"strings"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/disksize"
)

// writeTerms writes the arithmetic from what is needed to the size, as lines that add up as they
// are printed: each figure is the difference of two rounded sums.
func writeTerms(b *strings.Builder, needs disksize.Request, disk disksize.Recommendation) {
	terms := disk.Explain(needs)
	rounding := "rounding up"
	switch {
	case terms.ForFiles:
		rounding = fmt.Sprintf("room for %d files", needs.Inodes)
	case disk.FitsDefaultDisk():
		rounding = fmt.Sprintf("up to the free disk of %d GiB", disksize.MinGiB)
	case needs.RoundToGiB > 1:
		rounding = fmt.Sprintf("up to a multiple of %d GiB", needs.RoundToGiB)
	}
	rows := [][]string{{"How the size comes about", "GiB"}}
	sum, printed := int64(0), int64(0) // bytes, and hundredths of a GiB
	for _, term := range []struct {
		what  string
		bytes int64
	}{
		{"images: blobs and unpacked layers, upper bound", terms.Required},
		{"+ data that containers write", terms.Writable},
		{fmt.Sprintf("+ free, so that %d %% is used at most", needs.MaxUtilizationPercent), terms.Headroom},
		{"+ the file system's own share", terms.FileSystem},
		{"+ " + rounding, terms.Rounding},
	} {
		sum += term.bytes
		upTo := toHundredths(sum)
		rows = append(rows, []string{term.what, formatHundredths(upTo - printed)})
		printed = upTo
	}
	writeTable(b, append(rows, []string{"= disk", formatHundredths(printed)}), 1)
}

// toHundredths rounds bytes to hundredths of a GiB.
func toHundredths(bytes int64) int64 {
	const unit = disksize.GiB
	return bytes/unit*100 + (bytes%unit*100+unit/2)/unit
}

func formatHundredths(n int64) string { return fmt.Sprintf("%d.%02d", n/100, n%100) }
