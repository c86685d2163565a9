package ztoctest

import (
	"encoding/binary"
	"fmt"
)

// A table has fields by their slots: an int64, a string, another table or a vector of tables or
// strings. A field of 0 is left out, as its default, which is what the FlatBuffers library does.
type table struct {
	slots  int
	fields map[int]any
}

type vector []any

// encodeFlatBuffer writes a FlatBuffer whose root is a table: each value stands behind the offset
// that leads to it (https://flatbuffers.dev/internals). The laboratory reads the result with the
// FlatBuffers library.
func encodeFlatBuffer(root table) []byte {
	b := &buffer{}
	b.writeReference(b.reserve(4, 4), root)
	return b.bytes
}

type buffer struct{ bytes []byte }

// reserve appends zeros that begin at a multiple of align, and returns where.
func (b *buffer) reserve(size, align int) (at int) {
	for len(b.bytes)%align != 0 {
		b.bytes = append(b.bytes, 0)
	}
	at = len(b.bytes)
	b.bytes = append(b.bytes, make([]byte, size)...)
	return at
}

func (b *buffer) put16(at, n int) { binary.LittleEndian.PutUint16(b.bytes[at:], uint16(n)) }
func (b *buffer) put32(at, n int) { binary.LittleEndian.PutUint32(b.bytes[at:], uint32(n)) }

// writeReference appends a value, and writes at a place how far on it stands.
func (b *buffer) writeReference(at int, value any) {
	var target int
	switch value := value.(type) {
	case string:
		target = b.reserve(4+len(value)+1, 4)
		b.put32(target, len(value))
		copy(b.bytes[target+4:], value)
	case vector:
		target = b.reserve(4+4*len(value), 4)
		b.put32(target, len(value))
		for i, element := range value {
			b.writeReference(target+4+4*i, element)
		}
	case table:
		target = b.writeTable(value)
	default:
		panic(fmt.Sprintf("a FlatBuffer has no %T", value))
	}
	b.put32(at, target-at)
}

// writeTable writes the list of where the fields are, then the fields, and then what those refer
// to.
func (b *buffer) writeTable(t table) (at int) {
	const listHeader, wide, narrow = 4, 8, 4 // bytes
	positions, size := make([]int, t.slots), narrow
	for slot := range t.slots {
		switch value := t.fields[slot].(type) {
		case nil:
		case int64:
			if value != 0 {
				size = (size + wide - 1) / wide * wide
				positions[slot] = size
				size += wide
			}
		default:
			positions[slot] = size
			size += narrow
		}
	}
	list := b.reserve(listHeader+2*t.slots, 2)
	at = b.reserve(size, wide)
	b.put16(list, listHeader+2*t.slots)
	b.put16(list+2, size)
	b.put32(at, at-list)
	for slot, position := range positions {
		if position == 0 {
			continue
		}
		b.put16(list+listHeader+2*slot, position)
		if number, ok := t.fields[slot].(int64); ok {
			binary.LittleEndian.PutUint64(b.bytes[at+position:], uint64(number))
		} else {
			b.writeReference(at+position, t.fields[slot])
		}
	}
	return at
}
