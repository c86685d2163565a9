package inventory

import (
	"path"
	"slices"
	"strings"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/layersize"
)

// checkName reports whether Linux takes a path, and what is wrong with it otherwise.
func (v *Inventory) checkName(clean, name string, e Entry) bool {
	longest := len(strings.TrimPrefix(name, ".wh."))
	for part := range strings.SplitSeq(clean[:len(clean)-len(name)], "/") {
		longest = max(longest, len(part))
	}
	switch {
	case longest > maxName, len(clean) > maxPathSure:
		v.refuseEntry(e.Name, layersize.RefusedName)
		return false
	case len(clean) > maxPath:
		v.noteOddity(OddName)
	}
	return true
}

// checkParent notes an entry whose parent is no directory. Behind a symbolic link there may be one.
func (v *Inventory) checkParent(parent uint32, e Entry) {
	switch {
	case v.isDirectory(parent):
	case v.inodes.itemAt(v.nodes.itemAt(parent).inode).links&flagSymlink != 0:
		v.noteOddity(OddParent)
	default:
		v.refuseEntry(e.Name, layersize.RefusedParent)
	}
}

// makeLink makes a hard link, if there is a file that it can lead to.
func (v *Inventory) makeLink(i uint32, e Entry) bool {
	clean := strings.TrimPrefix(path.Clean("/"+e.Link), "/")
	target, ok := v.findPath(v.hashPath(clean))
	if !ok || target == i || v.nodes.itemAt(target).inode == 0 || v.isDirectory(target) {
		switch {
		case v.nodes.len >= maxTracked: // it may be there
		case v.throughSymlink(clean):
			v.noteOddity(OddLink)
		default:
			v.refuseEntry(e.Name, layersize.RefusedLink)
		}
		return false
	}
	held := v.inodes.itemAt(v.nodes.itemAt(target).inode)
	if held.links&linkMask >= MostLinks {
		v.refuseEntry(e.Name, layersize.RefusedLinkCount)
	}
	v.nodes.itemAt(i).inode = v.nodes.itemAt(target).inode
	held.links++
	v.addAttributes(held, e.Attributes)
	return true
}

// throughSymlink reports whether a path may lead elsewhere than it says: a symbolic link of this
// layer is above it, or other entries were written through one.
func (v *Inventory) throughSymlink(clean string) bool {
	if slices.Contains(v.problems, OddParent) {
		return true
	}
	for clean != "" {
		clean, _ = splitPath(clean)
		above, ok := v.findPath(v.hashPath(clean))
		if ok && v.inodes.itemAt(v.nodes.itemAt(above).inode).links&flagSymlink != 0 {
			return true
		}
	}
	return false
}
