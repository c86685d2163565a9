package jsontoc

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

	"github.com/tkeimage/terraform-provider-tkeimage/internal/disksize"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/layersize"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/layersize/compression"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/layersize/inventory"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/layersize/tarball"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/layersize/toc"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/mediatype"
)

// tableCount counts the entries of a table of contents, one by one: the table itself is never held
// in memory.
type tableCount struct {
	*inventory.Inventory
	segments *toc.Segments
	length   int64 // of the JSON
	data     int64 // bytes of files
	tar      layersize.Interval
}

// decodeJSON reads the JSON object {"version":1,"entries":[…]}.
func (c *tableCount) decodeJSON(r *jsonMeter) error {
	d := json.NewDecoder(r)
	if err := expectDelimiter(d, '{'); err != nil {
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
	return expectDelimiter(d, '}')
}

func (c *tableCount) decodeEntries(d *json.Decoder, r *jsonMeter) error {
	if err := expectDelimiter(d, '['); err != nil {
		return err
	}
	for d.More() {
		var e toc.Entry
		if err := d.Decode(&e); err != nil {
			return err
		}
		if err := c.addEntry(e); err != nil {
			return err
		}
		r.allowEntry()
	}
	return expectDelimiter(d, ']')
}

func expectDelimiter(d *json.Decoder, want json.Delim) error {
	token, err := d.Token()
	if err != nil {
		return err
	}
	if token != want {
		return fmt.Errorf("%v stands where %v must", token, want)
	}
	return nil
}

// addEntry counts one entry. A chunk is a further part of the file before it.
func (c *tableCount) addEntry(e toc.Entry) error {
	if e.Size < 0 || e.Size > inventory.MaxBlocks*disksize.BlockSize || e.Offset < 0 || e.Offset > c.segments.Payload {
		return toc.ErrEntry
	}
	kind, ok := toc.Kinds[e.Type]
	if !ok && e.Type != "chunk" {
		return fmt.Errorf("%w: its type is %.32q", toc.ErrEntry, e.Type)
	}
	if kind != inventory.KindFile {
		e.Size = 0
	}
	if err := c.segments.Add(e); err != nil || e.Type == "chunk" {
		return err
	}
	if err := c.addLength(e); err != nil {
		return err
	}
	return c.Inventory.Add(inventory.Entry{
		Name: e.Name, Kind: kind, Size: e.Size, Link: e.Link, Attributes: c.attributesOf(e),
	})
}

// addLength adds an entry to the tar's length.
func (c *tableCount) addLength(e toc.Entry) error {
	if e.Size > math.MaxInt64-c.data {
		return toc.ErrEntry
	}
	c.data += e.Size
	header, content := toc.HeaderLength(e), tarball.Pad(e.Size)
	c.tar.Min = layersize.SaturatingSum(layersize.SaturatingSum(c.tar.Min, 1, header.Min), 1, content)
	c.tar.Value = layersize.SaturatingSum(layersize.SaturatingSum(c.tar.Value, 1, header.Value), 1, content)
	c.tar.Max = layersize.SaturatingSum(layersize.SaturatingSum(c.tar.Max, 1, header.Max), 1, content)
	return nil
}

func (c *tableCount) attributesOf(e toc.Entry) inventory.Attributes {
	var a inventory.Attributes
	for name, value := range e.Xattrs {
		unpadded := len(strings.TrimRight(value, "="))
		a.Include(c.Inventory, name, value, base64.RawStdEncoding.DecodedLen(unpadded))
	}
	return a
}

// measureListed is the measurement, unless the table contradicts the blob. The table of an eStargz
// layer is a file of the tar, which containerd unpacks unless the tar ends before it, as BuildKit's
// do.
func (c *tableCount) measureListed(
	l layersize.Layer, packed mediatype.Compression, ended bool,
) (layersize.Measurement, error) {
	if packed == mediatype.Gzip {
		e := toc.Entry{Name: estargz.TOCTarName, Type: "reg", Size: c.length}
		if err := c.addLength(e); err != nil {
			return layersize.Measurement{}, err
		}
		if !ended {
			err := c.Inventory.Add(inventory.Entry{Name: e.Name, Kind: inventory.KindFile, Size: e.Size})
			if err != nil {
				return layersize.Measurement{}, err
			}
		}
		if c.data/compression.DeflateLimit > l.Size {
			return layersize.Measurement{}, fmt.Errorf(
				"%w: the blob cannot hold its %d bytes",
				layersize.ErrTable, c.data,
			)
		}
	}
	m := c.Measurement()
	m.Method = layersize.MethodTOC
	m.UnpackedBytes = layersize.Interval{
		Value: layersize.SaturatingSum(c.tar.Value, 1, 1024),
		Min:   c.tar.Min,
		Max:   layersize.SaturatingSum(c.tar.Max, 1, tarball.MostTail),
	}.InOrder()
	length, ok := l.AnnotatedSize(packed)
	if !ok {
		return m, nil
	}
	if length < m.UnpackedBytes.Min || length > m.UnpackedBytes.Max {
		return layersize.Measurement{}, fmt.Errorf("%w: it lists %d bytes, annotated are %d",
			layersize.ErrTable, m.UnpackedBytes.Value, length)
	}
	m.UnpackedBytes = layersize.Exactly(length)
	return m, nil
}

// jsonMeter bounds what a decoder of JSON can be made to hold: between two entries it reads no more
// than a few megabytes, and in total no more than a table has.
type jsonMeter struct {
	ctx     context.Context
	r       io.Reader
	total   int64
	read    int64
	granted int64
}

const entryAllowance = 4 << 20

var errMeter = errors.New("it is longer than any table")

// allowEntry permits another entry.
func (m *jsonMeter) allowEntry() { m.granted = m.read + entryAllowance }

func (m *jsonMeter) Read(p []byte) (int, error) {
	if m.granted == 0 {
		m.allowEntry()
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

// readRest reads what stands behind the object: white space, which is part of the digest.
func (m *jsonMeter) readRest() error {
	m.allowEntry()
	_, err := io.Copy(io.Discard, m)
	return err
}
