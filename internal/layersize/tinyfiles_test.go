package layersize

import (
	"fmt"
	"testing"
)

// TestFilesOfOneSizeAreKnownByTheirDistance: their headers are copies of each other, the size among them, and on the disk each
// takes a block of 4 KiB, six times what it takes in the tar's length on average.
func TestFilesOfOneSizeAreKnownByTheirDistance(t *testing.T) {
	t.Parallel()
	var files []file
	for i := range 40_000 {
		if i%1000 == 0 {
			files = append(files, directory(fmt.Sprintf("modules/m%04d/", i/1000)))
		}
		files = append(files, regular(fmt.Sprintf("modules/m%04d/file-%04d.js", i/1000, i%1000), 90))
	}
	data := makeTar(t, files...)
	want := stream(t, data)
	for how, l := range map[string]Layer{"gzip": layer(typeOCIGzip, gzipped(t, data)), "zstd": layer(typeOCIZstd, zstdCompressed(t, data))} {
		m, _ := probed(t, l, l.Size/4)
		if off := float64(m.DiskBytes.Value)/float64(want.DiskBytes.Value) - 1; off < -0.15 || off > 0.3 {
			t.Errorf("%s: off by %+.0f %%: %+v of %d", how, 100*off, m, want.DiskBytes.Value)
		}
	}
}
