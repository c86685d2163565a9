// Package diskprice puts both remedies in money: data source tkeimage_disk_price asks for the price
// of a disk, function monthly_cost compares an image cache with a larger system disk.
package diskprice

import (
	"math/big"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/disksize"
)

// hoursPerMonth is the month that prices by the month are for: 365 days in 12 parts.
const hoursPerMonth = 730

// usage is what a month of Pods uses, and the prices of it.
type usage struct {
	SizeGiB       *big.Rat // of each Pod's disk, and of the cache
	Pods          *big.Rat // that run at the same time
	HoursPerMonth *big.Rat // for which they run
	DiskPrice     *big.Rat // of a GiB for a month of 730 hours
	SnapshotPrice *big.Rat // likewise
}

// cost is what both remedies take in a month, with the terms of the sums.
type cost struct {
	ImageCache *big.Rat // Snapshot and CacheDisks
	RootDisk   *big.Rat // SystemDisks

	Snapshot    *big.Rat // of the cache, for the whole month, whether Pods run or not
	CacheDisks  *big.Rat // disks made from the cache, billed whole for as long as the Pods run
	SystemDisks *big.Rat // what is above the free 20 GiB of the Pods' system disks, for as long as they run
	BillableGiB *big.Rat // of one system disk
}

// estimateMonth returns the cost of a month. Source of what is billed: the pages on image caches
// and on the annotations of super nodes; a snapshot is billed by its capacity, which is the cache's
// size at most.
func estimateMonth(use usage) cost {
	month := new(big.Rat).Quo(use.HoursPerMonth, big.NewRat(hoursPerMonth, 1))
	diskMonths := new(big.Rat).Mul(use.Pods, month)
	perGiB := new(big.Rat).Mul(diskMonths, use.DiskPrice)

	billable := new(big.Rat).Sub(use.SizeGiB, big.NewRat(disksize.MinGiB, 1))
	if billable.Sign() < 0 {
		billable.SetInt64(0)
	}
	c := cost{
		Snapshot:    new(big.Rat).Mul(use.SizeGiB, use.SnapshotPrice),
		CacheDisks:  new(big.Rat).Mul(use.SizeGiB, perGiB),
		SystemDisks: new(big.Rat).Mul(billable, perGiB),
		BillableGiB: billable,
	}
	c.ImageCache = new(big.Rat).Add(c.Snapshot, c.CacheDisks)
	c.RootDisk = c.SystemDisks
	return c
}

// The values of cheaper.
const (
	cheaperImageCache = "image_cache"
	cheaperRootDisk   = "root_disk"
	cheaperNeither    = "neither"
)

// nameCheaper names the remedy that costs less.
func (c cost) nameCheaper() string {
	switch c.ImageCache.Cmp(c.RootDisk) {
	case -1:
		return cheaperImageCache
	case 1:
		return cheaperRootDisk
	}
	return cheaperNeither
}
