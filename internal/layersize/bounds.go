package layersize

import "math"

// From a tar's length to what its files hold, where they were not counted.
//
// In the tar an entry has a header of 512 bytes, and its content is padded to 512;
// on the disk the header is gone, and the content is padded to 4,096. So an entry
// adds at most 3,584 bytes to the tar's length: a directory does, which is a header
// there and a block here, and so does a file with one byte in its last block. Its
// name adds up to 174 bytes to its directory, whose blocks are 62 % full at least;
// beyond 100 bytes of name the tar grows by more than the directory.
//
// A file of random length adds 1,280 on average (2,048 of its last block, less the
// header and half a tar block), and a symbolic link takes 512 away. A Debian base
// system gained 1.8 KB an entry and a tree of 65,000 small files 0.8 KB; the figure
// used lies between.
//
// An entry never holds less on the disk than its padded content in the tar: what can
// be lost are headers, of which one with PAX records has three blocks of 512, and
// the zeros at the end, which GNU tar fills up to 10,240. An entry that replaces
// another of the same layer, which no tool writes, is not allowed for.
const (
	nameMax     = 192
	gainMax     = 4096 - 512 + nameMax
	gainTypical = 1536
	lossMax     = 3 * 512
	tailMax     = 10240
)

// Where nothing is known of the entries there are as many as mke2fs makes inodes
// for, one in 16 KiB: a Debian base system has one in 18 KiB. Source trees and
// collections of small modules, the densest that are common, have one in 8 KiB.
const (
	entryTypical = 16 << 10
	entryDense   = 8 << 10
)

// unknownFiles guesses the entries of a tar of this length.
func unknownFiles(unpacked Interval) Interval {
	return Interval{Value: unpacked.Value / entryTypical, Max: unpacked.Max / entryDense}
}

// diskBytes bounds what a tar's files hold: from its length and the number of its
// entries.
func diskBytes(unpacked, files Interval) Interval {
	unpacked, files = ordered(unpacked), ordered(files)
	return heldBytes(unpacked, Interval{
		Value: saturating(0, gainTypical, files.Value),
		Min:   -saturating(tailMax, lossMax, files.Max),
		Max:   saturating(0, gainMax, files.Max),
	})
}

// entryInDirectory is what an entry adds to a directory that takes more than one block: 8 bytes and its name, of up to 36 letters,
// in blocks that are 62 % full at least.
const entryInDirectory = 72

// sampledDiskBytes bounds it from what the entries gain, as samples tell it. What a directory's names take beyond its first block
// is in the upper bound alone: most directories have one.
func sampledDiskBytes(unpacked, entries, gain Interval) Interval {
	return heldBytes(ordered(unpacked), Interval{
		Value: gain.Value,
		Min:   gain.Min - tailMax,
		Max:   saturating(max(gain.Max, 0), entryInDirectory, entries.Max),
	})
}

// heldBytes adds a gain, which may be negative, to a tar's length.
func heldBytes(unpacked, gain Interval) Interval {
	disk := Interval{
		Value: plus(unpacked.Value, gain.Value),
		Min:   plus(unpacked.Min, gain.Min),
		Max:   plus(unpacked.Max, gain.Max),
	}
	disk.Min = max(disk.Min, 1) // the root directory
	disk.Value = max(disk.Value, 1)
	disk.Max = saturating(max(disk.Max, 1), blockSize, 1+unpacked.Max/extentsFrom)
	return ordered(Interval{wholeBlocks(disk.Value), wholeBlocks(disk.Min), wholeBlocks(disk.Max)})
}

// plus adds to a number that is not negative, up to the largest number.
func plus(base, more int64) int64 {
	if more > math.MaxInt64-base {
		return math.MaxInt64
	}
	return base + more
}

// ordered makes an interval of three numbers that may be anything.
func ordered(i Interval) Interval {
	i.Min = max(i.Min, 0)
	i.Value = max(i.Value, i.Min)
	i.Max = max(i.Max, i.Value)
	return i
}

// saturating is base + times × each, or the largest number.
func saturating(base, each, times int64) int64 {
	if times > (math.MaxInt64-base)/each {
		return math.MaxInt64
	}
	return base + each*times
}

func wholeBlocks(n int64) int64 {
	return min(blocks(n), math.MaxInt64/blockSize) * blockSize
}
