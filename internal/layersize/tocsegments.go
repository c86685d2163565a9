package layersize

import (
	"errors"
	"fmt"
	"hash/maphash"
	"maps"
	"path"
	"slices"
	"strings"
)

// Where a table of contents names an offset, a gzip member or a Zstandard frame begins, so
// that the table cuts the blob into segments that can be unpacked one by one. What each of
// them holds follows from the table: some bytes of a file, and the headers of the entries
// that come next, the last of which is the file whose bytes the next segment begins with.

// segment is a part of the blob between two offsets that the table names.
type segment struct {
	at       int64  // where it begins in the blob
	data     int64  // bytes of one file that it begins with
	digest   uint64 // of these bytes, as hashed by segments; 0 where the table has none
	headers  uint64 // of the entries whose headers follow
	entries  int64
	padding  int64 // between the data and the headers
	min, max int64 // what it unpacks to
}

// maxSegments bounds the memory that they take, to some 70 MB.
const maxSegments = 1 << 20

var (
	errOrder    = errors.New("its chunks do not follow one another")
	errChunks   = errors.New("its chunks do not fill their file")
	errSegments = errors.New("it has more chunks than are checked")
)

// segments are built from the entries of a table in their order.
type segments struct {
	seed    maphash.Seed
	list    []segment
	file    tocEntry // whose chunks are expected
	done    int64    // bytes of it that were listed
	payload int64    // where the last segment ends
}

func newSegments(payload int64) *segments {
	return &segments{seed: maphash.MakeSeed(), list: make([]segment, 1), payload: payload}
}

func (s *segments) last() *segment { return &s.list[len(s.list)-1] }

// add places one entry of the table.
func (s *segments) add(e tocEntry) error {
	if e.Type == "chunk" {
		return s.addChunk(e)
	}
	if s.done < s.file.Size {
		return errChunks
	}
	header, last := headerLength(e), s.last()
	last.entries++
	last.headers = s.hashHeader(last.headers, e)
	last.min, last.max = saturating(last.min, 1, header.Min), saturating(last.max, 1, header.Max)
	s.file, s.done = tocEntry{}, 0
	if e.Type != "reg" || e.Size == 0 {
		return nil
	}
	s.file = e
	return s.addChunk(e)
}

// addChunk places the next bytes of a file.
func (s *segments) addChunk(e tocEntry) error {
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
		padding = padded(s.file.Size) - s.file.Size
	}
	if e.Inner > 0 && e.Offset == s.last().at {
		last := s.last() // several files in one segment, or several chunks
		if last.data > 0 && last.entries == 0 {
			last.data, last.padding, last.digest = last.data+length, padding, 0
		}
		last.min, last.max = saturating(last.min, 1, length+padding), saturating(last.max, 1, length+padding)
		return nil
	}
	if err := s.begin(e.Offset); err != nil {
		return err
	}
	last := s.last()
	last.data, last.padding = length, padding
	last.min, last.max = saturating(length, 1, padding), saturating(length, 1, padding)
	digest := e.ChunkDigest
	if digest == "" && length == s.file.Size {
		digest = s.file.Digest
	}
	if strings.HasPrefix(digest, "sha256:") {
		last.digest = s.hash(digest)
	}
	if s.done == s.file.Size && s.file.EndOffset > 0 {
		return s.split()
	}
	return nil
}

// split begins a segment for what follows a file whose end in the blob the table names.
func (s *segments) split() error {
	last := s.last()
	padding := last.padding
	last.padding, last.min, last.max = 0, last.data, last.data
	if err := s.begin(s.file.EndOffset); err != nil {
		return err
	}
	next := s.last()
	next.padding, next.min, next.max = padding, padding, padding
	return nil
}

func (s *segments) begin(at int64) error {
	if at <= s.last().at || at > s.payload {
		return errOrder
	}
	if len(s.list) >= maxSegments {
		return errSegments
	}
	s.list = append(s.list, segment{at: at})
	return nil
}

// end is where a segment ends in the blob.
func (s *segments) end(i int) int64 {
	if i+1 < len(s.list) {
		return s.list[i+1].at
	}
	return s.payload
}

func (s *segments) hash(text string) uint64 { return max(maphash.String(s.seed, text), 1) }

// hashHeader adds what a header says of an entry to what the headers before it say.
func (s *segments) hashHeader(before uint64, e tocEntry) uint64 {
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
	return s.hash(text.String())
}

func cleanName(name string) string { return path.Clean("/" + name) }

// complete looks at all segments: the last file is whole, and each segment can hold, when
// packed by any sensible encoder, what the table says that it holds.
func (s *segments) complete(packed compression) error {
	if s.done < s.file.Size {
		return errChunks
	}
	last := s.last()
	last.max = saturating(last.max, 1, tailMax)
	for i, seg := range s.list {
		size := s.end(i) - seg.at
		if !plausibleSegment(seg, size, packed) {
			return fmt.Errorf("the %d bytes at %d cannot hold %d", size, seg.at, seg.min)
		}
	}
	return nil
}

// plausibleSegment reports whether so many compressed bytes can hold a segment. Encoders
// add little to what does not compress: headers, checksums, the lengths of stored blocks,
// and some bytes where a writer flushes before each entry.
func plausibleSegment(seg segment, size int64, packed compression) bool {
	const slack, entrySlack = 512, 64
	if size > saturating(seg.max+slack+seg.max/64, entrySlack, seg.entries) {
		return false
	}
	if packed == packedZstd { // a block of 4 bytes for 128 KiB, and one more
		return seg.min/(32<<10) <= size+4
	}
	return seg.min/deflateLimit <= size
}
