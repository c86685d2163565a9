//go:build linux

package main

import (
	"archive/tar"
	"bytes"
	"errors"
	"io"
	"slices"
	"testing"
)

// parts is a tree of a folder, a file, a hard link to it and another file.
func parts() recipe {
	return newRecipe(9, func(t *tarWriter) {
		t.addFolder("./opt")
		t.addFile("./opt/first", 3000, text)
		t.addHardlink("./opt/link", "./opt/first")
		t.addFile("./opt/second", 2000, noise)
	})
}

// TestComposedTreesLieSideBySide: names and the targets of hard links get the folder of their part,
// and every byte is there.
func TestComposedTreesLieSideBySide(t *testing.T) {
	t.Parallel()
	twice := []recipe{parts(), parts()}
	names, links, length := listTar(t, composeTrees(twice...))
	want := []string{
		"part-00/opt/", "part-00/opt/first", "part-00/opt/link", "part-00/opt/second",
		"part-01/opt/", "part-01/opt/first", "part-01/opt/link", "part-01/opt/second",
	}
	if !slices.Equal(names, want) || !slices.Equal(links, []string{"part-00/opt/first", "part-01/opt/first"}) ||
		length != 10_000 {
		t.Errorf("%q, links to %q, %d bytes", names, links, length)
	}
}

// TestExcerptEndsWhereItsBytesAreFull, with whole entries.
func TestExcerptEndsWhereItsBytesAreFull(t *testing.T) {
	t.Parallel()
	for most, want := range map[int64]int64{1: 3000, 3000: 3000, 3001: 5000, 1e9: 5000} {
		if _, _, length := listTar(t, takeExcerpt(parts(), most)); length != want {
			t.Errorf("an excerpt of %d bytes has %d, want %d", most, length, want)
		}
	}
}

// listTar returns the names in a tar, the targets of its hard links and the bytes of its files.
func listTar(t *testing.T, from recipe) (names, links []string, length int64) {
	t.Helper()
	var packed bytes.Buffer
	if err := from(t.Context(), &packed); err != nil {
		t.Fatal(err)
	}
	for in := tar.NewReader(&packed); ; {
		header, err := in.Next()
		if errors.Is(err, io.EOF) {
			return names, links, length
		}
		if err != nil {
			t.Fatal(err)
		}
		names, length = append(names, header.Name), length+header.Size
		if header.Typeflag == tar.TypeLink {
			links = append(links, header.Linkname)
		}
	}
}
