// Package store is a small store of files for what never changes: measurements of layers and
// manifests, by digest.
//
// It is a convenience and never a source of failure: an entry that is missing, damaged or of
// another version is simply not there, a write that fails changes nothing, and any number of
// processes may use one folder at the same time, since entries are written to a file of their own
// and then renamed (rename(2) is atomic within a file system).
//
// # What is believed
//
// An entry counts only if no other user can have written it. The directory, the folder in it and
// the entry each belong to the user of this process or to root, and none of them may be written by
// its group or by others, but for directories with the sticky bit, as /tmp is: there others can add
// what is theirs, and replace nothing. Only the directory itself may be a symbolic link. An entry
// is a regular file, which is opened without following links and without waiting, so that a FIFO in
// its place stops nothing. Where this does not hold, nothing is read, written or removed. Windows
// has no such owner and mode; there the access control of the user's profile, where the directory
// is by default, has to suffice.
//
// The payload is not looked at: its meaning, and whether its numbers can be, are the caller's.
//
// # What is removed
//
// Entries and temporary files of this package's own form, in its own two levels of folders. All
// other files are left alone.
package store

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"time"
)

const (
	// version is part of every entry's name: another format or another meaning of a measurement
	// starts afresh.
	version = "4"

	maxEntryBytes = 5 << 20
	suffix        = ".kept"
	tempSuffix    = ".tmp"
)

// Store keeps entries below a directory. A nil *Store keeps none.
type Store struct {
	dir   string
	prune sync.Once

	mutex   sync.Mutex
	failure error // of the first write that failed, until it was taken
	failed  bool
}

// Open uses a directory, which is made when the first entry is written. An empty name keeps
// nothing.
func Open(dir string) *Store {
	if dir == "" {
		return nil
	}
	return &Store{dir: dir}
}

// Get returns the entry of a key, and whether there is a sound one.
func (f *Store) Get(key string) ([]byte, bool) {
	if f == nil {
		return nil, false
	}
	name := f.entryPath(key)
	if f.checkEntryFolder(filepath.Dir(name)) != nil {
		return nil, false
	}
	file, err := openRegular(name)
	if err != nil {
		return nil, false
	}
	defer file.Close()
	var content bytes.Buffer
	if n, err := content.ReadFrom(io.LimitReader(file, maxEntryBytes+1)); err != nil || n > maxEntryBytes {
		return nil, false
	}
	header, payload, found := bytes.Cut(content.Bytes(), []byte("\n"))
	if !found || string(header) != entryHeader(key, payload) {
		return nil, false
	}
	now := time.Now()
	_ = os.Chtimes(name, now, now) // what is used stays when the folder is pruned
	return payload, true
}

// Has reports whether there is a sound entry of a key.
func (f *Store) Has(key string) bool {
	_, found := f.Get(key)
	return found
}

// Put keeps an entry, if it can. TakeFailure returns why it could not.
func (f *Store) Put(key string, payload []byte) {
	if f == nil || len(payload) > maxEntryBytes-256 {
		return
	}
	if err := f.write(key, payload); err != nil {
		f.recordFailure(err)
	}
}

func (f *Store) write(key string, payload []byte) error {
	name := f.entryPath(key)
	folder := filepath.Dir(name)
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return err
	}
	if err := f.checkEntryFolder(folder); err != nil {
		return err
	}
	f.prune.Do(func() { pruneFolders(f.dir, defaultBounds) })
	temp, err := os.CreateTemp(folder, filepath.Base(name)+".*"+tempSuffix)
	if err != nil {
		return err
	}
	_, err = temp.WriteString(entryHeader(key, payload) + "\n" + string(payload))
	if closed := temp.Close(); err == nil {
		err = closed
	}
	if err == nil {
		err = os.Rename(temp.Name(), name)
	}
	if err != nil {
		_ = os.Remove(temp.Name())
	}
	return err
}

func (f *Store) recordFailure(err error) {
	f.mutex.Lock()
	defer f.mutex.Unlock()
	if !f.failed {
		f.failed, f.failure = true, err
	}
}

// TakeFailure returns why the first write failed that did, once: nil when it was taken already, or
// when all writes succeeded.
func (f *Store) TakeFailure() error {
	if f == nil {
		return nil
	}
	f.mutex.Lock()
	defer f.mutex.Unlock()
	taken := f.failure
	f.failure = nil
	return taken
}

// Dir returns the directory, "" where nothing is kept.
func (f *Store) Dir() string {
	if f == nil {
		return ""
	}
	return f.dir
}

// entryHeader binds an entry to its key and guards it against damage.
func entryHeader(key string, payload []byte) string {
	return fmt.Sprintf("tkeimage %s %s %x", version, key, sha256.Sum256(payload))
}

func (f *Store) entryPath(key string) string {
	sum := sha256.Sum256([]byte(version + " " + key))
	name := hex.EncodeToString(sum[:])
	return filepath.Join(f.dir, name[:2], name+suffix)
}

// Check returns why nothing in the directory is believed or written, and nil where there is no
// reason, or no directory yet.
func (f *Store) Check() error {
	if f == nil {
		return nil
	}
	if err := checkDirectory(f.dir, os.Stat); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// checkEntryFolder does so for the directory and one folder in it.
func (f *Store) checkEntryFolder(name string) error {
	if err := checkDirectory(f.dir, os.Stat); err != nil {
		return err
	}
	return checkDirectory(name, os.Lstat)
}

func checkDirectory(name string, stat func(string) (fs.FileInfo, error)) error {
	info, err := stat(name)
	switch {
	case err != nil:
		return err
	case !info.IsDir():
		return fmt.Errorf("%s is no directory", name)
	}
	return checkOwner(name, info)
}

// openRegular opens a file that is to be read, if it is one, and this user's. What else could stand
// in its place is not opened, or is closed at once: opening must neither wait for a writer nor
// start a device.
func openRegular(name string) (*os.File, error) {
	if info, err := os.Lstat(name); err != nil || !info.Mode().IsRegular() {
		return nil, cmp.Or(err, errNotRegular)
	}
	file, err := os.OpenFile(name, os.O_RDONLY|openFlags, 0)
	if err != nil {
		return nil, err
	}
	info, err := file.Stat() // of what was opened: another process may have renamed a new entry there
	if err == nil && !info.Mode().IsRegular() {
		err = errNotRegular
	}
	if err == nil {
		err = checkOwner(name, info)
	}
	if err != nil {
		file.Close()
		return nil, err
	}
	return file, nil
}

var errNotRegular = errors.New("not a regular file")
