package layersize

// What a file takes on ext4 with blocks of 4 KiB and inodes of 256 bytes, the
// defaults of mke2fs. Sources: the kernel's Documentation/filesystems/ext4, and
// file systems on which each of these was tried.
const (
	blockSize = 4096

	// A symbolic link stands in the inode's block map while it fits with its
	// terminating zero (60 bytes, "Symbolic Links").
	longestFastLink = 59

	// 256 bytes of inode, less 128 of the original inode and 32 of the extra
	// fields, hold the extended attributes: a header of 4 bytes, entries of 16
	// with name and value, each in units of 4, and 4 zero bytes that end the list
	// ("Extended Attributes"). One that does not fit moves to a block.
	attributeRoom   = 256 - 128 - 32
	attributeFrame  = 4 + 4
	attributeHeader = 16

	// Blocks of one shape are shared by up to 1,024 inodes.
	attributeShare = 1024

	// The inode holds four extents; a fifth needs a block of them, which holds
	// 340. An extent reaches over 128 MiB at most, and half of that was seen.
	extentsFrom  = 256 << 20
	extentsReach = 32 << 30

	largestFile = 1<<32 - 1 // blocks
)

// blocks rounds up; a negative size takes nothing.
func blocks(size int64) int64 {
	if size <= 0 {
		return 0
	}
	return (size-1)/blockSize + 1
}

// fileBlocks is what a regular file takes, with the blocks that map its extents.
func fileBlocks(size int64) int64 {
	n := blocks(size)
	if size > extentsFrom {
		n += 1 + size/extentsReach
	}
	return min(n, largestFile)
}

func linkBlocks(target int) int64 {
	if target > longestFastLink {
		return 1
	}
	return 0
}

// entryBytes is what a name takes in its directory: 8 bytes and the name, in
// units of 4 ("Directory Entries").
func entryBytes(name string) int64 { return int64(8+len(name)+3) &^ 3 }

// attributeBytes is what an extended attribute takes beside the inode. The
// name's prefix, such as "security.", is stored as a number.
func attributeBytes(name string, value int) int64 {
	for i := range len(name) {
		if name[i] == '.' {
			name = name[i+1:]
			break
		}
	}
	return attributeHeader + int64(len(name)+3)&^3 + int64(value+3)&^3
}
