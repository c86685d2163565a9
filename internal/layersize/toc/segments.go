package toc

import (
	"errors"
	"fmt"
	"hash/maphash"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/layersize"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/layersize/compression"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/layersize/tarball"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/mediatype"
)

// Where a table of contents names an offset, a gzip member or a Zstandard frame begins, so that the
// table cuts the blob into segments that can be unpacked one by one. What each of them holds
// follows from the table: some bytes of a file, and the headers of the entries that come next, the
// last of which is the file whose bytes the next segment begins with.

// Segment is a part of the blob between two offsets that the table names.
type Segment struct {
	At       int64  // where it begins in the blob
	Data     int64  // bytes of one file that it begins with
	Digest   uint64 // of these bytes, as hashed by segments; 0 where the table has none
	Headers  uint64 // of the entries whose headers follow
	Entries  int64
	Padding  int64 // between the data and the headers
	Min, Max int64 // what it unpacks to
}

// addLength adds to what a segment unpacks to.
func (s *Segment) addLength(least, most int64) {
	s.Min, s.Max = layersize.SaturatingSum(s.Min, 1, least), layersize.SaturatingSum(s.Max, 1, most)
}

// maxSegments bounds the memory that they take, to some 70 MB.
const maxSegments = 1 << 20

var (
	errOrder    = errors.New("its chunks do not follow one another")
	errChunks   = errors.New("its chunks do not fill their file")
	errSegments = errors.New("it has more chunks than are checked")
)

// Segments are built from the entries of a table in their order.
type Segments struct {
	seed    maphash.Seed
	List    []Segment
	file    Entry // whose chunks are expected
	done    int64 // bytes of it that were listed
	Payload int64 // where the last segment ends
}

// NewSegments returns the segments of a blob whose last one ends at payload.
func NewSegments(payload int64) *Segments {
	return &Segments{seed: maphash.MakeSeed(), List: make([]Segment, 1), Payload: payload}
}

func (s *Segments) lastSegment() *Segment { return &s.List[len(s.List)-1] }

// Add places one entry of the table.
func (s *Segments) Add(e Entry) error {
	if e.Type == "chunk" {
		return s.addChunk(e)
	}
	if s.done < s.file.Size {
		return errChunks
	}
	header, last := HeaderLength(e), s.lastSegment()
	last.Entries++
	last.Headers = s.HashHeader(last.Headers, e)
	last.addLength(header.Min, header.Max)
	s.file, s.done = Entry{}, 0
	if e.Type != "reg" || e.Size == 0 {
		return nil
	}
	s.file = e
	return s.addChunk(e)
}

// addChunk places the next bytes of a file.
func (s *Segments) addChunk(e Entry) error {
	rest := s.file.Size - s.done
	length := e.ChunkSize
	if length == 0 {
		length = rest
	}
	if rest == 0 || length < 0 || length > rest || e.ChunkOffset != s.done {
		return errChunks
	}
	s.done += length
	padding := int64(0)
	if s.done == s.file.Size {
		padding = tarball.Pad(s.file.Size) - s.file.Size
	}
	if e.Inner > 0 && e.Offset == s.lastSegment().At {
		last := s.lastSegment() // several files in one segment, or several chunks
		if last.Data > 0 && last.Entries == 0 {
			last.Data, last.Padding, last.Digest = last.Data+length, padding, 0
		}
		last.addLength(length+padding, length+padding)
		return nil
	}
	if err := s.beginSegment(e.Offset); err != nil {
		return err
	}
	last := s.lastSegment()
	last.Data, last.Padding = length, padding
	last.Min, last.Max = layersize.SaturatingSum(length, 1, padding), layersize.SaturatingSum(length, 1, padding)
	digest := e.ChunkDigest
	if digest == "" && length == s.file.Size {
		digest = s.file.Digest
	}
	if strings.HasPrefix(digest, "sha256:") {
		last.Digest = s.HashText(digest)
	}
	if s.done == s.file.Size && s.file.EndOffset > 0 {
		return s.splitAfterFile()
	}
	return nil
}

// splitAfterFile begins a segment for what follows a file whose end in the blob the table names.
func (s *Segments) splitAfterFile() error {
	last := s.lastSegment()
	padding := last.Padding
	last.Padding, last.Min, last.Max = 0, last.Data, last.Data
	if err := s.beginSegment(s.file.EndOffset); err != nil {
		return err
	}
	next := s.lastSegment()
	next.Padding, next.Min, next.Max = padding, padding, padding
	return nil
}

func (s *Segments) beginSegment(at int64) error {
	if at <= s.lastSegment().At || at > s.Payload {
		return errOrder
	}
	if len(s.List) >= maxSegments {
		return errSegments
	}
	s.List = append(s.List, Segment{At: at})
	return nil
}

// EndOf is where a segment ends in the blob.
func (s *Segments) EndOf(i int) int64 {
	if i+1 < len(s.List) {
		return s.List[i+1].At
	}
	return s.Payload
}

// HashText returns the hash of a text, which is not 0.
func (s *Segments) HashText(text string) uint64 { return max(maphash.String(s.seed, text), 1) }

// HashHeader adds what a header says of an entry to what the headers before it say.
func (s *Segments) HashHeader(before uint64, e Entry) uint64 {
	var text strings.Builder
	fmt.Fprintf(&text, "%x %s %d %q %q", before, e.Type, e.Size, cleanName(e.Name), "")
	if e.Type == "hardlink" {
		fmt.Fprintf(&text, " %q", cleanName(e.Link))
	} else {
		fmt.Fprintf(&text, " %q", e.Link)
	}
	for _, name := range slices.Sorted(maps.Keys(e.Xattrs)) {
		fmt.Fprintf(&text, " %q=%q", name, e.Xattrs[name])
	}
	return s.HashText(text.String())
}

func cleanName(name string) string { return path.Clean("/" + name) }

// CheckPlausible looks at all segments: the last file is whole, and each segment can hold, when
// packed by any sensible encoder, what the table says that it holds.
func (s *Segments) CheckPlausible(packed mediatype.Compression) error {
	if s.done < s.file.Size {
		return errChunks
	}
	last := s.lastSegment()
	last.Max = layersize.SaturatingSum(last.Max, 1, tarball.MostTail)
	for i, seg := range s.List {
		size := s.EndOf(i) - seg.At
		if !PlausibleSegment(seg, size, packed) {
			return fmt.Errorf("the %d bytes at %d cannot hold %d", size, seg.At, seg.Min)
		}
	}
	return nil
}

// PlausibleSegment reports whether so many compressed bytes can hold a segment. Encoders add little
// to what does not compress: headers, checksums, the lengths of stored blocks, and some bytes where
// a writer flushes before each entry.
func PlausibleSegment(seg Segment, size int64, packed mediatype.Compression) bool {
	const slack, entrySlack = 512, 64
	if size > layersize.SaturatingSum(seg.Max+slack+seg.Max/64, entrySlack, seg.Entries) {
		return false
	}
	if packed == mediatype.Zstandard { // a block of 4 bytes for 128 KiB, and one more
		return seg.Min/(32<<10) <= size+4
	}
	return seg.Min/compression.DeflateLimit <= size
}
