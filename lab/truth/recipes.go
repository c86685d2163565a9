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

// makeTinyFiles makes a tree of small modules.
func makeTinyFiles(folders, each int) recipe {
	return newRecipe(1, func(t *tarWriter) {
		for d := range folders {
			t.addFolder(fmt.Sprintf("modules/m%04d", d))
			for f := range each {
				t.addFile(fmt.Sprintf("modules/m%04d/file-%04d.js", d, f), 100, text)
			}
		}
	})
}

// makeCrowdedDirectory makes one directory of many files, as data sets have it.
func makeCrowdedDirectory(files int) recipe {
	return newRecipe(2, func(t *tarWriter) {
		for f := range files {
			t.addFile(fmt.Sprintf("dataset/train/sample-%08d-with-a-long-name.jpg", f), 2000+t.drawBelow(3000), noise)
		}
	})
}

// makeSymlinks makes symbolic links, every other one short enough for its inode.
func makeSymlinks(links int) recipe {
	return newRecipe(3, func(t *tarWriter) {
		t.addFile("data.bin", 40*mib, noise)
		for l := range links {
			target := "../data.bin"
			if l%2 == 1 {
				target = strings.Repeat("../far/", 10+l%20) + "away"
			}
			t.addSymlink(fmt.Sprintf("links/%03d/link-%05d", l/100, l), target)
		}
	})
}

// makeAttributedFiles makes files whose extended attributes fit into the inode, do not and are
// alike, or do not and differ.
func makeAttributedFiles(files int) recipe {
	capability := "\x01\x00\x00\x02\x00\x20\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"
	return newRecipe(4, func(t *tarWriter) {
		t.addFile("data.bin", 30*mib, noise)
		for f := range files {
			with := map[string]string{"security.capability": capability}
			switch f % 3 {
			case 1:
				with["user.origin"] = strings.Repeat("the same for all ", 20)
			case 2:
				with["user.checksum"] = strings.Repeat(fmt.Sprintf("%08d", f), 30)
			}
			t.addAttributedFile(fmt.Sprintf("tools/%02d/tool-%05d", f/500, f), 1+t.drawBelow(6000), text, with)
		}
	})
}

// makeHardlinks makes a large file under many names, and many small ones under a few.
func makeHardlinks() recipe {
	return newRecipe(5, func(t *tarWriter) {
		t.addFile("models/weights", 60*mib, noise)
		for l := range 9 {
			t.addHardlink(fmt.Sprintf("models/snapshot-%d/weights", l), "models/weights")
		}
		for f := range 2000 {
			name := fmt.Sprintf("objects/%02x/object-%04d", f%256, f)
			t.addFile(name, 1+t.drawBelow(20*kib), text)
			t.addHardlink(name+".link", name)
			t.addHardlink(fmt.Sprintf("checkout/file-%04d", f), name)
		}
	})
}

// makeModels makes large files of one kind.
func makeModels(seed uint64, files int, each int64, like *content) recipe {
	return newRecipe(seed, func(t *tarWriter) {
		for f := range files {
			t.addFile(fmt.Sprintf("models/model-%05d-of-%05d.bin", f+1, files), each, like)
		}
	})
}

// makeMixture makes files of programs and their data, from bytes to tens of megabytes. Kinds are
// drawn at random, a kind that is named more often more often.
func makeMixture(seed uint64, total int64, kinds ...*content) recipe {
	return newRecipe(seed, func(t *tarWriter) {
		left := total
		for f := 0; left > 0 && t.err == nil; f++ {
			// The logarithm is even between 1 and 24, so that most files are small and most bytes
			// are in large ones.
			size := min(left, int64(2)<<t.drawBelow(24)+t.drawBelow(4096))
			kind := kinds[t.drawBelow(int64(len(kinds)))]
			t.addFile(fmt.Sprintf("opt/app/%02d/part-%d/file-%06d", f%37, f%11, f), size, kind)
			left -= size
		}
	})
}

// makeWhiteouts makes layers that each add, replace and remove files.
func makeWhiteouts(layers int) []*part {
	parts := make([]*part, layers)
	for i := range parts {
		parts[i] = &part{pack: packGzip, tar: newRecipe(100+uint64(i), func(t *tarWriter) {
			t.addFolder("app")
			t.addFile("app/shared.bin", mib/2, noise)
			t.addFile(fmt.Sprintf("app/step-%02d.bin", i), mib, noise)
			if i > 0 {
				t.addFile(fmt.Sprintf("app/.wh.step-%02d.bin", i-1), 0, noise)
			}
			t.addFolder("cache")
			if i%10 == 9 {
				t.addFile("cache/.wh..wh..opq", 0, noise)
			}
			for f := range 20 {
				t.addFile(fmt.Sprintf("cache/entry-%02d-%02d", i, f), 1+t.drawBelow(9000), text)
			}
		})}
	}
	return parts
}

// planSharedLayers returns three images on one base. The last one has a layer of the second, but on
// another chain: one blob, unpacked twice.
func planSharedLayers(base recipe) []imagePlan {
	bottom := &part{base, packGzip}
	first, second := &part{makeModels(6, 4, 5*mib, noise), packGzip}, &part{makeModels(7, 6, 5*mib, text), packGzip}
	return []imagePlan{
		{layers: []*part{bottom, first}}, {layers: []*part{bottom, first, second}}, {layers: []*part{bottom, second}},
	}
}

// makeSparseFile makes a file of which a thousandth is written, as tar stores it with --sparse.
func makeSparseFile(size int64) recipe {
	return func(ctx context.Context, w io.Writer) (err error) {
		folder, err := os.MkdirTemp("", "sparse-")
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, os.RemoveAll(folder)) }()
		if err := writeSparseFile(filepath.Join(folder, "disk.img"), size); err != nil {
			return err
		}
		//nolint:gosec // a folder of our own
		command := exec.CommandContext(
			ctx, "tar", "--create", "--sparse", "--format=pax", "--pax-option=delete=atime,delete=ctime",
			"--mtime=@1700000000", "--numeric-owner", "--directory", folder, "disk.img",
		)
		command.Stdout, command.Stderr = w, os.Stderr
		return command.Run()
	}
}

// writeSparseFile writes a file of size bytes with 16 islands of data.
func writeSparseFile(path string, size int64) error {
	const islands = 16
	file, err := os.Create(path)
	if err != nil {
		return err
	}
	defer file.Close()
	random := rand.NewChaCha8([32]byte{8})
	island := make([]byte, size/1024/islands)
	for i := range int64(islands) {
		fillNoise(random, island)
		if _, err := file.WriteAt(island, size/islands*i+4096*i); err != nil {
			return err
		}
	}
	return file.Truncate(size)
}
