package probe

import (
	"testing"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/layersize"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/layersize/layertest"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/layersize/streamtest"
)

// TestInodesAreLikelyWhereTheyAreNotCounted: a disk may have bytes enough and not the inodes, and
// the pull then ends with the same words. Extended headers are not entries, and an estimate may lie
// above the truth (of headers whose kind a window does not show, all are taken for entries) rather
// than below it.
func TestInodesAreLikelyWhereTheyAreNotCounted(t *testing.T) {
	t.Parallel()
	small := layertest.Mixture(12_000, 700)
	withAttributes := layertest.Mixture(6_000, 900)
	for i, f := range withAttributes {
		withAttributes[i] = f.With(map[string]string{"user.origin": "a value that makes a PAX header necessary"})
	}
	for name, files := range map[string][]layertest.File{"small files": small, "extended headers": withAttributes} {
		data := layertest.MakeTar(t, files...)
		counted := streamtest.CountFiles(t, data)
		if counted.Inodes == nil || counted.LikelyInodes != *counted.Inodes {
			t.Errorf("%s: %d are likely of %v that were counted", name, counted.LikelyInodes, counted.Inodes)
		}
		for how, l := range map[string]layersize.Layer{
			"gzip": layertest.NewLayer(layertest.TypeOCIGzip, layertest.Gzip(t, data)),
			"zstd": layertest.NewLayer(layertest.TypeOCIZstd, layertest.Zstd(t, data)),
			"tar":  layertest.NewLayer(layertest.TypeOCIPlain, data),
		} {
			m, _ := probed(t, l, l.Size/3)
			if m.Inodes != nil {
				t.Fatalf("%s, %s: counted, with a third of the layer", name, how)
			}
			if off := float64(m.LikelyInodes)/float64(*counted.Inodes) - 1; off < -0.05 || off > 1.2 {
				t.Errorf(
					"%s, %s: %d inodes are likely, %d there are (%+.0f %%)",
					name,
					how,
					m.LikelyInodes,
					*counted.Inodes,
					100*off,
				)
			}
		}
	}
	m := Declare(layertest.NewLayer(layertest.TypeOCIGzip, layertest.Gzip(t, layertest.MakeTar(t, small...))))
	if m.LikelyInodes != 0 {
		t.Errorf("%d inodes of a layer that was not opened", m.LikelyInodes)
	}
}
