package inventory

import "github.com/tkeimage/terraform-provider-tkeimage/internal/layersize/ext4"

// findPath looks a path up by its hash.
func (v *Inventory) findPath(hash uint64) (uint32, bool) {
	mask := uint64(len(v.slots) - 1)
	for at := hash & mask; v.slots[at] != 0; at = (at + 1) & mask {
		if i := v.slots[at] - 1; v.nodes.itemAt(i).hash == hash {
			return i, true
		}
	}
	return 0, false
}

// insertPath adds a path that was not found.
func (v *Inventory) insertPath(hash uint64, parent uint32) uint32 {
	if int(v.nodes.len) >= len(v.slots)/4*3 {
		v.slots = make([]uint32, 2*len(v.slots))
		for i := range v.nodes.len {
			v.fillSlot(v.nodes.itemAt(i).hash, i)
		}
	}
	i := v.nodes.addItem(node{hash: hash, parent: parent})
	v.fillSlot(hash, i)
	return i
}

func (v *Inventory) fillSlot(hash uint64, i uint32) {
	mask := uint64(len(v.slots) - 1)
	at := hash & mask
	for v.slots[at] != 0 {
		at = (at + 1) & mask
	}
	v.slots[at] = i + 1
}

// placeInode assigns a path an inode of its own.
func (v *Inventory) placeInode(i uint32, n inode) {
	id := v.free
	if id != 0 {
		v.free = v.inodes.itemAt(id).use
		*v.inodes.itemAt(id) = n
	} else {
		id = v.inodes.addItem(n)
	}
	v.nodes.itemAt(i).inode = id
	v.Count++
	v.blocks += v.inodeBlocks(id)
}

// inodeBlocks is what an inode holds, in blocks.
func (v *Inventory) inodeBlocks(id uint32) int64 {
	n := v.inodes.itemAt(id)
	held := int64(n.use)
	if n.links&flagSymlink != 0 {
		held &= 1<<linkDepth - 1
	}
	if n.links&flagDirectory != 0 {
		held = ext4.DirectoryBlocks(held)
	}
	if n.links&flagAttribute != 0 {
		held++
	}
	return held
}

func (v *Inventory) isDirectory(i uint32) bool {
	return v.inodes.itemAt(v.nodes.itemAt(i).inode).links&flagDirectory != 0
}

// growDirectory enters a name in its directory.
func (v *Inventory) growDirectory(parent uint32, name string) {
	if !v.isDirectory(parent) {
		return
	}
	id := v.nodes.itemAt(parent).inode
	before := v.inodeBlocks(id)
	n := v.inodes.itemAt(id)
	n.use = uint32(min(int64(n.use)+ext4.EntryBytes(name), 1<<32-1))
	v.blocks += v.inodeBlocks(id) - before
}

// addAttributes adds the block for extended attributes that the inode has no room for, unless
// another inode has the same ones: then they share it.
func (v *Inventory) addAttributes(n *inode, a Attributes) {
	if a.bytes == 0 || a.bytes+ext4.AttributeFrame <= ext4.AttributeRoom || n.links&flagAttribute != 0 {
		return
	}
	if used, ok := v.shapes[a.shape]; ok || len(v.shapes) < maxShapes {
		v.shapes[a.shape] = (used + 1) % ext4.AttributeShare
		if used > 0 {
			return
		}
	}
	n.links |= flagAttribute
	v.blocks++
}

// clearPath removes what is at a path, with all that lies below it, because of the entry of this
// name.
func (v *Inventory) clearPath(i uint32, because string) {
	id := v.nodes.itemAt(i).inode
	sweep := v.isDirectory(i) && v.inodes.itemAt(id).use > 0
	if v.nodes.itemAt(i).parent&flagListed != 0 {
		v.lost = because
	}
	v.releasePath(i)
	if !sweep {
		return
	}
	if v.removals++; v.removals > mostRemovals {
		v.noteOddity(oddRemovals)
		v.below = v.blocks
		return
	}
	v.removeBelow(i, because)
}

// removeBelow releases every path below i. A parent always has a lower index than its children, so
// that one pass finds them all.
func (v *Inventory) removeBelow(i uint32, because string) {
	gone := make([]bool, v.nodes.len)
	gone[i] = true
	for at := i + 1; at < v.nodes.len; at++ {
		if n := v.nodes.itemAt(at); gone[n.parentIndex()] {
			gone[at] = true
			if n.parent&flagListed != 0 {
				v.lost = because
			}
			v.releasePath(at)
		}
	}
}

// releasePath takes a path away, and its inode when no other path leads there.
func (v *Inventory) releasePath(i uint32) {
	n := v.nodes.itemAt(i)
	if n.inode == 0 {
		return
	}
	held := v.inodes.itemAt(n.inode)
	held.links--
	if held.links&linkMask == 0 {
		if held.links&flagWhiteout != 0 {
			v.whiteouts--
		}
		v.blocks -= v.inodeBlocks(n.inode)
		v.Count--
		*held = inode{use: v.free}
		v.free = n.inode
	}
	n.inode = 0
}
