package disksize

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"testing"
)

// freshBlocks is what mke2fs 1.47.0 left free of a disk, and its free inodes, as
// dumpe2fs and, mounted, statfs told.
var freshBlocks = []struct{ gib, blocks, inodes int64 }{
	{16, 4084441, 1048565},
	{20, 5116558, 1310709},
	{21, 5374590, 1376245},
	{31, 7953870, 2031605},
	{32, 8179134, 2097141},
	{50, 12822642, 3276789},
	{63, 16177045, 4128757},
	{64, 16369541, 4194293},
	{100, 25656552, 6553589},
	{127, 32623371, 8323061},
	{128, 32750330, 8388597},
	{250, 64229994, 16383989},
	{500, 128734265, 32767989},
	{1000, 257747999, 65535989},
	{4095, 1056345075, 268369909},
	{4096, 1064991715, 134217717},
	{8192, 2130266082, 268435445},
	{16383, 4260577264, 536838133},
	{16384, 4277614561, 268435445},
	{32000, 8354961824, 524287989},
}

func TestExt4LaysOutWhatMke2fsDoes(t *testing.T) {
	t.Parallel()
	for _, test := range freshBlocks {
		got := Ext4(test.gib)
		want := FileSystem{UsableBytes: (test.blocks - 4096) * 4096, FreeInodes: test.inodes}
		if got != want {
			t.Errorf("%d GiB: got %+v, want %+v", test.gib, got, want)
		}
	}
}

func TestExt4MatchesWhatRootCouldWrite(t *testing.T) {
	t.Parallel()
	for gib, want := range map[int64]int64{20: 19970, 50: 50072, 100: 100205} {
		if got := Ext4(gib).UsableBytes / mib; got < want-1 || got > want+1 {
			t.Errorf("%d GiB: %d MiB can be used, want %d", gib, got, want)
		}
	}
}

func TestALargerDiskOffersMoreBytes(t *testing.T) {
	t.Parallel()
	for size := int64(MinGiB); size < MaxGiB; size++ {
		if Ext4(size+1).UsableBytes <= Ext4(size).UsableBytes {
			t.Fatalf("%d GiB offer %d bytes, %d GiB %d", size, Ext4(size).UsableBytes, size+1, Ext4(size+1).UsableBytes)
		}
	}
}

// TestExt4AgreesWithTheToolsAtHand asks mke2fs itself, with the configuration that
// it is shipped with, on sparse files that hold a few MiB each.
func TestExt4AgreesWithTheToolsAtHand(t *testing.T) {
	t.Parallel()
	mkfs, dump := tool(t, "mkfs.ext4"), tool(t, "dumpe2fs")
	directory := t.TempDir()
	config := filepath.Join(directory, "mke2fs.conf")
	if err := os.WriteFile(config, []byte(mke2fsConfig), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, size := range []int64{20, 30, 40, 50, 80, 110, 200, 320, 640, 1000} {
		disk := filepath.Join(directory, fmt.Sprintf("%d.ext4", size))
		if err := os.WriteFile(disk, nil, 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Truncate(disk, size*GiB); err != nil {
			t.Skipf("no sparse file of %d GiB here: %v", size, err)
		}
		format := exec.Command(mkfs, "-q", "-F", disk)
		format.Env = append(os.Environ(), "MKE2FS_CONFIG="+config)
		if out, err := format.CombinedOutput(); err != nil {
			t.Fatalf("mkfs.ext4: %v\n%s", err, out)
		}
		out, err := exec.Command(dump, "-h", disk).Output()
		if err != nil {
			t.Fatal(err)
		}
		want := FileSystem{
			UsableBytes: (figure(t, out, "Free blocks") - 4096) * 4096,
			FreeInodes:  figure(t, out, "Free inodes"),
		}
		if got := Ext4(size); got != want {
			t.Errorf("%d GiB: got %+v, mke2fs gives %+v", size, got, want)
		}
		if err := os.Remove(disk); err != nil {
			t.Fatal(err)
		}
	}
}

const mib = 1 << 20

const mke2fsConfig = `[defaults]
	base_features = sparse_super,large_file,filetype,resize_inode,dir_index,ext_attr
	default_mntopts = acl,user_xattr
	enable_periodic_fsck = 0
	blocksize = 4096
	inode_size = 256
	inode_ratio = 16384
[fs_types]
	ext4 = {
		features = has_journal,extent,huge_file,flex_bg,metadata_csum,64bit,dir_nlink,extra_isize
	}
`

// tool finds a program that may stand outside the path of ordinary users.
func tool(t *testing.T, name string) string {
	t.Helper()
	for _, candidate := range []string{name, "/usr/sbin/" + name, "/sbin/" + name} {
		if path, err := exec.LookPath(candidate); err == nil {
			return path
		}
	}
	t.Skipf("%s is not installed", name)
	return ""
}

func figure(t *testing.T, text []byte, name string) int64 {
	t.Helper()
	match := regexp.MustCompile(`(?m)^` + name + `:\s+(\d+)$`).FindSubmatch(text)
	if match == nil {
		t.Fatalf("no %q in %s", name, text)
	}
	n, err := strconv.ParseInt(string(match[1]), 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	return n
}
