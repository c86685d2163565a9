package stream

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/layersize"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/layersize/layertest"
)

// TestALinkInPlaceOfAListedDirectoryIsNotExact: containerd sets the times of what the link leads
// to, which may not be there.
func TestALinkInPlaceOfAListedDirectoryIsNotExact(t *testing.T) {
	t.Parallel()
	m := countFiles(t, layertest.MakeTar(
		t, layertest.Directory("a"), layertest.Regular("a/b", 5000), layertest.Symlink("a", "nowhere"),
	))
	if m.Exact || !strings.Contains(m.Note, "symbolic link replaced a directory") || m.DiskBytes.Value != 4096 {
		t.Errorf("%+v", m)
	}
}

// TestSparseFilesAreAsTheirMapsSay: containerd fails where a map and the data disagree.
func TestSparseFilesAreAsTheirMapsSay(t *testing.T) {
	t.Parallel()
	sparse := func(size, sparseMap string, data int64) []byte {
		file := layertest.Regular("a", data)
		file.PAXRecords = map[string]string{
			"XNU.sparse.major": "0", "XNU.sparse.minor": "1", "XNU.sparse.name": "a", "XNU.sparse.numblocks": "1",
			"XNU.sparse.size": size, "XNU.sparse.map": sparseMap,
		}
		tape := layertest.MakeTar(t, file, layertest.Regular("b", 100))
		return bytes.ReplaceAll(tape, []byte("XNU.sparse"), []byte("GNU.sparse")) // the library writes none
	}
	if m := countFiles(t, sparse("900000", "4096,512", 512)); !m.Exact || m.DiskBytes.Value != 4096*(1+220+1) {
		t.Errorf("%+v", m)
	}
	for name, tape := range map[string][]byte{
		"data are missing":      sparse("900000", "4096,1024", 512),
		"there are more data":   sparse("900000", "4096,512", 1024),
		"the map goes too far":  sparse("900000", "899900,512", 512),
		"the map is cut short":  sparse("900000", "4096", 512),
		"the map is of no form": sparse("900000", "4096,x", 512),
	} {
		_, err := Measure(t.Context(), layertest.NewLayer(layertest.TypeOCIPlain, tape), Limits{})
		if !errors.Is(err, layersize.ErrNotTar) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if m := countFiles(t, sparse("99000000000", "4096,512", 512)); m.Exact || !strings.Contains(m.Note, "sparse") {
		t.Errorf("%+v", m)
	}
}
