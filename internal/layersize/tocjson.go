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
// of estargz.TOCEntry, and zstd:chunked uses the same.
type tocEntry struct {
	Name   string            `json:"name"`
	Type   string            `json:"type"`
	Size   int64             `json:"size"`
	Link   string            `json:"linkName"`
	Offset int64             `json:"offset"`
	Xattrs map[string]string `json:"xattrs"` // values in base64
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
	payload int64 // what lies before the table; files are there
	length  int64 // of the JSON
	data    int64 // bytes of files
	tar     Interval
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
	if e.Size < 0 || e.Offset < 0 || e.Offset > c.payload {
		return errEntry
	}
	if e.Type == "chunk" {
		return nil
	}
	kind, ok := tocKinds[e.Type]
	if !ok {
		return fmt.Errorf("%w: its type is %.32q", errEntry, e.Type)
	}
	if kind != kindFile {
		e.Size = 0
	}
	if e.Size > math.MaxInt64-c.data {
		return errEntry
	}
	c.data += e.Size
	c.lengthen(e)
	return c.add(entry{name: e.Name, kind: kind, size: e.Size, link: e.Link, attributes: c.attributesOf(e)})
}

func (c *tocCount) attributesOf(e tocEntry) attributes {
	var a attributes
	for name, value := range e.Xattrs {
		unpadded := len(strings.TrimRight(value, "="))
		a.include(c.inventory, name, value, base64.RawStdEncoding.DecodedLen(unpadded))
	}
	return a
}

// lengthen adds an entry to the tar's length. The table does not tell whether it had
// PAX or GNU headers: one that needs them had, and any one may have, with a record for
// everything and for times below a second.
func (c *tocCount) lengthen(e tocEntry) {
	const block, record, longName = 512, 40, 100
	plain := block + (e.Size+block-1)/block*block
	records := len(e.Name) + len(e.Link) + 10*record
	for name, value := range e.Xattrs {
		records += len(name) + len(value) + record
	}
	extended := int64(block + (records+block-1)/block*block)
	needed := int64(0)
	if len(e.Name) > longName || len(e.Link) > longName || len(e.Xattrs) > 0 {
		needed = extended
	}
	c.tar.Min = saturating(c.tar.Min, 1, plain)
	c.tar.Value = saturating(c.tar.Value, 1, plain+needed)
	c.tar.Max = saturating(c.tar.Max, 1, plain+2*extended)
}

// result is the measurement, unless the table contradicts the blob.
func (c *tocCount) result(l Layer, packed compression) (Measurement, error) {
	if packed == packedGzip {
		// The table is a file of the layer itself, which containerd unpacks.
		e := tocEntry{Name: estargz.TOCTarName, Type: "reg", Size: c.length}
		if err := c.enter(e); err != nil {
			return Measurement{}, err
		}
		if c.data/deflateLimit > l.Size {
			return Measurement{}, fmt.Errorf("%w: the blob cannot hold its %d bytes", errTOC, c.data)
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
		return Measurement{}, fmt.Errorf("%w: it lists %d bytes, annotated are %d", errTOC, m.UnpackedBytes.Value, length)
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
