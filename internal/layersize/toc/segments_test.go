package toc

import (
	"archive/tar"
	"bytes"
	"errors"
	"io"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/layersize/layertest"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/layersize/tarball"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/mediatype"
)

// counter counts what is read of a tar.
type counter struct {
	io.Reader
	n int64
}

func (c *counter) Read(p []byte) (int, error) {
	n, err := c.Reader.Read(p)
	c.n += int64(n)
	return n, err
}

// TestHeadersAreAsLongAsATableAllows: of every kind of entry as archive/tar writes it.
func TestHeadersAreAsLongAsATableAllows(t *testing.T) {
	t.Parallel()
	in := &counter{Reader: bytes.NewReader(layertest.Everything(t))}
	archive := tar.NewReader(in)
	end, seen := int64(0), 0
	for ; ; seen++ {
		header, err := archive.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		length, allowed := in.n-end, HeaderLength(EntryOf(header))
		if length < allowed.Min || length > allowed.Max {
			t.Errorf("%s: headers of %d bytes, a table allows %d to %d", header.Name, length, allowed.Min, allowed.Max)
		}
		end = in.n + tarball.Pad(header.Size)
	}
	if seen < 400 {
		t.Errorf("only %d entries were seen", seen)
	}
}

func TestATableCutsABlobWhereItsFilesBegin(t *testing.T) {
	t.Parallel()
	s := NewSegments(1000)
	for _, e := range []Entry{
		{Name: "d", Type: "dir"},
		{Name: "d/a", Type: "reg", Size: 700, Offset: 10, Digest: "sha256:a"},
		{Name: "d/link", Type: "symlink", Link: "a"},
		{Name: "d/b", Type: "reg", Size: 3000, Offset: 200, ChunkSize: 2000},
		{Name: "d/b", Type: "chunk", Offset: 500, ChunkOffset: 2000},
		{Name: "d/empty", Type: "reg"},
	} {
		if err := s.Add(e); err != nil {
			t.Fatalf("%s: %v", e.Name, err)
		}
	}
	type want struct{ At, Data, Entries, Padding int64 }
	var got []want
	for _, seg := range s.List {
		got = append(got, want{seg.At, seg.Data, seg.Entries, seg.Padding})
	}
	expected := []want{{0, 0, 2, 0}, {10, 700, 2, 324}, {200, 2000, 0, 0}, {500, 1000, 1, 72}}
	if diff := cmp.Diff(expected, got); diff != "" {
		t.Error(diff)
	}
	if ends := []int64{s.EndOf(0), s.EndOf(3)}; !cmp.Equal(ends, []int64{10, 1000}) {
		t.Errorf("segments end at %v", ends)
	}
	if s.List[1].Digest != s.HashText("sha256:a") || s.List[2].Digest != 0 {
		t.Error("a file of one chunk has its digest, and a chunk without one has none")
	}
	if err := s.CheckPlausible(mediatype.Gzip); err != nil {
		t.Error(err)
	}
}

func TestTablesThatCannotBeAreRefused(t *testing.T) {
	t.Parallel()
	file := Entry{Name: "a", Type: "reg", Size: 3000, Offset: 10, ChunkSize: 2000}
	chunk := func(offset, from, size int64) Entry {
		return Entry{Name: "a", Type: "chunk", Offset: offset, ChunkOffset: from, ChunkSize: size}
	}
	for name, test := range map[string]struct {
		entries []Entry
		want    error
	}{
		"a gap between chunks":       {[]Entry{file, chunk(20, 2001, 999)}, errChunks},
		"a chunk twice":              {[]Entry{file, chunk(20, 1000, 1000)}, errChunks},
		"a chunk beyond its file":    {[]Entry{file, chunk(20, 2000, 1001)}, errChunks},
		"a chunk of a negative size": {[]Entry{file, chunk(20, 2000, -1)}, errChunks},
		"a chunk of no file":         {[]Entry{chunk(20, 0, 1)}, errChunks},
		"a file that is not whole":   {[]Entry{file, {Name: "b", Type: "dir"}}, errChunks},
		"a last one that is not":     {[]Entry{file}, errChunks},
		"chunks in the blob's order": {[]Entry{file, chunk(10, 2000, 1000)}, errOrder},
		"a chunk behind the payload": {[]Entry{file, chunk(1001, 2000, 1000)}, errOrder},
		"a file at the blob's start": {[]Entry{{Name: "a", Type: "reg", Size: 1}}, errOrder},
		"an end before the beginning": {
			[]Entry{{Name: "a", Type: "reg", Size: 1, Offset: 10, EndOffset: 10}}, errOrder,
		},
	} {
		s := NewSegments(1000)
		var err error
		for _, e := range test.entries {
			if err = s.Add(e); err != nil {
				break
			}
		}
		if err == nil {
			err = s.CheckPlausible(mediatype.Gzip)
		}
		if diff := cmp.Diff(test.want, err, cmpopts.EquateErrors()); diff != "" {
			t.Errorf("%s: got %v, want %v", name, err, test.want)
		}
	}
}

func TestASegmentHoldsNoMoreThanItsCompressionCan(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		segment Segment
		size    int64
		packed  mediatype.Compression
		want    bool
	}{
		{Segment{Min: 1032 * 100, Max: 1032 * 100}, 100, mediatype.Gzip, true},
		{Segment{Min: 1032 * 101, Max: 1032 * 101}, 100, mediatype.Gzip, false},
		{Segment{Min: 104 << 15, Max: 104 << 15}, 100, mediatype.Zstandard, true},
		{Segment{Min: 105 << 15, Max: 105 << 15}, 100, mediatype.Zstandard, false},
		{Segment{Max: 6400}, 6400 + 100 + 512, mediatype.Gzip, true}, // what does not compress grows a little
		{Segment{Max: 6400}, 6400 + 100 + 513, mediatype.Gzip, false},
		{Segment{Max: 6400, Entries: 1}, 6400 + 100 + 513, mediatype.Gzip, true},
	} {
		if got := PlausibleSegment(test.segment, test.size, test.packed); got != test.want {
			t.Errorf("%+v in %d bytes of %s: got %v", test.segment, test.size, test.packed, got)
		}
	}
}

// TestHeadersAreTheSameInEachSpelling: names are compared as containerd makes paths of them, and
// everything else to the letter.
func TestHeadersAreTheSameInEachSpelling(t *testing.T) {
	t.Parallel()
	s := NewSegments(1)
	base := Entry{
		Name: "usr/a", Type: "hardlink", Link: "usr/b", Size: 5, Xattrs: map[string]string{"x": "1", "y": "2"},
	}
	with := func(change func(*Entry)) Entry {
		changed := base
		change(&changed)
		return changed
	}
	hash := s.HashHeader(0, base)
	for _, same := range []Entry{
		with(func(e *Entry) { e.Name = "./usr/a" }),
		with(func(e *Entry) { e.Name, e.Link = "/usr//a", "/usr/b" }),
	} {
		if s.HashHeader(0, same) != hash {
			t.Errorf("%+v counts as another", same)
		}
	}
	for _, other := range []Entry{
		with(func(e *Entry) { e.Name = "usr/A" }),
		with(func(e *Entry) { e.Link = "usr/c" }),
		with(func(e *Entry) { e.Size = 6 }),
		with(func(e *Entry) { e.Type, e.Link = "symlink", "/usr/b" }),
		with(func(e *Entry) { e.Xattrs = map[string]string{"x": "1"} }),
		with(func(e *Entry) { e.Xattrs = map[string]string{"x": "2", "y": "1"} }),
	} {
		if s.HashHeader(0, other) == hash {
			t.Errorf("%+v counts as the same", other)
		}
	}
	if s.HashHeader(1, base) == hash {
		t.Error("the headers before it do not count")
	}
}
