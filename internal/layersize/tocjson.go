package layersize

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"strings"

	"github.com/containerd/stargz-snapshotter/estargz"
)

// tocEntry is what matters of an entry in a table of contents. Its names are those
// of estargz.TOCEntry, and zstd:chunked uses the same; endOffset is containers/storage's.
type tocEntry struct {
	Name   string            `json:"name"`
	Type   string            `json:"type"`
	Size   int64             `json:"size"`
	Link   string            `json:"linkName"`
	Xattrs map[string]string `json:"xattrs"` // values in base64
	Digest string            `json:"digest"`

	Offset      int64  `json:"offset"`      // of a file's first bytes, or of a chunk, in the blob
	Inner       int64  `json:"innerOffset"` // behind it, unpacked, where several files share an offset
	EndOffset   int64  `json:"endOffset"`   // of a file's last bytes
	ChunkOffset int64  `json:"chunkOffset"` // in the file
	ChunkSize   int64  `json:"chunkSize"`   // 0 for all the rest of the file
	ChunkDigest string `json:"chunkDigest"`
}

var tocKinds = map[string]kind{
	"reg":      kindFile,
	"dir":      kindDirectory,
	"symlink":  kindSymlink,
	"hardlink": kindHardlink,
	"char":     kindDevice,
	"block":    kindDevice,
	"fifo":     kindDevice,
}

// tocCount counts the entries of a table of contents, one by one: the table itself
// is never held in memory.
type tocCount struct {
	*inventory
	segments *segments
	length   int64 // of the JSON
	data     int64 // bytes of files
	tar      Interval
}

var errEntry = errors.New("it has an entry that cannot be")

// decode reads the JSON object {"version":1,"entries":[…]}.
func (c *tocCount) decode(r *meter) error {
	d := json.NewDecoder(r)
	if err := expect(d, '{'); err != nil {
		return err
	}
	found := false
	for d.More() {
		key, err := d.Token()
		if err != nil {
			return err
		}
		if key != "entries" {
			var skipped json.RawMessage
			if err := d.Decode(&skipped); err != nil {
				return err
			}
			continue
		}
		if found {
			return errors.New("it has entries twice")
		}
		found = true
		if err := c.decodeEntries(d, r); err != nil {
			return err
		}
	}
	if !found {
		return errors.New("it has no entries")
	}
	return expect(d, '}')
}

func (c *tocCount) decodeEntries(d *json.Decoder, r *meter) error {
	if err := expect(d, '['); err != nil {
		return err
	}
	for d.More() {
		var e tocEntry
		if err := d.Decode(&e); err != nil {
			return err
		}
		if err := c.enter(e); err != nil {
			return err
		}
		r.allow()
	}
	return expect(d, ']')
}

func expect(d *json.Decoder, want json.Delim) error {
	token, err := d.Token()
	if err != nil {
		return err
	}
	if token != want {
		return fmt.Errorf("%v stands where %v must", token, want)
	}
	return nil
}

// enter counts one entry. A chunk is a further part of the file before it.
func (c *tocCount) enter(e tocEntry) error {
	if e.Size < 0 || e.Size > maxBlocks*blockSize || e.Offset < 0 || e.Offset > c.segments.payload {
		return errEntry
	}
	kind, ok := tocKinds[e.Type]
	if !ok && e.Type != "chunk" {
		return fmt.Errorf("%w: its type is %.32q", errEntry, e.Type)
	}
	if kind != kindFile {
		e.Size = 0
	}
	if err := c.segments.add(e); err != nil || e.Type == "chunk" {
		return err
	}
	if err := c.lengthen(e); err != nil {
		return err
	}
	return c.inventory.add(entry{name: e.Name, kind: kind, size: e.Size, link: e.Link, attributes: c.attributesOf(e)})
}

// lengthen adds an entry to the tar's length.
func (c *tocCount) lengthen(e tocEntry) error {
	if e.Size > math.MaxInt64-c.data {
		return errEntry
	}
	c.data += e.Size
	header, content := headerLength(e), padded(e.Size)
	c.tar.Min = saturating(saturating(c.tar.Min, 1, header.Min), 1, content)
	c.tar.Value = saturating(saturating(c.tar.Value, 1, header.Value), 1, content)
	c.tar.Max = saturating(saturating(c.tar.Max, 1, header.Max), 1, content)
	return nil
}

func (c *tocCount) attributesOf(e tocEntry) attributes {
	var a attributes
	for name, value := range e.Xattrs {
		unpadded := len(strings.TrimRight(value, "="))
		a.include(c.inventory, name, value, base64.RawStdEncoding.DecodedLen(unpadded))
	}
	return a
}

// headerLength is what an entry's headers take in the tar. The table does not tell whether it had
// PAX or GNU headers: one that needs them had, and any one may have, with a record for
// everything and for times below a second.
func headerLength(e tocEntry) Interval {
	const record, longName, fields = 40, 100, 10
	records, needed := len(e.Name)+len(e.Link)+fields*record, max(len(e.Link)-longName, 0)
	for name, value := range e.Xattrs {
		records += len(name) + len(value) + record
		needed += len(name) + base64.RawStdEncoding.DecodedLen(len(strings.TrimRight(value, "=")))
	}
	extended := tarBlock + padded(int64(records))
	length := Interval{Value: tarBlock, Min: tarBlock, Max: tarBlock + 2*extended}
	if needed > 0 {
		length.Min += tarBlock + padded(int64(needed))
	}
	if needed > 0 || len(e.Name) > longName {
		length.Value += extended
	}
	return length
}

// result is the measurement, unless the table contradicts the blob. The table of an eStargz
// layer is a file of the tar, which containerd unpacks unless the tar ends before it, as
// BuildKit's do.
func (c *tocCount) result(l Layer, packed compression, ended bool) (Measurement, error) {
	if packed == packedGzip {
		e := tocEntry{Name: estargz.TOCTarName, Type: "reg", Size: c.length}
		if err := c.lengthen(e); err != nil {
			return Measurement{}, err
		}
		if !ended {
			if err := c.inventory.add(entry{name: e.Name, kind: kindFile, size: e.Size}); err != nil {
				return Measurement{}, err
			}
		}
		if c.data/deflateLimit > l.Size {
			return Measurement{}, fmt.Errorf("%w: the blob cannot hold its %d bytes", ErrTable, c.data)
		}
	}
	m := c.measurement()
	m.Method = MethodTOC
	m.UnpackedBytes = ordered(Interval{
		Value: saturating(c.tar.Value, 1, 1024),
		Min:   c.tar.Min,
		Max:   saturating(c.tar.Max, 1, tailMax),
	})
	length, ok := annotatedSize(l, packed)
	if !ok {
		return m, nil
	}
	if length < m.UnpackedBytes.Min || length > m.UnpackedBytes.Max {
		return Measurement{}, fmt.Errorf("%w: it lists %d bytes, annotated are %d", ErrTable, m.UnpackedBytes.Value, length)
	}
	m.UnpackedBytes = exactly(length)
	return m, nil
}

// meter bounds what a decoder of JSON can be made to hold: between two entries it
// reads no more than a few megabytes, and in total no more than a table has.
type meter struct {
	ctx     context.Context
	r       io.Reader
	total   int64
	read    int64
	granted int64
}

const entryAllowance = 4 << 20

var errMeter = errors.New("it is longer than any table")

// allow permits another entry.
func (m *meter) allow() { m.granted = m.read + entryAllowance }

func (m *meter) Read(p []byte) (int, error) {
	if m.granted == 0 {
		m.allow()
	}
	if err := m.ctx.Err(); err != nil {
		return 0, err
	}
	left := min(m.granted, m.total) - m.read
	if left <= 0 {
		return 0, errMeter
	}
	n, err := m.r.Read(p[:min(int64(len(p)), left)])
	m.read += int64(n)
	return n, err
}

// drain reads what stands behind the object: white space, which is part of the digest.
func (m *meter) drain() error {
	m.allow()
	_, err := io.Copy(io.Discard, m)
	return err
}
