package tketest

// blockSize of ext4, which every file takes whole ones of.
const blockSize = 4096

// usage is what something takes of a disk.
type usage struct {
	bytes  int64
	inodes int64
}

func roundUpToBlocks(bytes int64) int64 { return (bytes + blockSize - 1) / blockSize * blockSize }

// disk is a fresh ext4 file system that is filled.
type disk struct {
	free   usage
	stored map[string]bool
}

// newDisk has the capacity of a disk of sizeGiB, scaled to the length of a GiB.
func newDisk(sizeGiB, bytesPerGiB int64) *disk {
	fresh := usableExt4(sizeGiB)
	scale := float64(bytesPerGiB) / (1 << 30)
	return &disk{
		free:   usage{bytes: int64(float64(fresh.bytes) * scale), inodes: int64(float64(fresh.inodes) * scale)},
		stored: map[string]bool{},
	}
}

// storeOnce puts something on the disk unless it is there, and reports whether there was room. When
// inodes run out, the error is the same "no space left on device".
func (d *disk) storeOnce(id string, u usage) bool {
	if d.stored[id] {
		return true
	}
	d.stored[id] = true
	d.free.bytes -= u.bytes
	d.free.inodes -= u.inodes
	return d.free.bytes >= 0 && d.free.inodes >= 0
}

// usableExt4 is what root can use of a fresh file system with the defaults of mke2fs. The disk
// model names inode tables, journal and the last clusters; copies of the superblock with room for
// its growth, and the bitmaps of each group, make up the rest of what it measured on 20, 50 and 100
// GiB.
func usableExt4(sizeGiB int64) usage {
	const (
		blocksPerGiB   = 1 << 18
		groupsPerGiB   = 8
		inodeSize      = 256
		bytesPerInode  = 16 << 10
		descriptorSize = 64
		growth         = 1024 // blocks for more group descriptors, beside each copy
		lastClusters   = 4096
	)
	total := sizeGiB * blocksPerGiB
	groups := sizeGiB * groupsPerGiB
	inodes := total * blockSize / bytesPerInode
	descriptors := (groups*descriptorSize + blockSize - 1) / blockSize
	taken := inodes*inodeSize/blockSize +
		journalBlocks(sizeGiB) +
		superblockCopies(groups)*(1+descriptors+growth) +
		2*groups +
		min(total/50, lastClusters)
	return usage{bytes: (total - taken) * blockSize, inodes: inodes}
}

// journalBlocks doubles with the disk, up to a GiB. No cache is so small that its journal would be
// below 128 MiB.
func journalBlocks(sizeGiB int64) int64 {
	const mib = (1 << 20) / blockSize
	switch {
	case sizeGiB < 32:
		return 128 * mib
	case sizeGiB < 64:
		return 256 * mib
	case sizeGiB < 128:
		return 512 * mib
	}
	return 1024 * mib
}

// superblockCopies stand in groups 0 and 1 and in those whose number is a power of 3, 5 or 7.
func superblockCopies(groups int64) int64 {
	copies := int64(2)
	for _, base := range []int64{3, 5, 7} {
		for group := base; group < groups; group *= base {
			copies++
		}
	}
	return copies
}
