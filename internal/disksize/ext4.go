package disksize

// The layout of a disk that mke2fs formats without options, by its manual and
// /etc/mke2fs.conf: blocks of 4 KiB, inodes of 256 bytes, one for each 16 KiB,
// groups of 32,768 blocks with descriptors of 64 bytes, room to grow kept behind
// the descriptors, and backups of both in a few groups. From 4 TiB on it takes the
// type "big", and from 16 TiB on "huge", with fewer inodes and, beyond 2^32
// blocks, no room to grow.
const (
	BlockSize = 4096

	blocksPerGiB    = GiB / BlockSize
	blocksPerGroup  = 32768
	inodeSize       = 256
	descriptorSize  = 64
	bytesPerInode   = 16384
	bigGiB          = 4 << 10
	hugeGiB         = 16 << 10
	maxResizeBlocks = 1 << 32
	maxReservedGDT  = BlockSize / 4 // one block of 32-bit block numbers

	// Inodes 1 to 10 are the file system's own, and the 11th is lost+found.
	ownInodes = 11

	// The kernel keeps min(2 %, 4,096) clusters for itself, even from root
	// (Documentation/admin-guide/ext4, "reserved_clusters"), while root may use
	// the 5 % that mke2fs reserves. From 1 GiB on, 2 % are more than 4,096.
	reservedClusters = 4096
)

// FileSystem is what a fresh ext4 offers to root.
type FileSystem struct {
	UsableBytes int64
	FreeInodes  int64
}

// Ext4 lays out an ext4 file system on a disk of so many GiB, from 16 on, as
// mke2fs 1.47 does, to the block.
func Ext4(sizeGiB int64) FileSystem {
	blocks := sizeGiB * blocksPerGiB
	groups := blocks / blocksPerGroup
	inodesPerGroup := int64(blocksPerGroup*BlockSize) / inodeRatio(sizeGiB)
	inodeTable := inodesPerGroup * inodeSize / BlockSize
	descriptors := ceilDiv(groups*descriptorSize, BlockSize)
	reserved := reservedGDT(blocks, descriptors)

	used := countBackups(groups)*(1+descriptors+reserved) + // superblocks, descriptors, room to grow
		groups*(2+inodeTable) + // two bitmaps and a table in each group
		journalBlocks(sizeGiB) +
		directoryBlocks(blocks, sizeGiB)
	return FileSystem{
		UsableBytes: (blocks - used - reservedClusters) * BlockSize,
		FreeInodes:  groups*inodesPerGroup - ownInodes,
	}
}

func inodeRatio(sizeGiB int64) int64 {
	switch {
	case sizeGiB >= hugeGiB:
		return 4 * bytesPerInode
	case sizeGiB >= bigGiB:
		return 2 * bytesPerInode
	default:
		return bytesPerInode
	}
}

// reservedGDT is how many blocks each copy of the descriptors keeps to grow into:
// enough for 2^32 blocks or 1,024 times the present size, as far as one block of
// block numbers reaches; none where 2^32 blocks are already there.
func reservedGDT(blocks, descriptors int64) int64 {
	if blocks >= maxResizeBlocks {
		return 0
	}
	limit := min(int64(maxResizeBlocks), blocks*1024)
	full := ceilDiv(limit/blocksPerGroup*descriptorSize, BlockSize)
	return min(maxReservedGDT, full-descriptors)
}

// countBackups counts the groups that hold a superblock: the first two, and the powers
// of 3, 5 and 7 (feature sparse_super).
func countBackups(groups int64) int64 {
	count := min(groups, 2)
	for _, base := range []int64{3, 5, 7} {
		for power := base; power < groups; power *= base {
			count++
		}
	}
	return count
}

// journalBlocks is the size that mke2fs chooses, in blocks: 64 MiB below 16 GiB, and
// twice as much at each doubling, to 1 GiB from 128 GiB on.
func journalBlocks(sizeGiB int64) int64 {
	mib := int64(64)
	for bound := int64(16); bound <= sizeGiB && mib < 1024; bound *= 2 {
		mib *= 2
	}
	return mib << 20 / BlockSize
}

// directoryBlocks counts the blocks that are in use before anyone wrote: one for the
// root, four for lost+found, one that maps the room to grow, and one for the
// extents of a journal that needs more than the four which its inode holds.
func directoryBlocks(blocks, sizeGiB int64) int64 {
	used := int64(1 + 4)
	if blocks < maxResizeBlocks {
		used++
	}
	if journalBlocks(sizeGiB) > 4*blocksPerGroup {
		used++
	}
	return used
}
