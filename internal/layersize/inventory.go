package layersize

import (
	"hash/maphash"
	"path"
	"slices"
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
}

// A node is a path, and what is there now.
type node struct {
	hash   uint64
	parent uint32
	inode  uint32 // 0 when nothing is there any more
}

// An inode is a file, or a directory.
type inode struct {
	use   uint32 // blocks of a file, bytes of a directory's entries
	links uint32 // paths that lead to it, and two flags
}

const (
	flagDirectory = 1 << 31
	flagAttribute = 1 << 30 // a block for extended attributes
	linkMask      = flagAttribute - 1

	// Paths are told apart up to here. Beyond it only directories are; beyond
	// maxNodes nothing is, and the layer is refused.
	maxTracked = 1 << 20
	maxNodes   = 3 << 19
	maxSweeps  = 64
	maxShapes  = 1 << 12
	maxPath    = 4096 // PATH_MAX
	maxName    = 255
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
)

// entry is one entry of a tar or of a table of contents.
type entry struct {
	name       string
	kind       kind
	size       int64  // of a file
	link       string // where a link leads
	attributes attributes
}

// attributes are an entry's extended attributes: what they take, and what they are.
type attributes struct {
	bytes int64
	shape uint64
}

// What is odd about a layer, in words for Measurement.Note.
const (
	oddSparse   = "containerd refuses its old GNU sparse files"
	oddType     = "containerd refuses entries of its types"
	oddName     = "it has names that no file system takes"
	oddLink     = "a hard link leads to a file that the layer does not hold"
	oddParent   = "entries lie below a link or a file"
	oddFile     = "a file is larger than ext4 allows"
	oddMany     = "it has so many entries that replaced ones were not told apart"
	oddSweeps   = "directories were replaced so often that what they held is counted"
	oddWhiteout = "a whiteout has no name"
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
	if len(clean) > maxPath || len(name) > maxName {
		v.odd(oddName)
		v.untracked(e)
		return v.check()
	}
	if strings.HasPrefix(name, ".wh.") {
		if name == ".wh..wh..opq" { // an attribute of the directory, small enough for its inode
			_, err := v.directory(parentPath)
			return err
		}
		name = strings.TrimPrefix(name, ".wh.")
		if name == "" || name == "." || name == ".." {
			v.odd(oddWhiteout)
			return nil
		}
		e = entry{kind: kindDevice}
		clean = path.Join(parentPath, name)
	}
	parent, err := v.directory(parentPath)
	if err != nil {
		return err
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
	switch {
	case known && e.kind == kindDirectory && v.isDirectory(i):
		v.attribute(v.inodes.at(v.nodes.at(i).inode), e.attributes)
		return nil
	case known:
		v.clear(i)
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
	v.settle(i, e)
	return nil
}

// settle gives the path its inode: that of the target for a hard link, else a new one.
func (v *inventory) settle(i uint32, e entry) {
	if e.kind == kindHardlink {
		target, ok := v.find(v.hash(strings.TrimPrefix(path.Clean("/"+e.link), "/")))
		if ok && target != i && v.nodes.at(target).inode != 0 && !v.isDirectory(target) {
			v.nodes.at(i).inode = v.nodes.at(target).inode
			v.inodes.at(v.nodes.at(i).inode).links++
			return
		}
		if v.nodes.len < maxTracked {
			v.odd(oddLink)
		}
	}
	v.place(i, inode{use: uint32(v.content(e)), links: directoryFlag(e.kind) | 1})
	v.attribute(v.inodes.at(v.nodes.at(i).inode), e.attributes)
	if parent := v.nodes.at(i).parent; !v.isDirectory(parent) {
		v.odd(oddParent)
		v.below += v.weight(v.nodes.at(i).inode)
		v.above++
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

func directoryFlag(k kind) uint32 {
	if k == kindDirectory {
		return flagDirectory
	}
	return 0
}

// untracked counts an entry whose path is not kept: it may have replaced another.
func (v *inventory) untracked(e entry) {
	if e.kind == kindHardlink {
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
		v.grow(parent, name)
	}
	v.settle(i, entry{kind: kindDirectory})
	return i, nil
}

func split(clean string) (parent, name string) {
	i := strings.LastIndexByte(clean, '/')
	return clean[:max(i, 0)], clean[i+1:]
}

func (v *inventory) odd(problem string) {
	if !slices.Contains(v.problems, problem) {
		v.problems = append(v.problems, problem)
	}
}

// check ends the count when no disk could hold what was counted.
func (v *inventory) check() error {
	if v.blocks > maxBlocks {
		return ErrBomb
	}
	return nil
}

// measurement is the inventory's part of the answer.
func (v *inventory) measurement() Measurement {
	count := v.count
	return Measurement{
		DiskBytes: Interval{
			Value: v.blocks * blockSize,
			Min:   max(0, v.blocks-v.below) * blockSize,
			Max:   (v.blocks + v.above) * blockSize,
		},
		Inodes: &count, LikelyInodes: count,
		Exact: len(v.problems) == 0,
		Note:  strings.Join(v.problems, "; "),
	}
}
