package layersize

import (
	"path"
	"slices"
	"strings"
)

// possible reports whether Linux takes a path, and what is wrong with it otherwise.
func (v *inventory) possible(clean, name string, e entry) bool {
	longest := len(strings.TrimPrefix(name, ".wh."))
	for part := range strings.SplitSeq(clean[:len(clean)-len(name)], "/") {
		longest = max(longest, len(part))
	}
	switch {
	case longest > maxName, len(clean) > maxPathSure:
		v.refuse(e.name, RefusedName)
		return false
	case len(clean) > maxPath:
		v.odd(oddName)
	}
	return true
}

// checkParent notes an entry whose parent is no directory. Behind a symbolic link there may be one.
func (v *inventory) checkParent(parent uint32, e entry) {
	switch {
	case v.isDirectory(parent):
	case v.inodes.at(v.nodes.at(parent).inode).links&flagSymlink != 0:
		v.odd(oddParent)
	default:
		v.refuse(e.name, RefusedParent)
	}
}

// link makes a hard link, if there is a file that it can lead to.
func (v *inventory) link(i uint32, e entry) bool {
	clean := strings.TrimPrefix(path.Clean("/"+e.link), "/")
	target, ok := v.find(v.hash(clean))
	if !ok || target == i || v.nodes.at(target).inode == 0 || v.isDirectory(target) {
		switch {
		case v.nodes.len >= maxTracked: // it may be there
		case v.throughSymlink(clean):
			v.odd(oddLink)
		default:
			v.refuse(e.name, RefusedLink)
		}
		return false
	}
	held := v.inodes.at(v.nodes.at(target).inode)
	if held.links&linkMask >= mostLinks {
		v.refuse(e.name, RefusedLinkCount)
	}
	v.nodes.at(i).inode = v.nodes.at(target).inode
	held.links++
	v.attribute(held, e.attributes)
	return true
}

// throughSymlink reports whether a path may lead elsewhere than it says: a symbolic link of this layer is above it, or
// other entries were written through one.
func (v *inventory) throughSymlink(clean string) bool {
	if slices.Contains(v.problems, oddParent) {
		return true
	}
	for clean != "" {
		clean, _ = split(clean)
		above, ok := v.find(v.hash(clean))
		if ok && v.inodes.at(v.nodes.at(above).inode).links&flagSymlink != 0 {
			return true
		}
	}
	return false
}
