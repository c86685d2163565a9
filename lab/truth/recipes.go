//go:build linux

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// tinyFiles are a tree of small modules.
func tinyFiles(folders, each int) recipe {
	return entries(1, func(t *tape) {
		for d := range folders {
			t.folder(fmt.Sprintf("modules/m%04d", d))
			for f := range each {
				t.file(fmt.Sprintf("modules/m%04d/file-%04d.js", d, f), 100, text)
			}
		}
	})
}

// crowded is one directory of many files, as a data set has.
func crowded(files int) recipe {
	return entries(2, func(t *tape) {
		for f := range files {
			t.file(fmt.Sprintf("dataset/train/sample-%08d-with-a-long-name.jpg", f), 2000+t.below(3000), noise)
		}
	})
}

// symlinks are short enough for the inode every other time.
func symlinks(links int) recipe {
	return entries(3, func(t *tape) {
		t.file("data.bin", 40*mib, noise)
		for l := range links {
			target := "../data.bin"
			if l%2 == 1 {
				target = strings.Repeat("../far/", 10+l%20) + "away"
			}
			t.symlink(fmt.Sprintf("links/%03d/link-%05d", l/100, l), target)
		}
	})
}

// attributes are of three sizes: such as fit into the inode, such as do not and are alike, and such as do not and differ.
func attributes(files int) recipe {
	capability := "\x01\x00\x00\x02\x00\x20\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"
	return entries(4, func(t *tape) {
		t.file("data.bin", 30*mib, noise)
		for f := range files {
			with := map[string]string{"security.capability": capability}
			switch f % 3 {
			case 1:
				with["user.origin"] = strings.Repeat("the same for all ", 20)
			case 2:
				with["user.checksum"] = strings.Repeat(fmt.Sprintf("%08d", f), 30)
			}
			t.attributed(fmt.Sprintf("tools/%02d/tool-%05d", f/500, f), 1+t.below(6000), text, with)
		}
	})
}

// hardlinks are a large file under many names, and many small ones under a few.
func hardlinks() recipe {
	return entries(5, func(t *tape) {
		t.file("models/weights", 60*mib, noise)
		for l := range 9 {
			t.hardlink(fmt.Sprintf("models/snapshot-%d/weights", l), "models/weights")
		}
		for f := range 2000 {
			name := fmt.Sprintf("objects/%02x/object-%04d", f%256, f)
			t.file(name, 1+t.below(20*kib), text)
			t.hardlink(name+".link", name)
			t.hardlink(fmt.Sprintf("checkout/file-%04d", f), name)
		}
	})
}

// models are large files of one kind.
func models(seed uint64, files int, each int64, like *content) recipe {
	return entries(seed, func(t *tape) {
		for f := range files {
			t.file(fmt.Sprintf("models/model-%05d-of-%05d.bin", f+1, files), each, like)
		}
	})
}

// mixed are programs, their data, and everything between, from bytes to tens of megabytes. The kinds take turns by chance; one
// that is named more often comes more often.
func mixed(seed uint64, total int64, kinds ...*content) recipe {
	return entries(seed, func(t *tape) {
		left := total
		for f := 0; left > 0 && t.err == nil; f++ {
			// The logarithm is even between 1 and 24, so that most files are small and most bytes are in large ones.
			size := min(left, int64(2)<<t.below(24)+t.below(4096))
			t.file(fmt.Sprintf("opt/app/%02d/part-%d/file-%06d", f%37, f%11, f), size, kinds[t.below(int64(len(kinds)))])
			left -= size
		}
	})
}

// whiteouts are layers that each add, replace and remove.
func whiteouts(layers int) []*part {
	parts := make([]*part, layers)
	for i := range parts {
		parts[i] = &part{pack: gzipped, tar: entries(100+uint64(i), func(t *tape) {
			t.folder("app")
			t.file("app/shared.bin", mib/2, noise)
			t.file(fmt.Sprintf("app/step-%02d.bin", i), mib, noise)
			if i > 0 {
				t.file(fmt.Sprintf("app/.wh.step-%02d.bin", i-1), 0, noise)
			}
			t.folder("cache")
			if i%10 == 9 {
				t.file("cache/.wh..wh..opq", 0, noise)
			}
			for f := range 20 {
				t.file(fmt.Sprintf("cache/entry-%02d-%02d", i, f), 1+t.below(9000), text)
			}
		})}
	}
	return parts
}

// shared are three images on one base. The last has a layer of the second one, but on another chain: one blob, unpacked twice.
func shared(base recipe) []plan {
	bottom := &part{base, gzipped}
	first, second := &part{models(6, 4, 5*mib, noise), gzipped}, &part{models(7, 6, 5*mib, text), gzipped}
	return []plan{{layers: []*part{bottom, first}}, {layers: []*part{bottom, first, second}}, {layers: []*part{bottom, second}}}
}

// sparse is a file of which a thousandth was written, as tar stores it with --sparse.
func sparse(size int64) recipe {
	return func(ctx context.Context, w io.Writer) (err error) {
		folder, err := os.MkdirTemp("", "sparse-")
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, os.RemoveAll(folder)) }()
		if err := sparseFile(filepath.Join(folder, "disk.img"), size); err != nil {
			return err
		}
		//nolint:gosec // a folder of our own
		command := exec.CommandContext(ctx, "tar", "--create", "--sparse", "--format=pax", "--pax-option=delete=atime,delete=ctime",
			"--mtime=@1700000000", "--numeric-owner", "--directory", folder, "disk.img")
		command.Stdout, command.Stderr = w, os.Stderr
		return command.Run()
	}
}

// sparseFile has 16 islands of data.
func sparseFile(path string, size int64) error {
	const islands = 16
	file, err := os.Create(path)
	if err != nil {
		return err
	}
	defer file.Close()
	random := rand.NewChaCha8([32]byte{8})
	island := make([]byte, size/1024/islands)
	for i := range int64(islands) {
		read(random, island)
		if _, err := file.WriteAt(island, size/islands*i+4096*i); err != nil {
			return err
		}
	}
	return file.Truncate(size)
}
