package probe

import (
	"archive/tar"
	"bytes"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/layersize"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/layersize/layertest"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/layersize/streamtest"
)

// sourceTree packs the sources of Go's commands: a real tree of some thousand small files, which
// every machine has that runs this. With access times each file has an extended header, as GNU tar
// and others write.
func sourceTree(t *testing.T, withTimes bool) []byte {
	t.Helper()
	root, err := exec.CommandContext(t.Context(), "go", "env", "GOROOT").Output()
	if err != nil {
		t.Fatal(err)
	}
	top := filepath.Join(strings.TrimSpace(string(root)), "src", "cmd")
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	err = filepath.WalkDir(top, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.IsDir() && !d.Type().IsRegular() {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		name, _ := filepath.Rel(top, path)
		h := &tar.Header{
			Name:     filepath.ToSlash(name),
			Mode:     0o644,
			Size:     info.Size(),
			Typeflag: tar.TypeReg,
			ModTime:  time.Unix(1_700_000_000, 0),
		}
		if withTimes {
			h.Format, h.AccessTime = tar.FormatPAX, info.ModTime().Add(time.Duration(b.Len())*time.Nanosecond)
		}
		if d.IsDir() {
			h.Name, h.Mode, h.Size, h.Typeflag = h.Name+"/", 0o755, 0, tar.TypeDir
			return w.WriteHeader(h)
		}
		content, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		if err := w.WriteHeader(h); err != nil {
			return err
		}
		_, err = w.Write(content)
		return err
	})
	if err != nil || w.Close() != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// TestFilesOfARealTree: from a third of its bytes, the files of a tree of sources are known to a
// half, and what it holds on the disk to a tenth, between bounds that hold it.
func TestFilesOfARealTree(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("packs 60 MB")
	}
	for name, withTimes := range map[string]bool{"plain": false, "extended headers": true} {
		data := sourceTree(t, withTimes)
		want := streamtest.CountFiles(t, data)
		m, _ := probed(t, layertest.NewLayer(layertest.TypeOCIGzip, layertest.Gzip(t, data)), 4<<20)
		if m.Exact || m.Method == layersize.MethodStreamed {
			t.Fatalf("%s: counted by a part of it: %+v", name, m)
		}
		if d := m.DiskBytes; d.Min > want.DiskBytes.Value || d.Max < want.DiskBytes.Value {
			t.Errorf("%s: %d is not within %+v", name, want.DiskBytes.Value, d)
		}
		if off := float64(m.DiskBytes.Value)/float64(want.DiskBytes.Value) - 1; off < -0.1 || off > 0.1 {
			t.Errorf("%s: off by %+.1f %%", name, 100*off)
		}
		if part := float64(m.LikelyInodes) / float64(*want.Inodes); part < 1/1.5 || part > 1.5 {
			t.Errorf("%s: %d inodes of %d", name, m.LikelyInodes, *want.Inodes)
		}
		t.Logf(
			"%s: %d bytes, %+v of %d, %d inodes of %d",
			name,
			len(data),
			m.DiskBytes,
			want.DiskBytes.Value,
			m.LikelyInodes,
			*want.Inodes,
		)
	}
}
