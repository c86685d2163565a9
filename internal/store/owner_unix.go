//go:build unix

package store

import (
	"fmt"
	"io/fs"
	"os"
	"syscall"
)

// openFlags refuse a symbolic link, and do not wait for the other end of a FIFO.
const openFlags = syscall.O_NOFOLLOW | syscall.O_NONBLOCK

const writableByOthers fs.FileMode = 0o022

// checkOwner returns why another user may have written a file or a directory. Root's are as good as
// one's own: nothing on the machine is safe from root.
func checkOwner(name string, info fs.FileInfo) error {
	stat, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return fmt.Errorf("%s has no owner", name)
	}
	if owner := int64(stat.Uid); owner != 0 && owner != int64(os.Geteuid()) {
		return fmt.Errorf("%s belongs to another user (%d)", name, owner)
	}
	// In a sticky directory others can add files, which are theirs, and neither rename nor remove
	// this user's.
	sticky := info.IsDir() && info.Mode()&fs.ModeSticky != 0
	if info.Mode()&writableByOthers != 0 && !sticky {
		return fmt.Errorf("%s may be written by other users (%s)", name, info.Mode())
	}
	return nil
}
