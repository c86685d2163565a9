package layersize

// find looks a path up by its hash.
func (v *inventory) find(hash uint64) (uint32, bool) {
	mask := uint64(len(v.slots) - 1)
	for at := hash & mask; v.slots[at] != 0; at = (at + 1) & mask {
		if i := v.slots[at] - 1; v.nodes.at(i).hash == hash {
			return i, true
		}
	}
	return 0, false
}

// insert adds a path that was not found.
func (v *inventory) insert(hash uint64, parent uint32) uint32 {
	if int(v.nodes.len) >= len(v.slots)/4*3 {
		v.slots = make([]uint32, 2*len(v.slots))
		for i := range v.nodes.len {
			v.fill(v.nodes.at(i).hash, i)
		}
	}
	i := v.nodes.add(node{hash: hash, parent: parent})
	v.fill(hash, i)
	return i
}

func (v *inventory) fill(hash uint64, i uint32) {
	mask := uint64(len(v.slots) - 1)
	at := hash & mask
	for v.slots[at] != 0 {
		at = (at + 1) & mask
	}
	v.slots[at] = i + 1
}

// place gives a path an inode of its own.
func (v *inventory) place(i uint32, n inode) {
	id := v.free
	if id != 0 {
		v.free = v.inodes.at(id).use
		*v.inodes.at(id) = n
	} else {
		id = v.inodes.add(n)
	}
	v.nodes.at(i).inode = id
	v.count++
	v.blocks += v.weight(id)
}

// weight is what an inode holds, in blocks.
func (v *inventory) weight(id uint32) int64 {
	n := v.inodes.at(id)
	held := int64(n.use)
	if n.links&flagSymlink != 0 {
		held &= 1<<linkDepth - 1
	}
	if n.links&flagDirectory != 0 {
		held = directoryBlocks(held)
	}
	if n.links&flagAttribute != 0 {
		held++
	}
	return held
}

func (v *inventory) isDirectory(i uint32) bool {
	return v.inodes.at(v.nodes.at(i).inode).links&flagDirectory != 0
}

// grow enters a name in its directory.
func (v *inventory) grow(parent uint32, name string) {
	if !v.isDirectory(parent) {
		return
	}
	id := v.nodes.at(parent).inode
	before := v.weight(id)
	n := v.inodes.at(id)
	n.use = uint32(min(int64(n.use)+entryBytes(name), 1<<32-1))
	v.blocks += v.weight(id) - before
}

// attribute adds the block for extended attributes that the inode has no room for,
// unless another inode has the same ones: then they share it.
func (v *inventory) attribute(n *inode, a attributes) {
	if a.bytes == 0 || a.bytes+attributeFrame <= attributeRoom || n.links&flagAttribute != 0 {
		return
	}
	if used, ok := v.shapes[a.shape]; ok || len(v.shapes) < maxShapes {
		v.shapes[a.shape] = (used + 1) % attributeShare
		if used > 0 {
			return
		}
	}
	n.links |= flagAttribute
	v.blocks++
}

// clear removes what is at a path, with all that lies below it, because of the entry of this name.
func (v *inventory) clear(i uint32, because string) {
	id := v.nodes.at(i).inode
	sweep := v.isDirectory(i) && v.inodes.at(id).use > 0
	if v.nodes.at(i).parent&flagListed != 0 {
		v.lost = because
	}
	v.release(i)
	if !sweep {
		return
	}
	if v.sweeps++; v.sweeps > maxSweeps {
		v.odd(oddSweeps)
		v.below = v.blocks
		return
	}
	v.sweep(i, because)
}

// sweep releases every path below i. A parent always has a lower index than its
// children, so that one pass finds them all.
func (v *inventory) sweep(i uint32, because string) {
	gone := make([]bool, v.nodes.len)
	gone[i] = true
	for at := i + 1; at < v.nodes.len; at++ {
		if n := v.nodes.at(at); gone[n.parentIndex()] {
			gone[at] = true
			if n.parent&flagListed != 0 {
				v.lost = because
			}
			v.release(at)
		}
	}
}

// release takes a path away, and its inode when no other path leads there.
func (v *inventory) release(i uint32) {
	n := v.nodes.at(i)
	if n.inode == 0 {
		return
	}
	held := v.inodes.at(n.inode)
	held.links--
	if held.links&linkMask == 0 {
		if held.links&flagWhiteout != 0 {
			v.whiteouts--
		}
		v.blocks -= v.weight(n.inode)
		v.count--
		*held = inode{use: v.free}
		v.free = n.inode
	}
	n.inode = 0
}
