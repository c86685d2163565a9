package layersize

import (
	"encoding/binary"
	"fmt"
)

// flat reads a FlatBuffer (its "Internals" page): numbers are little-endian, a table
// begins with the distance back to its vtable, a vtable is its own size, the table's
// size, and the offset of each field within the table, strings and vectors begin with
// their length, and what refers to one of these is the distance forward to it.
//
// Nothing in it is trusted. A reader that leaves the bytes is bad from then on and
// gives zeros, and what it reads is bounded by four times the length of the buffer,
// because references may lead to the same bytes any number of times.
type flat struct {
	data []byte
	work int
	bad  bool
}

func newFlat(data []byte) *flat { return &flat{data: data, work: 4*len(data) + 64} }

func (f *flat) err() error {
	if f.bad {
		return fmt.Errorf("%w: it is no FlatBuffer", ErrTable)
	}
	return nil
}

// bytes is a range of the buffer, or zeros.
func (f *flat) bytes(at, length int) []byte {
	if f.work -= length; f.bad || f.work < 0 || at < 0 || length < 0 || at > len(f.data) || length > len(f.data)-at {
		f.bad = true
		return make([]byte, min(max(length, 0), 8))
	}
	return f.data[at : at+length]
}

func (f *flat) uint16(at int) int { return int(binary.LittleEndian.Uint16(f.bytes(at, 2))) }

func (f *flat) uint32(at int) int { return int(binary.LittleEndian.Uint32(f.bytes(at, 4))) }

// root is the table that everything hangs on.
func (f *flat) root() int { return f.uint32(0) }

// follow goes where the reference at this position leads; 0 leads nowhere.
func (f *flat) follow(at int) int {
	if at == 0 {
		return 0
	}
	return at + f.uint32(at)
}

// field is the position of a table's field, or 0 when the table does not have it.
func (f *flat) field(table, index int) int {
	if table == 0 {
		return 0
	}
	vtable := table - int(int32(f.uint32(table)))
	slot := 4 + 2*index
	if slot+2 > f.uint16(vtable) {
		return 0
	}
	offset := f.uint16(vtable + slot)
	if offset == 0 {
		return 0
	}
	return table + offset
}

func (f *flat) int64(table, index int) int64 {
	at := f.field(table, index)
	if at == 0 {
		return 0
	}
	return int64(binary.LittleEndian.Uint64(f.bytes(at, 8)))
}

// byte is a field of one byte.
func (f *flat) byte(table, index int) byte {
	at := f.field(table, index)
	if at == 0 {
		return 0
	}
	return f.bytes(at, 1)[0]
}

func (f *flat) string(table, index int) string { return f.text(f.follow(f.field(table, index))) }

// text is the string at a position.
func (f *flat) text(at int) string { return string(f.sequence(at)) }

// byteVector is a field that is a vector of bytes. It is no copy.
func (f *flat) byteVector(table, index int) []byte {
	return f.sequence(f.follow(f.field(table, index)))
}

// sequence is the bytes behind their length.
func (f *flat) sequence(at int) []byte {
	if at == 0 {
		return nil
	}
	if length := f.uint32(at); length <= len(f.data) {
		return f.bytes(at+4, length)
	}
	f.bad = true
	return nil
}

// table is the table that a field refers to.
func (f *flat) table(table, index int) int { return f.follow(f.field(table, index)) }

// vector gives each table of a vector of tables to visit, until that says no.
func (f *flat) vector(table, index int, visit func(element int) bool) {
	at := f.follow(f.field(table, index))
	if at == 0 {
		return
	}
	for i := range f.uint32(at) {
		element := f.follow(at + 4 + 4*i)
		if f.bad || !visit(element) {
			return
		}
	}
}
