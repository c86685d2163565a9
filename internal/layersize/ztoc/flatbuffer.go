package ztoc

import (
	"encoding/binary"
	"fmt"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/layersize"
)

// flatBuffer reads a FlatBuffer (its "Internals" page): numbers are little-endian, a table begins
// with the distance back to its vtable, a vtable is its own size, the table's size, and the offset
// of each field within the table, strings and vectors begin with their length, and what refers to
// one of these is the distance forward to it.
//
// Nothing in it is trusted. A reader that leaves the bytes is bad from then on and yields zeros,
// and what it reads is bounded by four times the length of the buffer, because references may lead
// to the same bytes any number of times.
type flatBuffer struct {
	data []byte
	work int
	bad  bool
}

func newFlatBuffer(data []byte) *flatBuffer { return &flatBuffer{data: data, work: 4*len(data) + 64} }

func (f *flatBuffer) checkRead() error {
	if f.bad {
		return fmt.Errorf("%w: it is no FlatBuffer", layersize.ErrTable)
	}
	return nil
}

// readBytes is a range of the buffer, or zeros.
func (f *flatBuffer) readBytes(at, length int) []byte {
	if f.work -= length; f.bad || f.work < 0 || at < 0 || length < 0 || at > len(f.data) || length > len(f.data)-at {
		f.bad = true
		return make([]byte, min(max(length, 0), 8))
	}
	return f.data[at : at+length]
}

func (f *flatBuffer) readUint16(at int) int {
	return int(binary.LittleEndian.Uint16(f.readBytes(at, 2)))
}

func (f *flatBuffer) readUint32(at int) int {
	return int(binary.LittleEndian.Uint32(f.readBytes(at, 4)))
}

// rootTable is the table that everything hangs on.
func (f *flatBuffer) rootTable() int { return f.readUint32(0) }

// followReference goes where the reference at this position leads; 0 leads nowhere.
func (f *flatBuffer) followReference(at int) int {
	if at == 0 {
		return 0
	}
	return at + f.readUint32(at)
}

// fieldPosition is the position of a table's field, or 0 when the table does not have it.
func (f *flatBuffer) fieldPosition(table, index int) int {
	if table == 0 {
		return 0
	}
	vtable := table - int(int32(f.readUint32(table)))
	slot := 4 + 2*index
	if slot+2 > f.readUint16(vtable) {
		return 0
	}
	offset := f.readUint16(vtable + slot)
	if offset == 0 {
		return 0
	}
	return table + offset
}

func (f *flatBuffer) readInt64(table, index int) int64 {
	at := f.fieldPosition(table, index)
	if at == 0 {
		return 0
	}
	return int64(binary.LittleEndian.Uint64(f.readBytes(at, 8)))
}

// readByte is a field of one byte.
func (f *flatBuffer) readByte(table, index int) byte {
	at := f.fieldPosition(table, index)
	if at == 0 {
		return 0
	}
	return f.readBytes(at, 1)[0]
}

func (f *flatBuffer) readString(table, index int) string {
	return f.readText(f.followReference(f.fieldPosition(table, index)))
}

// readText is the string at a position.
func (f *flatBuffer) readText(at int) string { return string(f.readSequence(at)) }

// byteVector is a field that is a vector of bytes. It is no copy.
func (f *flatBuffer) byteVector(table, index int) []byte {
	return f.readSequence(f.followReference(f.fieldPosition(table, index)))
}

// readSequence is the bytes behind their length.
func (f *flatBuffer) readSequence(at int) []byte {
	if at == 0 {
		return nil
	}
	if length := f.readUint32(at); length <= len(f.data) {
		return f.readBytes(at+4, length)
	}
	f.bad = true
	return nil
}

// readTable is the table that a field refers to.
func (f *flatBuffer) readTable(table, index int) int {
	return f.followReference(f.fieldPosition(table, index))
}

// visitVector calls visit with each table of a vector of tables, until that returns false.
func (f *flatBuffer) visitVector(table, index int, visit func(element int) bool) {
	at := f.followReference(f.fieldPosition(table, index))
	if at == 0 {
		return
	}
	for i := range f.readUint32(at) {
		element := f.followReference(at + 4 + 4*i)
		if f.bad || !visit(element) {
			return
		}
	}
}
