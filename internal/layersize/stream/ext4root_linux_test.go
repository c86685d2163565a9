package stream

import (
	"archive/tar"
	"bytes"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/disksize"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/layersize/layertest"
)

// TestCountAgreesWithExt4 unpacks tars onto a real ext4 and compares what that took with what was
// counted. It needs root and loop devices: TKEIMAGE_ROOT_TESTS=1. A tar of one's own joins in as
// TKEIMAGE_ROOT_TEST_TAR.
func TestCountAgreesWithExt4(t *testing.T) {
	if os.Getenv("TKEIMAGE_ROOT_TESTS") != "1" {
		t.Skip("needs root: set TKEIMAGE_ROOT_TESTS=1")
	}
	cases := ext4Corpus(t)
	if own := os.Getenv("TKEIMAGE_ROOT_TEST_TAR"); own != "" {
		data, err := os.ReadFile(own)
		if err != nil {
			t.Fatal(err)
		}
		cases[filepath.Base(own)] = data
	}
	for name, data := range cases {
		t.Run(name, func(t *testing.T) {
			m := countFiles(t, data)
			used, inodes := unpackOnExt4(t, data)
			t.Logf("%d entries: counted %d bytes (%d to %d) and %d inodes, ext4 used %d and %d",
				*m.Inodes, m.DiskBytes.Value, m.DiskBytes.Min, m.DiskBytes.Max, *m.Inodes, used, inodes)
			if m.Note != "" || len(m.Refusals) > 0 {
				t.Errorf("the count is not certain: %s, %q", m.Note, m.Refusals)
			}
			if *m.Inodes != inodes {
				t.Errorf("counted %d inodes, ext4 has %d more than before", *m.Inodes, inodes)
			}
			// Maps of extents are estimated: they depend on where the file system has room.
			slack := int64(0)
			if name == "one large file" {
				slack = 4 * disksize.BlockSize
			}
			if used < m.DiskBytes.Min-slack || used > m.DiskBytes.Max+slack {
				t.Errorf("counted %d to %d bytes, ext4 holds %d", m.DiskBytes.Min, m.DiskBytes.Max, used)
			}
			if off, most := m.DiskBytes.Value-used, 2*disksize.BlockSize+used/25; off < -most || off > most {
				t.Errorf("counted %d bytes, ext4 holds %d: %+d", m.DiskBytes.Value, used, off)
			}
		})
	}
}

func ext4Corpus(t *testing.T) map[string][]byte {
	t.Helper()
	random := rand.New(rand.NewPCG(7, 7))
	tree := func(directories, files int, size func() int64) []layertest.File {
		var list []layertest.File
		for d := range directories {
			list = append(list, layertest.Directory(fmt.Sprintf("d%d/", d)))
			for f := range files {
				list = append(list, layertest.Regular(fmt.Sprintf("d%d/file-%05d.txt", d, f), size()))
			}
		}
		return list
	}
	short := strings.Repeat("s", 59)
	long := strings.Repeat("l", 60)
	return map[string][]byte{
		"nothing":            layertest.MakeTar(t),
		"links side by side": layertest.MakeTar(t, farm(40, 200)...),
		"many tiny files":    layertest.MakeTar(t, tree(20, 1000, func() int64 { return 100 })...),
		"a large directory":  layertest.MakeTar(t, tree(1, 30000, func() int64 { return 0 })...),
		"mixed sizes":        layertest.MakeTar(t, tree(50, 50, func() int64 { return random.Int64N(40000) })...),
		"one large file":     layertest.MakeTar(t, layertest.Regular("weights.bin", 700<<20)),
		"implied directories": layertest.MakeTar(
			t,
			layertest.Regular("a/b/c/d/e", 5000),
			layertest.Regular("a/b/x/y", 1),
			layertest.Symlink("q/r/s", "t"),
		),
		"links": layertest.MakeTar(
			t,
			layertest.Regular("file", 10000),
			layertest.Hardlink("again", "file"),
			layertest.Hardlink("sub/once-more", "./again"),
			layertest.Symlink("short", short),
			layertest.Symlink("long", long),
			layertest.Symlink("longest", strings.Repeat("p", 4000)),
		),
		"devices and fifos": layertest.MakeTar(
			t,
			layertest.Directory("dev"),
			layertest.Device("dev/null"),
			layertest.FIFO("dev/pipe"),
			layertest.Device("dev/zero"),
		),
		"whiteouts": layertest.MakeTar(
			t,
			layertest.Directory("etc"),
			layertest.Regular("etc/.wh.passwd", 0),
			layertest.Regular("gone/.wh..wh..opq", 0),
			layertest.Regular(".wh.top", 0),
		),
		"extended attributes": layertest.MakeTar(
			t,
			layertest.Regular("small", 100).With(map[string]string{"user.a": strings.Repeat("v", 68)}),
			layertest.Regular("large", 100).With(map[string]string{"user.a": strings.Repeat("v", 69)}),
			layertest.Regular("two", 0).With(map[string]string{
				"user.a": strings.Repeat("1", 20), "user.b": strings.Repeat("2", 300),
			}),
			layertest.Regular("same-1", 0).With(map[string]string{"user.c": strings.Repeat("3", 500)}),
			layertest.Regular("same-2", 0).With(map[string]string{"user.c": strings.Repeat("3", 500)}),
			layertest.Directory("d").With(map[string]string{"user.d": strings.Repeat("4", 1000)}),
		),
		"replaced": layertest.MakeTar(
			t,
			layertest.Regular("a", 100000),
			layertest.Regular("a", 10),
			layertest.Directory("b"),
			layertest.Regular("b/c", 5000),
			layertest.Regular("b/d/e", 5000),
			layertest.Regular("b", 1),
			layertest.Regular("f", 1),
			layertest.Directory("f"),
			layertest.Regular("f/g", 1),
			layertest.Symlink("h", "a"),
			layertest.Regular("h", 9000),
			layertest.Regular("i", 20000),
			layertest.Hardlink("j", "i"),
			layertest.Regular("i", 1),
		),
		"sparse": sparseTar(t),
		"long names": layertest.MakeTar(
			t,
			layertest.Regular(strings.Repeat("n", 255), 1),
			layertest.Regular(strings.Repeat("deep/", 100)+"x", 4097),
		),
	}
}

// farm is directories of symbolic links with names of 24 bytes.
func farm(directories, links int) []layertest.File {
	var list []layertest.File
	for d := range directories {
		list = append(list, layertest.Directory(fmt.Sprintf("d%d/", d)))
		for l := range links {
			list = append(list, layertest.Symlink(fmt.Sprintf("d%d/%024d", d, l*7919), "../x"))
		}
	}
	return list
}

// sparseTar has GNU tar write a sparse file as PAX does.
func sparseTar(t *testing.T) []byte {
	t.Helper()
	dir := t.TempDir()
	f, err := os.Create(filepath.Join(dir, "sparse"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.WriteAt([]byte("data"), 5<<20); err != nil {
		t.Fatal(err)
	}
	if err := f.Truncate(50 << 20); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command("tar", "--sparse", "--format=pax", "-C", dir, "-c", "sparse").Output()
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// unpackOnExt4 returns how many bytes and inodes the tar takes on a fresh file system, in a
// directory of its own, applied by the rules of containerd.
func unpackOnExt4(t *testing.T, data []byte) (bytes, inodes int64) {
	t.Helper()
	dir := t.TempDir()
	disk, mount := filepath.Join(dir, "disk"), filepath.Join(dir, "mount")
	run := func(name string, arguments ...string) {
		if out, err := exec.Command(name, arguments...).CombinedOutput(); err != nil {
			t.Fatalf("%s: %v\n%s", name, err, out)
		}
	}
	if err := os.WriteFile(disk, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(disk, 8<<30); err != nil {
		t.Fatal(err)
	}
	run("mkfs.ext4", "-q", "-F", disk)
	if err := os.Mkdir(mount, 0o700); err != nil {
		t.Fatal(err)
	}
	run("mount", "-o", "loop", disk, mount)
	defer run("umount", mount)

	before := statfs(t, mount)
	root := filepath.Join(mount, "layer")
	if err := os.Mkdir(root, 0o755); err != nil {
		t.Fatal(err)
	}
	apply(t, root, data)
	after := statfs(t, mount)
	return int64(before.Bfree-after.Bfree) * before.Bsize, int64(before.Ffree - after.Ffree)
}

func statfs(t *testing.T, path string) syscall.Statfs_t {
	t.Helper()
	syscall.Sync()
	var s syscall.Statfs_t
	if err := syscall.Statfs(path, &s); err != nil {
		t.Fatal(err)
	}
	return s
}

// apply unpacks a tar as containerd does for overlayfs, in a few lines and for tars that are well
// made.
func apply(t *testing.T, root string, data []byte) {
	t.Helper()
	r := tar.NewReader(bytes.NewReader(data))
	for {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			return
		}
		if err == nil {
			err = applyEntry(root, h, r)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

func applyEntry(root string, h *tar.Header, content io.Reader) error {
	path := filepath.Join(root, h.Name)
	if path == root {
		return nil
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	dir, base := filepath.Split(path)
	if base == ".wh..wh..opq" {
		return syscall.Setxattr(dir, "trusted.overlay.opaque", []byte("y"), 0)
	}
	if name, ok := strings.CutPrefix(base, ".wh."); ok {
		return syscall.Mknod(dir+name, syscall.S_IFCHR, 0)
	}
	if info, err := os.Lstat(path); err == nil && (!info.IsDir() || h.Typeflag != tar.TypeDir) {
		if err := os.RemoveAll(path); err != nil {
			return err
		}
	}
	if err := create(root, path, h, content); err != nil {
		return err
	}
	for key, value := range h.PAXRecords {
		if name, ok := strings.CutPrefix(key, "SCHILY.xattr."); ok {
			if err := syscall.Setxattr(path, name, []byte(value), 0); err != nil {
				return fmt.Errorf("%s of %s: %w", name, path, err)
			}
		}
	}
	return nil
}

func create(root, path string, h *tar.Header, content io.Reader) error {
	switch h.Typeflag {
	case tar.TypeDir:
		if err := os.Mkdir(path, 0o755); err != nil && !os.IsExist(err) {
			return err
		}
		return nil
	case tar.TypeSymlink:
		return os.Symlink(h.Linkname, path)
	case tar.TypeLink:
		return os.Link(filepath.Join(root, h.Linkname), path)
	case tar.TypeChar:
		return syscall.Mknod(path, syscall.S_IFCHR, int(h.Devmajor<<8|h.Devminor))
	case tar.TypeBlock:
		return syscall.Mknod(path, syscall.S_IFBLK, int(h.Devmajor<<8|h.Devminor))
	case tar.TypeFifo:
		return syscall.Mknod(path, syscall.S_IFIFO, 0)
	}
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	if _, err := io.CopyBuffer(struct{ io.Writer }{f}, content, make([]byte, 32<<10)); err != nil {
		return err
	}
	return f.Close()
}
