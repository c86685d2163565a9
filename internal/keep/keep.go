// Package keep is a small store of files for what never changes: measurements of layers and manifests, by digest.
//
// It is a convenience and never a source of failure: an entry that is missing, damaged or of another version is simply not
// there, a write that fails is forgotten, and any number of processes may use one folder at the same time, since entries are
// written to a file of their own and then renamed (rename(2) is atomic within a file system).
package keep

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"
)

const (
	// version is part of every entry's name: another format or another meaning of a measurement starts afresh.
	version = "3"

	maxEntryBytes  = 5 << 20
	maxFolderBytes = 128 << 20
	// tooOldForTemp: a temporary file of this age belongs to a process that was killed.
	tooOldForTemp = time.Hour
	suffix        = ".kept"
)

// Folder keeps entries below a directory. A nil *Folder keeps none.
type Folder struct {
	dir   string
	prune sync.Once
}

// In uses a directory, which is made when the first entry is written. An empty name keeps nothing.
func In(dir string) *Folder {
	if dir == "" {
		return nil
	}
	return &Folder{dir: dir}
}

// Get gives the entry of a key, and whether there is a sound one.
func (f *Folder) Get(key string) ([]byte, bool) {
	if f == nil {
		return nil, false
	}
	file, err := os.Open(f.path(key))
	if err != nil {
		return nil, false
	}
	defer file.Close()
	if info, err := file.Stat(); err != nil || !info.Mode().IsRegular() || info.Size() > maxEntryBytes {
		return nil, false
	}
	var content bytes.Buffer
	if _, err := content.ReadFrom(file); err != nil {
		return nil, false
	}
	header, payload, found := bytes.Cut(content.Bytes(), []byte("\n"))
	if !found || string(header) != headerOf(key, payload) {
		return nil, false
	}
	now := time.Now()
	_ = os.Chtimes(file.Name(), now, now) // what is used stays when the folder is pruned
	return payload, true
}

// Has reports whether there is a sound entry of a key.
func (f *Folder) Has(key string) bool {
	_, found := f.Get(key)
	return found
}

// Put keeps an entry, if it can.
func (f *Folder) Put(key string, payload []byte) {
	if f == nil || len(payload) > maxEntryBytes-256 {
		return
	}
	f.prune.Do(f.pruneFolder)
	name := f.path(key)
	if os.MkdirAll(filepath.Dir(name), 0o700) != nil {
		return
	}
	temp, err := os.CreateTemp(filepath.Dir(name), "new-*.tmp")
	if err != nil {
		return
	}
	_, err = temp.WriteString(headerOf(key, payload) + "\n" + string(payload))
	if closed := temp.Close(); err == nil {
		err = closed
	}
	if err == nil {
		err = os.Rename(temp.Name(), name)
	}
	if err != nil {
		_ = os.Remove(temp.Name())
	}
}

// headerOf binds an entry to its key and guards it against damage.
func headerOf(key string, payload []byte) string {
	return fmt.Sprintf("tkeimage %s %s %x", version, key, sha256.Sum256(payload))
}

func (f *Folder) path(key string) string {
	sum := sha256.Sum256([]byte(version + " " + key))
	name := hex.EncodeToString(sum[:])
	return filepath.Join(f.dir, name[:2], name+suffix)
}

// pruneFolder holds the folder to its bound, the least recently used entries going first. It runs once in a process, before the
// first write; processes that prune together at worst remove a little more.
func (f *Folder) pruneFolder() {
	type entry struct {
		name string
		size int64
		used time.Time
	}
	var entries []entry
	var total int64
	_ = filepath.WalkDir(f.dir, func(name string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return nil //nolint:nilerr // what cannot be read is left alone
		}
		info, err := d.Info()
		if err != nil {
			return nil //nolint:nilerr // removed meanwhile
		}
		switch filepath.Ext(name) {
		case suffix:
			entries = append(entries, entry{name, info.Size(), info.ModTime()})
			total += info.Size()
		case ".tmp":
			if time.Since(info.ModTime()) > tooOldForTemp {
				_ = os.Remove(name)
			}
		}
		return nil
	})
	slices.SortFunc(entries, func(a, b entry) int { return a.used.Compare(b.used) })
	for _, e := range entries {
		if total <= maxFolderBytes {
			return
		}
		if os.Remove(e.name) == nil {
			total -= e.size
		}
	}
}
