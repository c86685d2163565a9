package disksize_test

import (
	"fmt"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/disksize"
)

// The smallest disk for images of 30 GiB whose containers write up to 2 GiB.
func ExampleRecommend() {
	disk, err := disksize.Recommend(disksize.Request{
		RequiredBytes:         30 << 30,
		Inodes:                250_000,
		WritableBytes:         2 << 30,
		MaxUtilizationPercent: disksize.DefaultMaxUtilizationPercent,
		RoundToGiB:            disksize.DefaultRoundToGiB,
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("%d GiB, of which %d are billed\n", disk.SizeGiB, disk.BillableGiB)
	// Output: 50 GiB, of which 30 are billed
}

// Files take whole blocks.
func ExampleBlocks() {
	fmt.Println(disksize.Blocks(1), disksize.Blocks(4096), disksize.Blocks(4097))
	// Output: 4096 4096 8192
}
