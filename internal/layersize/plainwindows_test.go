package layersize

import (
	"archive/tar"
	"bytes"
	"strings"
	"testing"
)

// TestLookCountsWhatEntriesGain holds the figures of single headers against the files counted one by one.
func TestLookCountsWhatEntriesGain(t *testing.T) {
	t.Parallel()
	for name, files := range map[string][]file{
		"a file of one byte":     {regular("f", 1)},
		"a file of whole blocks": {regular("f", 8192)},
		"an empty file":          {regular("f", 0)},
		"a directory":            {directory("d/")},
		"a short symbolic link":  {symlink("l", "target")},
		"a long symbolic link":   {symlink("l", strings.Repeat("t", 90))},
		"a file and a hard link": {regular("f", 5000), hardlink("g", "f")},
		"a name of two headers":  {{Header: tar.Header{Name: strings.Repeat("n", 150), Typeflag: tar.TypeReg, Size: 10, Mode: 0o644, Format: tar.FormatPAX}, content: []byte("0123456789")}},
		"a few of everything":    {directory("d/"), regular("d/f", 5000), symlink("d/l", "f"), regular("d/g", 4096)},
	} {
		data := makeTar(t, files...)
		entries := bytes.TrimRight(data, "\x00")
		got := look(data)
		// The root directory is no entry, and the tar ends with zeros.
		want := stream(t, data).DiskBytes.Value - blockSize - int64((len(entries)+tarBlock-1)/tarBlock*tarBlock)
		if got.gain != want {
			t.Errorf("%s: the disk gains %d bytes, not %d", name, got.gain, want)
		}
		if got.entries != int64(len(files)) {
			t.Errorf("%s: %d entries", name, got.entries)
		}
	}
}

// TestPlainEstimatesAreNear: of a tar of many files the disk is known to a few hundredths from a part of it.
func TestPlainEstimatesAreNear(t *testing.T) {
	t.Parallel()
	for _, mean := range []int64{2_000, 20_000, 60_000} {
		data := makeTar(t, mixture(int(24<<20/mean), mean)...)
		want := float64(stream(t, data).DiskBytes.Value)
		m, _ := probed(t, layer(typeOCIPlain, data), 8<<20)
		if off := float64(m.DiskBytes.Value)/want - 1; off < -0.02 || off > 0.04 {
			t.Errorf("files of %d bytes: off by %.1f %%: %+v of %.0f", mean, 100*off, m.DiskBytes, want)
		}
	}
}
