// Package inventory counts what a layer leaves on the disk, in blocks and inodes, from the entries
// of its tar or of a table of contents, and notes what containerd refuses of them.
package inventory

import (
	"hash/maphash"
	"path"
	"strings"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/disksize"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/layersize"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/layersize/ext4"
)

// An Inventory is what a layer leaves on the disk, built entry by entry as containerd applies them
// (its pkg/archive, Apply): missing parents are made, a later entry replaces an earlier one of the
// same path, two directories of one path become one, a hard link shares what it links to, and
// whiteouts become devices of their own. Nothing is kept of a name but its hash, 24 bytes for each
// path and 8 for each inode at most, so that a million files stay below 50 MiB.
type Inventory struct {
	seed   maphash.Seed
	slots  []uint32 // open addressing by a path's hash: 0 is free, else a node's index and one
	nodes  pages[node]
	inodes pages[inode]
	shapes map[uint64]int // attribute blocks that inodes share, by content

	blocks  int64 // of all inodes
	Count   int64 // inodes
	entries int64 // entries of the tar

	// Where the count may be off, and by how many blocks: below, because entries may have replaced
	// others unseen, and above.
	below, above int64
	removals     int
	free         uint32 // an inode that nothing leads to, and there the next one
	problems     []string
	refusals     []layersize.Refusal
	whiteouts    int64  // that are devices now
	opaque       bool   // a directory is
	lost         string // the last entry that replaced a directory with listed directories below it
}

// A node is a path, and what is there now.
type node struct {
	hash   uint64
	parent uint32 // and a flag
	inode  uint32 // 0 when nothing is there any more
}

// flagListed marks the parent of a path that an entry calls a directory: containerd sets its times
// in the end, and fails when nothing is there.
const flagListed = 1 << 31

func (n *node) parentIndex() uint32 { return n.parent &^ flagListed }

// An inode is a file, or a directory.
type inode struct {
	use   uint32 // blocks of a file, bytes of a directory's entries; of a symbolic link blocks, and how deep it leads
	links uint32 // paths that lead to it, and flags
}

const (
	flagDirectory = 1 << 31
	flagAttribute = 1 << 30 // a block for extended attributes
	flagSymlink   = 1 << 29
	flagWhiteout  = 1 << 28
	linkMask      = flagWhiteout - 1
	linkDepth     = 1     // a symbolic link takes one bit of blocks
	MostLinks     = 65000 // EXT4_LINK_MAX

	// Paths are distinguished up to here. Beyond it only directories are; beyond maxNodes nothing
	// is, and the layer is refused.
	maxTracked   = 1 << 20
	maxNodes     = 3 << 19
	mostRemovals = 64
	maxShapes    = 1 << 12
	maxName      = 255
	maxTarget    = 4095
	// PATH_MAX less the folder of a snapshot, which is 75 bytes where containerd is installed by
	// default.
	maxPath     = 4095 - 75
	maxPathSure = 4095 - 1
	// More than the largest disk has.
	MaxBlocks = 32000 << 30 / disksize.BlockSize
)

// What is odd about a layer, in words for Measurement.Note.
const (
	OddName     = "a path is so long that it depends on containerd's own folder whether it is possible"
	OddLink     = "a hard link leads through a symbolic link"
	OddParent   = "entries lie below a symbolic link"
	oddFollowed = "a symbolic link replaced a directory, and containerd fails unless it leads to something"
	oddSparse   = "a sparse file is so large that its map was not compared with its data"
	oddFile     = "a file is larger than ext4 allows"
	oddMany     = "it has so many entries that replaced ones were not told apart"
	oddRemovals = "directories were replaced so often that what they held is counted"
)

// New returns the inventory of an empty layer, which has its root directory.
func New() *Inventory {
	v := &Inventory{seed: maphash.MakeSeed(), slots: make([]uint32, 1<<10), shapes: map[uint64]int{}}
	v.inodes.addItem(inode{}) // 0 means none
	root := v.insertPath(v.hashPath(""), 0)
	v.placeInode(root, inode{links: flagDirectory | 1})
	return v
}

func (v *Inventory) hashPath(path string) uint64 { return maphash.String(v.seed, path) }

// Add applies one entry. It fails only when a limit is passed.
func (v *Inventory) Add(e Entry) error {
	v.entries++
	clean := strings.TrimPrefix(path.Clean("/"+e.Name), "/")
	if clean == "" {
		return nil // the root, which is there already
	}
	parentPath, name := splitPath(clean)
	if !v.checkName(clean, name, e) {
		v.countUntracked(e)
		return v.checkLimit()
	}
	parent, err := v.makeDirectory(parentPath)
	if err != nil {
		return err
	}
	v.checkParent(parent, e)
	if hidden, ok := strings.CutPrefix(name, ".wh."); ok {
		if hidden == ".wh..opq" { // an attribute of the directory, small enough for its inode
			v.opaque = true
			return nil
		}
		if hidden == "" || hidden == "." || hidden == ".." {
			v.refuseEntry(e.Name, layersize.RefusedWhiteoutName)
			return nil
		}
		name, clean = hidden, path.Join(parentPath, hidden)
		e = Entry{Name: e.Name, Kind: kindWhiteout}
	}
	if err := v.placeEntry(e, clean, name, parent); err != nil {
		return err
	}
	return v.checkLimit()
}

// placeEntry places an entry below its parent.
func (v *Inventory) placeEntry(e Entry, clean, name string, parent uint32) error {
	hash := v.hashPath(clean)
	i, known := v.findPath(hash)
	present := known && v.nodes.itemAt(i).inode != 0
	switch {
	case e.Kind == kindNothing:
		if present {
			v.clearPath(i, e.Name)
		}
		return nil
	case present && e.Kind == KindDirectory && v.isDirectory(i):
		v.nodes.itemAt(i).parent |= flagListed
		v.addAttributes(v.inodes.itemAt(v.nodes.itemAt(i).inode), e.Attributes)
		return nil
	case present:
		if e.Kind == kindWhiteout {
			v.refuseEntry(e.Name, layersize.RefusedWhiteoutTwice)
		}
		v.clearPath(i, e.Name)
	case known: // it was there, and went with its directory
		v.growDirectory(parent, name)
	case v.nodes.len >= maxNodes:
		return layersize.ErrTooManyEntries
	case v.nodes.len >= maxTracked && e.Kind != KindDirectory:
		v.noteOddity(oddMany)
		v.growDirectory(parent, name)
		v.countUntracked(e)
		return nil
	default:
		i = v.insertPath(hash, parent)
		v.growDirectory(parent, name)
	}
	if e.Kind == KindDirectory {
		v.nodes.itemAt(i).parent |= flagListed
	}
	v.assignInode(i, e)
	return nil
}

// assignInode assigns the path its inode: that of the target for a hard link, else a new one.
func (v *Inventory) assignInode(i uint32, e Entry) {
	if e.Kind == KindHardlink && v.makeLink(i, e) {
		return
	}
	if e.Kind == KindSymlink && (e.Link == "" || len(e.Link) > maxTarget) {
		v.refuseEntry(e.Name, layersize.RefusedTarget)
	}
	use := uint32(v.entryBlocks(e))
	if e.Kind == KindSymlink {
		use |= uint32(1+strings.Count(e.Link, "/")) << linkDepth
	}
	v.placeInode(i, inode{use: use, links: flagsOf(e.Kind) | 1})
	if e.Kind == kindWhiteout {
		v.whiteouts++
	}
	v.addAttributes(v.inodes.itemAt(v.nodes.itemAt(i).inode), e.Attributes)
	if parent := v.nodes.itemAt(i).parentIndex(); !v.isDirectory(parent) {
		v.below += v.inodeBlocks(v.nodes.itemAt(i).inode)
		v.above++
		if above := v.inodes.itemAt(v.nodes.itemAt(parent).inode); above.links&flagSymlink != 0 {
			v.above += int64(above.use >> linkDepth) // directories that the link leads to may have to be made
		}
	}
}

// entryBlocks is what an entry holds in blocks; a directory begins with no entries.
func (v *Inventory) entryBlocks(e Entry) int64 {
	switch e.Kind {
	case KindFile:
		n := ext4.FileBlocks(e.Size)
		if n == ext4.LargestFileBlocks {
			v.noteOddity(oddFile)
		}
		return n
	case KindSymlink:
		return ext4.LinkBlocks(len(e.Link))
	default:
		return 0
	}
}

func flagsOf(k Kind) uint32 {
	switch k {
	case KindDirectory:
		return flagDirectory
	case KindSymlink:
		return flagSymlink
	case kindWhiteout:
		return flagWhiteout
	}
	return 0
}

// countUntracked counts an entry whose path is not kept: it may have replaced another.
func (v *Inventory) countUntracked(e Entry) {
	if e.Kind == KindHardlink || e.Kind == kindNothing {
		return
	}
	n := v.entryBlocks(e)
	if e.Kind == KindDirectory {
		n = 1
	}
	v.blocks += n
	v.below += n
	v.Count++
}

// makeDirectory finds the directory of a clean path, and makes what is missing of it.
func (v *Inventory) makeDirectory(clean string) (uint32, error) {
	hash := v.hashPath(clean)
	i, known := v.findPath(hash)
	if known && v.nodes.itemAt(i).inode != 0 {
		return i, nil
	}
	parentPath, name := splitPath(clean)
	parent, err := v.makeDirectory(parentPath)
	if err != nil {
		return 0, err
	}
	if !known {
		if v.nodes.len >= maxNodes {
			return 0, layersize.ErrTooManyEntries
		}
		i = v.insertPath(hash, parent)
	}
	v.growDirectory(parent, name)
	v.assignInode(i, Entry{Name: clean, Kind: KindDirectory})
	return i, nil
}

func splitPath(clean string) (parent, name string) {
	i := strings.LastIndexByte(clean, '/')
	return clean[:max(i, 0)], clean[i+1:]
}

// checkLimit ends the count when no disk could hold what was counted.
func (v *Inventory) checkLimit() error {
	if v.blocks > MaxBlocks {
		return layersize.ErrBomb
	}
	return nil
}
