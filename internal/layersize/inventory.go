package layersize

import (
	"hash/maphash"
	"path"
	"strings"
)

// An inventory is what a layer leaves on the disk, built entry by entry as
// containerd applies them (its pkg/archive, Apply): missing parents are made, a
// later entry replaces an earlier one of the same path, two directories of one path
// become one, a hard link shares what it links to, and whiteouts become devices of
// their own. Nothing is kept of a name but its hash, 24 bytes for each path and 8
// for each inode at most, so that a million files stay below 50 MiB.
type inventory struct {
	seed   maphash.Seed
	slots  []uint32 // open addressing by a path's hash: 0 is free, else a node's index and one
	nodes  pages[node]
	inodes pages[inode]
	shapes map[uint64]int // attribute blocks that inodes share, by content

	blocks  int64 // of all inodes
	count   int64 // inodes
	entries int64 // entries of the tar

	// Where the count may be off, and by how many blocks: below, because entries
	// may have replaced others unseen, and above.
	below, above int64
	sweeps       int
	free         uint32 // an inode that nothing leads to, and there the next one
	problems     []string
	refusals     []Refusal
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

// flagListed marks the parent of a path that an entry calls a directory: containerd sets its times in the end, and fails
// when nothing is there.
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
	mostLinks     = 65000 // EXT4_LINK_MAX

	// Paths are told apart up to here. Beyond it only directories are; beyond
	// maxNodes nothing is, and the layer is refused.
	maxTracked = 1 << 20
	maxNodes   = 3 << 19
	maxSweeps  = 64
	maxShapes  = 1 << 12
	maxName    = 255
	maxTarget  = 4095
	// PATH_MAX less the folder of a snapshot, which is 75 bytes where containerd is installed by default.
	maxPath     = 4095 - 75
	maxPathSure = 4095 - 1
	// More than the largest disk has.
	maxBlocks = 32000 << 30 / blockSize
)

type kind uint8

const (
	kindFile kind = iota
	kindDirectory
	kindSymlink
	kindHardlink
	kindDevice // a FIFO too: an inode and nothing else
	kindWhiteout
	kindNothing // a global header, which containerd treats as an entry until it comes to make a file of it
)

// entry is one entry of a tar or of a table of contents.
type entry struct {
	name       string
	kind       kind
	size       int64  // of a file
	link       string // where a link leads
	attributes attributes
}

// What is odd about a layer, in words for Measurement.Note.
const (
	oddName   = "a path is so long that it depends on containerd's own folder whether it is possible"
	oddLink   = "a hard link leads through a symbolic link"
	oddParent = "entries lie below a symbolic link"
	oddFile   = "a file is larger than ext4 allows"
	oddMany   = "it has so many entries that replaced ones were not told apart"
	oddSweeps = "directories were replaced so often that what they held is counted"
)

func newInventory() *inventory {
	v := &inventory{seed: maphash.MakeSeed(), slots: make([]uint32, 1<<10), shapes: map[uint64]int{}}
	v.inodes.add(inode{}) // 0 means none
	root := v.insert(v.hash(""), 0)
	v.place(root, inode{links: flagDirectory | 1})
	return v
}

func (v *inventory) hash(path string) uint64 { return maphash.String(v.seed, path) }

// add applies one entry. It fails only when a limit is passed.
func (v *inventory) add(e entry) error {
	v.entries++
	clean := strings.TrimPrefix(path.Clean("/"+e.name), "/")
	if clean == "" {
		return nil // the root, which is there already
	}
	parentPath, name := split(clean)
	if !v.possible(clean, name, e) {
		v.untracked(e)
		return v.check()
	}
	parent, err := v.directory(parentPath)
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
			v.refuse(e.name, RefusedWhiteoutName)
			return nil
		}
		name, clean = hidden, path.Join(parentPath, hidden)
		e = entry{name: e.name, kind: kindWhiteout}
	}
	if err := v.put(e, clean, name, parent); err != nil {
		return err
	}
	return v.check()
}

// put places an entry below its parent.
func (v *inventory) put(e entry, clean, name string, parent uint32) error {
	hash := v.hash(clean)
	i, known := v.find(hash)
	present := known && v.nodes.at(i).inode != 0
	switch {
	case e.kind == kindNothing:
		if present {
			v.clear(i, e.name)
		}
		return nil
	case present && e.kind == kindDirectory && v.isDirectory(i):
		v.nodes.at(i).parent |= flagListed
		v.attribute(v.inodes.at(v.nodes.at(i).inode), e.attributes)
		return nil
	case present:
		if e.kind == kindWhiteout {
			v.refuse(e.name, RefusedWhiteoutTwice)
		}
		v.clear(i, e.name)
	case known: // it was there, and went with its directory
		v.grow(parent, name)
	case v.nodes.len >= maxNodes:
		return ErrTooManyEntries
	case v.nodes.len >= maxTracked && e.kind != kindDirectory:
		v.odd(oddMany)
		v.grow(parent, name)
		v.untracked(e)
		return nil
	default:
		i = v.insert(hash, parent)
		v.grow(parent, name)
	}
	if e.kind == kindDirectory {
		v.nodes.at(i).parent |= flagListed
	}
	v.settle(i, e)
	return nil
}

// settle gives the path its inode: that of the target for a hard link, else a new one.
func (v *inventory) settle(i uint32, e entry) {
	if e.kind == kindHardlink && v.link(i, e) {
		return
	}
	if e.kind == kindSymlink && (e.link == "" || len(e.link) > maxTarget) {
		v.refuse(e.name, RefusedTarget)
	}
	use := uint32(v.content(e))
	if e.kind == kindSymlink {
		use |= uint32(1+strings.Count(e.link, "/")) << linkDepth
	}
	v.place(i, inode{use: use, links: flagsOf(e.kind) | 1})
	if e.kind == kindWhiteout {
		v.whiteouts++
	}
	v.attribute(v.inodes.at(v.nodes.at(i).inode), e.attributes)
	if parent := v.nodes.at(i).parentIndex(); !v.isDirectory(parent) {
		v.below += v.weight(v.nodes.at(i).inode)
		v.above++
		if above := v.inodes.at(v.nodes.at(parent).inode); above.links&flagSymlink != 0 {
			v.above += int64(above.use >> linkDepth) // directories that the link leads to may have to be made
		}
	}
}

// content is what an entry holds in blocks; a directory begins with no entries.
func (v *inventory) content(e entry) int64 {
	switch e.kind {
	case kindFile:
		n := fileBlocks(e.size)
		if n == largestFile {
			v.odd(oddFile)
		}
		return n
	case kindSymlink:
		return linkBlocks(len(e.link))
	default:
		return 0
	}
}

func flagsOf(k kind) uint32 {
	switch k {
	case kindDirectory:
		return flagDirectory
	case kindSymlink:
		return flagSymlink
	case kindWhiteout:
		return flagWhiteout
	}
	return 0
}

// untracked counts an entry whose path is not kept: it may have replaced another.
func (v *inventory) untracked(e entry) {
	if e.kind == kindHardlink || e.kind == kindNothing {
		return
	}
	n := v.content(e)
	if e.kind == kindDirectory {
		n = 1
	}
	v.blocks += n
	v.below += n
	v.count++
}

// directory finds the directory of a clean path, and makes what is missing of it.
func (v *inventory) directory(clean string) (uint32, error) {
	hash := v.hash(clean)
	i, known := v.find(hash)
	if known && v.nodes.at(i).inode != 0 {
		return i, nil
	}
	parentPath, name := split(clean)
	parent, err := v.directory(parentPath)
	if err != nil {
		return 0, err
	}
	if !known {
		if v.nodes.len >= maxNodes {
			return 0, ErrTooManyEntries
		}
		i = v.insert(hash, parent)
	}
	v.grow(parent, name)
	v.settle(i, entry{name: clean, kind: kindDirectory})
	return i, nil
}

func split(clean string) (parent, name string) {
	i := strings.LastIndexByte(clean, '/')
	return clean[:max(i, 0)], clean[i+1:]
}

// check ends the count when no disk could hold what was counted.
func (v *inventory) check() error {
	if v.blocks > maxBlocks {
		return ErrBomb
	}
	return nil
}
