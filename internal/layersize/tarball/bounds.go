// Package tarball says what the files of a tar take on a disk where they are not counted: from one
// header, or from the tar's length and the number of its entries, with bounds.
package tarball

import (
	"math"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/disksize"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/layersize"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/layersize/ext4"
)

// From a tar's length to what its files hold, where they were not counted.
//
// In the tar an entry has a header of 512 bytes, and its content is padded to 512; on the disk the
// header is gone, and the content is padded to 4,096. So an entry adds at most 3,584 bytes to the
// tar's length: a directory does, which is a header there and a block here, and so does a file with
// one byte in its last block. Its name adds up to 174 bytes to its directory, whose blocks are 62 %
// full at least; beyond 100 bytes of name the tar grows by more than the directory.
//
// A file of random length adds 1,280 on average (2,048 of its last block, less the header and half
// a tar block), and a symbolic link takes 512 away. A Debian base system gained 1.8 KB an entry and
// a tree of 65,000 small files 0.8 KB; the figure used lies between.
//
// An entry never holds less on the disk than its padded content in the tar: what can be lost are
// headers, of which one with PAX records has three blocks of 512, and the zeros at the end, which
// GNU tar fills up to 10,240. An entry that replaces another of the same layer, which no tool
// writes, is not allowed for.
const (
	MostNameBytes = 192
	MostGain      = 4096 - 512 + MostNameBytes
	TypicalGain   = 1536
	MostLoss      = 3 * 512
	MostTail      = 10240
)

// Where nothing is known of the entries there are as many as mke2fs makes inodes for, one in 16
// KiB: a Debian base system has one in 18 KiB. Source trees and collections of small modules, the
// densest that are common, have one in 8 KiB.
const (
	TypicalEntry = 16 << 10
	DenseEntry   = 8 << 10
)

// EstimateEntries guesses the entries of a tar of this length.
func EstimateEntries(unpacked layersize.Interval) layersize.Interval {
	return layersize.Interval{Value: unpacked.Value / TypicalEntry, Max: unpacked.Max / DenseEntry}
}

// BoundDisk bounds what a tar's files hold: from its length and the number of its entries.
func BoundDisk(unpacked, files layersize.Interval) layersize.Interval {
	unpacked, files = unpacked.InOrder(), files.InOrder()
	return addGain(unpacked, layersize.Interval{
		Value: layersize.SaturatingSum(0, TypicalGain, files.Value),
		Min:   -layersize.SaturatingSum(MostTail, MostLoss, files.Max),
		Max:   layersize.SaturatingSum(0, MostGain, files.Max),
	})
}

// entryInDirectory is what an entry adds to a directory that takes more than one block: 8 bytes and
// its name, of up to 36 letters, in blocks that are 62 % full at least.
const entryInDirectory = 72

// BoundSampledDisk bounds it from what the entries gain, by samples. What a directory's names take
// beyond its first block is in the upper bound alone: most directories have one. How long the tar
// is and what its entries gain are estimated from other things, blocks and headers, so that their
// errors are independent, and the bounds of the sum are as far away as the root of the sum of
// squares.
func BoundSampledDisk(unpacked, entries, gain layersize.Interval) layersize.Interval {
	unpacked = unpacked.InOrder()
	most := layersize.SaturatingSum(max(gain.Max, gain.Value, 0), entryInDirectory, max(entries.Max, 0))
	below := math.Hypot(float64(unpacked.Value-unpacked.Min), float64(gain.Value)-float64(gain.Min))
	above := math.Hypot(float64(unpacked.Max-unpacked.Value), float64(most)-float64(gain.Value))
	value := addCapped(unpacked.Value, gain.Value)
	return finishDisk(layersize.Interval{
		Value: value,
		Min:   value - int64(math.Ceil(min(below, math.MaxInt64/2))) - MostTail,
		Max:   addCapped(max(value, 0), int64(math.Ceil(min(above, math.MaxInt64/2)))),
	}, unpacked.Max)
}

// addGain adds a gain, which may be negative, to a tar's length.
func addGain(unpacked, gain layersize.Interval) layersize.Interval {
	return finishDisk(layersize.Interval{
		Value: addCapped(unpacked.Value, gain.Value),
		Min:   addCapped(unpacked.Min, gain.Min),
		Max:   addCapped(unpacked.Max, gain.Max),
	}, unpacked.Max)
}

// finishDisk adds what every layer takes, and rounds to blocks. Large files have blocks that say
// where the others are.
func finishDisk(disk layersize.Interval, unpacked int64) layersize.Interval {
	disk.Min = max(disk.Min, 1) // the root directory
	disk.Value = max(disk.Value, 1)
	disk.Max = layersize.SaturatingSum(max(disk.Max, 1), disksize.BlockSize, 1+unpacked/ext4.ExtentsFrom)
	return layersize.Interval{
		Value: disksize.Blocks(disk.Value), Min: disksize.Blocks(disk.Min), Max: disksize.Blocks(disk.Max),
	}.InOrder()
}

// addCapped adds to a number that is not negative, up to the largest number.
func addCapped(base, more int64) int64 {
	if more > math.MaxInt64-base {
		return math.MaxInt64
	}
	return base + more
}
