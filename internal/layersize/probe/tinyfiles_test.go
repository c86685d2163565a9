package probe

import (
	"fmt"
	"testing"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/layersize"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/layersize/layertest"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/layersize/streamtest"
)

// TestFilesOfOneSizeAreKnownByTheirDistance: their headers are copies of each other, the size among
// them, and on the disk each takes a block of 4 KiB, six times what it takes in the tar's length on
// average.
func TestFilesOfOneSizeAreKnownByTheirDistance(t *testing.T) {
	t.Parallel()
	var files []layertest.File
	for i := range 40_000 {
		if i%1000 == 0 {
			files = append(files, layertest.Directory(fmt.Sprintf("modules/m%04d/", i/1000)))
		}
		files = append(files, layertest.Regular(fmt.Sprintf("modules/m%04d/file-%04d.js", i/1000, i%1000), 90))
	}
	data := layertest.MakeTar(t, files...)
	want := streamtest.CountFiles(t, data)
	for how, l := range map[string]layersize.Layer{
		"gzip": layertest.NewLayer(layertest.TypeOCIGzip, layertest.Gzip(t, data)),
		"zstd": layertest.NewLayer(layertest.TypeOCIZstd, layertest.Zstd(t, data)),
	} {
		m, _ := probed(t, l, l.Size/4)
		if off := float64(m.DiskBytes.Value)/float64(want.DiskBytes.Value) - 1; off < -0.15 || off > 0.3 {
			t.Errorf("%s: off by %+.0f %%: %+v of %d", how, 100*off, m, want.DiskBytes.Value)
		}
	}
}
