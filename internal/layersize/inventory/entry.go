package inventory

// Kind is what an entry is.
type Kind uint8

// The kinds of entries.
const (
	KindFile Kind = iota
	KindDirectory
	KindSymlink
	KindHardlink
	KindDevice // a FIFO too: an inode and nothing else
	kindWhiteout
	kindNothing // a global header, which containerd treats as an entry until it comes to make a file of it
)

// Entry is one entry of a tar or of a table of contents.
type Entry struct {
	Name       string
	Kind       Kind
	Size       int64  // of a file
	Link       string // where a link leads
	Attributes Attributes
}
