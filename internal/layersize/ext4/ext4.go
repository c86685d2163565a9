// Package ext4 returns what files, links, directories and extended attributes take on ext4 with
// blocks of 4 KiB and inodes of 256 bytes, the defaults of mke2fs. Sources: the kernel's
// Documentation/filesystems/ext4, and file systems on which each of these was tried.
package ext4

import "github.com/tkeimage/terraform-provider-tkeimage/internal/disksize"

const (
	// A symbolic link stands in the inode's block map while it fits with its terminating zero (60
	// bytes, "Symbolic Links").
	LongestFastLink = 59

	// 256 bytes of inode, less 128 of the original inode and 32 of the extra fields, hold the
	// extended attributes: a header of 4 bytes, entries of 16 with name and value, each in units of
	// 4, and 4 zero bytes that end the list ("Extended Attributes"). One that does not fit moves to
	// a block.
	AttributeRoom   = 256 - 128 - 32
	AttributeFrame  = 4 + 4
	attributeHeader = 16

	// Blocks of one shape are shared by up to 1,024 inodes.
	AttributeShare = 1024

	// The inode holds four extents; a fifth needs a block of them, which holds
	// 340. An extent reaches over 128 MiB at most, and half of that was seen.
	ExtentsFrom  = 256 << 20
	extentsReach = 32 << 30

	LargestFileBlocks = 1<<32 - 1 // blocks
)

// FileBlocks is what a regular file takes, with the blocks that map its extents.
func FileBlocks(size int64) int64 {
	n := disksize.Blocks(size) / disksize.BlockSize
	if size > ExtentsFrom {
		n += 1 + size/extentsReach
	}
	return min(n, LargestFileBlocks)
}

// LinkBlocks returns what a symbolic link takes whose target has so many bytes.
func LinkBlocks(target int) int64 {
	if target > LongestFastLink {
		return 1
	}
	return 0
}

// EntryBytes is what a name takes in its directory: 8 bytes and the name, in units of 4 ("Directory
// Entries").
func EntryBytes(name string) int64 { return int64(8+len(name)+3) &^ 3 }

// AttributeBytes is what an extended attribute takes beside the inode. The name's prefix, such as
// "security.", is stored as a number.
func AttributeBytes(name string, value int) int64 {
	for i := range len(name) {
		if name[i] == '.' {
			name = name[i+1:]
			break
		}
	}
	return attributeHeader + int64(len(name)+3)&^3 + int64(value+3)&^3
}
