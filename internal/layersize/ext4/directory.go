package ext4

import "github.com/tkeimage/terraform-provider-tkeimage/internal/disksize"

// How many blocks a directory takes on ext4 with checksums, as mke2fs has made them since 1.44
// (fs/ext4/namei.c).
//
// One block holds its entries beside "." and ".." and a checksum. The first entry beyond that makes
// it a hashed tree: a root, and two leaves with half of the bytes each. A leaf that an entry does
// not fit into is split where half a block lies, by the hashes of the names. Their hash has a seed
// that each file system draws at random, so that the number of leaves is a random variable beyond
// what two of them hold in any order: it has bounds, and an expected value.
const (
	directoryBlock = disksize.BlockSize - 12 // less the checksum: a leaf
	firstBlock     = directoryBlock - 24     // less "." and ".."
	largestName    = 8 + 255 + 1

	// A split leaves at least this much in each half: a full leaf lacks room for one name, and is
	// cut within half a name of the middle of the block.
	leastLeaf = firstBlock - largestName - disksize.BlockSize/2 - largestName/2
	// So that a third leaf needs more than this.
	TwoLeaves = directoryBlock + leastLeaf

	// A block of the tree's root or of a node below it points to as many others.
	treeRoot = 507
	treeNode = 510

	// An inode maps four extents; a block of extents maps 340 more.
	inodeExtents = 4
	blockExtents = 340
)

// expectedLeaves are the leaves of a directory by how often its entries fill one: the mean over 60
// seeds, with names of 24 bytes. Most leaves of a young tree split at about the same time, so that
// they are fuller just before.
var expectedLeaves = []struct{ filled, leaves float64 }{
	{1, 2}, {1.7, 2}, {1.8, 2.08}, {1.9, 2.37}, {2, 3.03}, {2.2, 3.82}, {2.5, 4}, {3.2, 4.05}, {3.5, 4.27}, {4, 6.1},
	{4.5, 7.48}, {5, 7.9}, {6, 8.07}, {7, 9.13}, {8, 12}, {10, 15.43}, {12, 16.28}, {16, 23.7}, {24, 33}, {32, 46.2},
}

// laterFill is how full leaves are on average in larger directories, ln 2.
const laterFill = 0.693

// DirectoryBlocks is the expected size of a directory whose entries take so many bytes.
func DirectoryBlocks(entries int64) int64 {
	if entries <= firstBlock {
		return 1
	}
	if entries <= TwoLeaves {
		return 3
	}
	filled := float64(entries) / directoryBlock
	leaves := filled / laterFill
	for i, after := range expectedLeaves[1:] {
		before := expectedLeaves[i]
		if filled <= after.filled {
			part := (filled - before.filled) / (after.filled - before.filled)
			leaves = before.leaves + part*(after.leaves-before.leaves)
			break
		}
	}
	whole := int64(leaves + 0.5)
	return 1 + whole + treeNodes(whole, treeNode*7/10)
}

// DirectoryBounds are what no order of names and no seed goes beyond. They are equal where the size
// is certain.
func DirectoryBounds(entries int64) (least, most int64) {
	if entries <= TwoLeaves {
		certain := DirectoryBlocks(entries)
		return certain, certain
	}
	fewest, many := max(2, ceilDiv(entries, directoryBlock)), entries/leastLeaf
	least = 1 + fewest + treeNodes(fewest, treeNode)
	most = 1 + many + treeNodes(many, treeNode/2)
	if most > inodeExtents { // each block may be an extent of its own
		most += ceilDiv(most, blockExtents) + 1
	}
	return least, most
}

// treeNodes is how many blocks there are between the root and so many leaves, which each has this
// many of.
func treeNodes(leaves, each int64) int64 {
	if leaves <= treeRoot {
		return 0
	}
	return ceilDiv(leaves, each)
}

func ceilDiv(n, by int64) int64 { return (n + by - 1) / by }
