package estimate

import (
	"testing"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/layersize/transcript"
)

// TestWindowsThatMetFewFilesLeaveRoomForMore: windows of a layer whose small files gather in
// directories that none of them met agree on a file or two each. The bounds hold as many files as a
// base system has all the same, and narrow with more windows that agree.
func TestWindowsThatMetFewFilesLeaveRoomForMore(t *testing.T) {
	t.Parallel()
	const size, length = 50 << 20, 120 << 20
	sample := func(windows int) Files {
		f := Files{size: size, length: length}
		for i := range windows {
			w := fileWindow{in: 64 << 10, out: 150 << 10}
			for range 1 + i%3 {
				w.entries = append(w.entries, weighed{transcript.Entry{Kind: '0', Size: 3000}, 1})
			}
			f.windows = append(f.windows, w)
		}
		return f
	}
	const inBaseSystem = 6_700 // as of Debian, whose layer is as long
	few, many := sample(32).Entries(), sample(512).Entries()
	if few.Value > inBaseSystem/2 || few.Max < inBaseSystem {
		t.Errorf("32 windows: %+v", few)
	}
	if many.Max > many.Value*3/2 {
		t.Errorf("512 windows: %+v", many)
	}
	e := Estimate{Files: sample(32)}
	e.Unpacked.Value = length
	if e.FilesKnown(size) {
		t.Error("32 windows know the files")
	}
	if e.Files = sample(512); !e.FilesKnown(size) {
		t.Error("512 windows do not know the files")
	}
}
