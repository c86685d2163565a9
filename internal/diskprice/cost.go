// Package diskprice puts both remedies in money: data source tkeimage_disk_price asks for the price
// of a disk, function monthly_cost compares an image cache with a larger system disk.
package diskprice

import (
	"math/big"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/disksize"
)

// HoursPerMonth is the month that prices by the month are for: 365 days in 12 parts.
const HoursPerMonth = 730

// Usage is what a month of Pods uses, and the prices of it.
type Usage struct {
	SizeGiB       *big.Rat // of each Pod's disk, and of the cache
	Pods          *big.Rat // that run at the same time
	HoursPerMonth *big.Rat // for which they run
	DiskPrice     *big.Rat // of a GiB for a month of 730 hours
	SnapshotPrice *big.Rat // likewise
}

// Cost is what both remedies take in a month, with the terms of the sums.
type Cost struct {
	ImageCache *big.Rat // Snapshot and CacheDisks
	RootDisk   *big.Rat // SystemDisks

	Snapshot    *big.Rat // of the cache, for the whole month, whether Pods run or not
	CacheDisks  *big.Rat // disks made from the cache, billed whole for as long as the Pods run
	SystemDisks *big.Rat // what is above the free 20 GiB of the Pods' system disks, for as long as they run
	BillableGiB *big.Rat // of one system disk
}

// EstimateMonth returns the cost of a month. Source of what is billed: the pages on image caches
// and on the annotations of super nodes; a snapshot is billed by its capacity, which is the cache's
// size at most.
func EstimateMonth(use Usage) Cost {
	month := new(big.Rat).Quo(use.HoursPerMonth, big.NewRat(HoursPerMonth, 1))
	diskMonths := new(big.Rat).Mul(use.Pods, month)
	perGiB := new(big.Rat).Mul(diskMonths, use.DiskPrice)

	billable := new(big.Rat).Sub(use.SizeGiB, big.NewRat(disksize.MinGiB, 1))
	if billable.Sign() < 0 {
		billable.SetInt64(0)
	}
	cost := Cost{
		Snapshot:    new(big.Rat).Mul(use.SizeGiB, use.SnapshotPrice),
		CacheDisks:  new(big.Rat).Mul(use.SizeGiB, perGiB),
		SystemDisks: new(big.Rat).Mul(billable, perGiB),
		BillableGiB: billable,
	}
	cost.ImageCache = new(big.Rat).Add(cost.Snapshot, cost.CacheDisks)
	cost.RootDisk = cost.SystemDisks
	return cost
}

// The values of cheaper.
const (
	CheaperImageCache = "image_cache"
	CheaperRootDisk   = "root_disk"
	CheaperNeither    = "neither"
)

// Cheaper names the remedy that costs less.
func (c Cost) Cheaper() string {
	switch c.ImageCache.Cmp(c.RootDisk) {
	case -1:
		return CheaperImageCache
	case 1:
		return CheaperRootDisk
	}
	return CheaperNeither
}
