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

// TestATotalOfNextToNothingIsBoundedByItsError: a header or two among hundreds of windows of a model's
// weights say that it has few files, and not that it may have any number.
func TestATotalOfNextToNothingIsBoundedByItsError(t *testing.T) {
	t.Parallel()
	const err = 38e6
	previous := 0.0
	for _, value := range []float64{1e-3, 1, 1e3, 1e6, 10e6, 38e6, 100e6} {
		lo, hi := skewed(value, err, 100)
		if lo < 0 || lo > value || hi < value+2*err || hi > value+16*err {
			t.Errorf("%g with an error of %g is between %g and %g", value, err, lo, hi)
		}
		previous = hi
	}
	if _, far := skewed(1e9, err, 100); previous > far {
		t.Errorf("%g of less is more than %g of more", previous, far)
	}
}

// TestEntriesOfWhichNothingIsKnownMayBeLinks: of a tree of hard links windows show files, and headers
// that repeat others, of which nothing is known but that no content follows.
func TestEntriesOfWhichNothingIsKnownMayBeLinks(t *testing.T) {
	t.Parallel()
	f := Files{size: 64 << 20, length: 100 << 20}
	for range 64 {
		f.windows = append(f.windows, fileWindow{in: 64 << 10, out: 100 << 10, entries: []weighed{
			{transcript.Entry{Kind: '0', Size: 3000}, 1},
			{transcript.Entry{Size: 0}, 1}, {transcript.Entry{Size: 0}, 1},
		}})
	}
	const files, gained = 1024, 4096 - 3072 - 512 // of 3,000 bytes each
	links, directories := int64(files*(gained-2*512)), int64(files*(gained+2*3584))
	if got := f.Gain(); got.Min > links || got.Max < directories || got.Value < links || got.Value > directories {
		t.Errorf("%+v, want room for %d and %d", got, links, directories)
	}
	for i := range f.windows {
		f.windows[i].entries[1].Kind = '1' // one of two is known
	}
	if got := f.Gain(); got.Max >= directories {
		t.Errorf("%+v, of links that are known", got)
	}
}

// TestWhatStandsAtAnEndCountsOnce: twenty small files behind one large are twenty, not twenty for each
// window that the stream has room for, nor more by the chance that a window at random shows each. Only
// where no window says anything do the ends speak for all.
func TestWhatStandsAtAnEndCountsOnce(t *testing.T) {
	t.Parallel()
	const size, window = 1_600_000, 64 << 10
	show := func(files int) *Observation {
		o := &Observation{Decoded: true, search: window, searchOut: window, bareSearch: window, bareOut: window}
		for range files {
			o.entries = append(o.entries, weighed{transcript.Entry{Kind: '0', Size: 3000}, 1})
		}
		return o
	}
	ends := []*Observation{show(1), show(20)}
	for _, end := range ends { // in blocks that half of the windows at random miss
		end.search, end.searchOut = 2*window, 2*window
		for i := range end.entries {
			end.entries[i].weight = 2
		}
	}
	for _, middle := range [][]*Observation{{show(0)}, {show(0), show(0)}, {show(0), show(0), show(0), show(0), show(0)}} {
		f := sampleFiles(middle, ends, size).Within(size)
		if e := f.Entries(); e.Value != 21 || e.Min > 21 || e.Max < 100 {
			t.Errorf("%d windows without files: %+v entries", len(middle), e)
		}
	}
	more := sampleFiles([]*Observation{show(2), show(2), show(2), show(2)}, ends, size).Entries()
	if want := int64(21 + 2*(size-2*window)/window); more.Value != want || more.Min < 21 {
		t.Errorf("%+v entries, want %d", more, want)
	}
	if alone := sampleFiles(nil, ends, size).Entries(); alone.Value != 21*size/(2*window) {
		t.Errorf("of the ends alone: %+v", alone)
	}
}
