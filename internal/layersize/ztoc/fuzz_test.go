package ztoc

import (
	"testing"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/layersize/layertest"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/layersize/ztoctest"
)

// FuzzZTOC reads anything as a zTOC.
func FuzzZTOC(f *testing.F) {
	blob, z, err := ztoctest.Pack(
		layertest.MakeTar(f, layertest.Regular("a", 3000), layertest.Symlink("b", "a"), layertest.Regular("c", 9000)),
		4096,
	)
	if err != nil {
		f.Fatal(err)
	}
	ztoc := z.Bytes()
	f.Add(ztoc)
	f.Add(ztoc[:len(ztoc)/2])
	f.Fuzz(func(t *testing.T, ztoc []byte) {
		m, err := measureZTOC(t.Context(), layertest.NewLayer(layertest.TypeOCIGzip, blob), ztoc, 1<<20)
		if err == nil {
			layertest.CheckSane(t, m)
		}
	})
}
