package store

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"
)

// bounds are the limits of a directory.
type bounds struct {
	bytes   int64
	entries int
	names   int // looked at in each of its 256 folders
}

// defaultBounds bounds let each folder hold four times its share of the entries, before what is too
// much is seen by a later process only.
var defaultBounds = bounds{bytes: 128 << 20, entries: 32 << 10, names: 4 * (32 << 10) / 256}

// tooOldForTemp: a temporary file of this age belongs to a process that was killed.
const tooOldForTemp = time.Hour

// ownName is the form of an entry's name, and of that of its temporary file. An entry's folder has
// its first two digits.
var ownName = regexp.MustCompile(`^[0-9a-f]{64}\.kept(\.[0-9]+\.tmp)?$`)

// storedEntry is an entry that pruning came across.
type storedEntry struct {
	name string
	size int64
	used time.Time
}

// pruneFolders holds the directory to its bounds, the least recently used entries going first. It
// runs once in a process, before the first write; processes that prune together at worst remove a
// little more.
func pruneFolders(dir string, bound bounds) {
	var entries []storedEntry
	var total int64
	for i := range 256 {
		for _, e := range pruneFolder(dir, fmt.Sprintf("%02x", i), bound.names) {
			entries = append(entries, e)
			total += e.size
		}
	}
	slices.SortFunc(entries, func(a, b storedEntry) int { return a.used.Compare(b.used) })
	left := len(entries)
	for _, e := range entries {
		if total <= bound.bytes && left <= bound.entries {
			return
		}
		if os.Remove(e.name) == nil {
			total -= e.size
			left--
		}
	}
}

// pruneFolder removes what killed processes left in a folder, and returns its entries.
func pruneFolder(dir, prefix string, most int) []storedEntry {
	folder := filepath.Join(dir, prefix)
	if checkDirectory(folder, os.Lstat) != nil {
		return nil
	}
	opened, err := os.Open(folder)
	if err != nil {
		return nil
	}
	defer opened.Close()
	names, _ := opened.ReadDir(most) // what could be read counts
	var entries []storedEntry
	for _, name := range names {
		if !ownName.MatchString(name.Name()) || !strings.HasPrefix(name.Name(), prefix) {
			continue
		}
		info, err := name.Info()
		if err != nil || !info.Mode().IsRegular() || checkOwner(name.Name(), info) != nil {
			continue
		}
		entry := storedEntry{filepath.Join(folder, name.Name()), info.Size(), info.ModTime()}
		switch {
		case !strings.HasSuffix(name.Name(), tempSuffix):
			entries = append(entries, entry)
		case time.Since(entry.used) > tooOldForTemp:
			_ = os.Remove(entry.name)
		}
	}
	return entries
}
