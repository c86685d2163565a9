package probe

import (
	"archive/tar"
	"bytes"
	"strings"
	"testing"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/disksize"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/layersize/layertest"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/layersize/streamtest"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/layersize/tarball"
)

// TestLookCountsWhatEntriesGain holds the figures of single headers against the files counted one
// by one.
func TestLookCountsWhatEntriesGain(t *testing.T) {
	t.Parallel()
	for name, files := range map[string][]layertest.File{
		"a file of one byte":     {layertest.Regular("f", 1)},
		"a file of whole blocks": {layertest.Regular("f", 8192)},
		"an empty file":          {layertest.Regular("f", 0)},
		"a directory":            {layertest.Directory("d/")},
		"a short symbolic link":  {layertest.Symlink("l", "target")},
		"a long symbolic link":   {layertest.Symlink("l", strings.Repeat("t", 90))},
		"a file and a hard link": {layertest.Regular("f", 5000), layertest.Hardlink("g", "f")},
		"a name of two headers": {{
			Header: tar.Header{
				Name: strings.Repeat("n", 150), Typeflag: tar.TypeReg, Size: 10, Mode: 0o644, Format: tar.FormatPAX,
			},
			Content: []byte("0123456789"),
		}},
		"a few of everything": {
			layertest.Directory("d/"), layertest.Regular("d/f", 5000), layertest.Symlink("d/l", "f"),
			layertest.Regular("d/g", 4096),
		},
	} {
		data := layertest.MakeTar(t, files...)
		entries := bytes.TrimRight(data, "\x00")
		got := findHeaders(data)
		// The root directory is no entry, and the tar ends with zeros.
		length := int64((len(entries) + tarball.BlockSize - 1) / tarball.BlockSize * tarball.BlockSize)
		want := streamtest.CountFiles(t, data).DiskBytes.Value - disksize.BlockSize - length
		if got.gain != want {
			t.Errorf("%s: the disk gains %d bytes, not %d", name, got.gain, want)
		}
		if got.entries != int64(len(files)) {
			t.Errorf("%s: %d entries", name, got.entries)
		}
	}
}

// TestPlainEstimatesAreNear: of a tar of many files the disk is known to a few hundredths from a
// part of it.
func TestPlainEstimatesAreNear(t *testing.T) {
	t.Parallel()
	for _, mean := range []int64{2_000, 20_000, 60_000} {
		data := layertest.MakeTar(t, layertest.Mixture(int(24<<20/mean), mean)...)
		want := float64(streamtest.CountFiles(t, data).DiskBytes.Value)
		m, _ := probed(t, layertest.NewLayer(layertest.TypeOCIPlain, data), 8<<20)
		if off := float64(m.DiskBytes.Value)/want - 1; off < -0.02 || off > 0.04 {
			t.Errorf("files of %d bytes: off by %.1f %%: %+v of %.0f", mean, 100*off, m.DiskBytes, want)
		}
	}
}
