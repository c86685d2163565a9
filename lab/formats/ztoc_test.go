package formats

import (
	"strings"
	"testing"

	flatbuffers "github.com/google/flatbuffers/go"
	"github.com/google/go-cmp/cmp"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/layersize/ztoctest"
)

// TestZTOCIsAFlatBuffer reads zTOCs of the test double with the library of the format, by the slots
// of SOCI's schema (ztoc.fbs).
func TestZTOCIsAFlatBuffer(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]*ztoctest.ZTOC{
		"empty": {},
		"one of everything": {
			Version: "0.9", Compressed: 1 << 40, Uncompressed: 1<<62 + 1,
			Files: []ztoctest.File{
				{Name: "d/", Type: "dir", Offset: 512},
				{
					Name:    strings.Repeat("long/", 200),
					Type:    "reg",
					Offset:  1 << 33,
					Size:    7,
					Records: map[string]string{"SCHILY.xattr.user.a": "\x00\xff", "b": ""},
				},
				{Name: "机器", Type: "symlink", Link: "d/x"},
				{Name: "broken", Type: "reg", Size: -1},
			},
		},
	} {
		if diff := cmp.Diff(want, readZTOC(want.Bytes())); diff != "" {
			t.Errorf("%s: - written, + read:\n%s", name, diff)
		}
	}
}

// field returns a field's position within the buffer, 0 if the table does not have it.
func field(t flatbuffers.Table, slot int) flatbuffers.UOffsetT {
	at := flatbuffers.UOffsetT(t.Offset(flatbuffers.VOffsetT(4 + 2*slot)))
	if at == 0 {
		return 0
	}
	return at + t.Pos
}

func readText(t flatbuffers.Table, slot int) string {
	if at := field(t, slot); at != 0 {
		return string(t.ByteVector(at))
	}
	return ""
}

func readNumber(t flatbuffers.Table, slot int) int64 {
	return t.GetInt64Slot(flatbuffers.VOffsetT(4+2*slot), 0)
}

func readTables(t flatbuffers.Table, slot int) (tables []flatbuffers.Table) {
	at := field(t, slot)
	if at == 0 {
		return nil
	}
	first := t.Vector(at - t.Pos)
	for i := range t.VectorLen(at - t.Pos) {
		tables = append(tables, flatbuffers.Table{Bytes: t.Bytes, Pos: t.Indirect(first + 4*flatbuffers.UOffsetT(i))})
	}
	return tables
}

func readZTOC(bytes []byte) *ztoctest.ZTOC {
	root := flatbuffers.Table{Bytes: bytes, Pos: flatbuffers.GetUOffsetT(bytes)}
	z := &ztoctest.ZTOC{Version: readText(root, 0), Compressed: readNumber(root, 2), Uncompressed: readNumber(root, 3)}
	toc := flatbuffers.Table{Bytes: bytes, Pos: root.Indirect(field(root, 4))}
	for _, entry := range readTables(toc, 0) {
		file := ztoctest.File{
			Name: readText(entry, 0), Type: readText(entry, 1), Offset: readNumber(entry, 2),
			Size: readNumber(entry, 3), Link: readText(entry, 4),
		}
		records := map[string]string{}
		for _, record := range readTables(entry, 13) {
			records[readText(record, 0)] = readText(record, 1)
		}
		if len(records) > 0 {
			file.Records = records
		}
		z.Files = append(z.Files, file)
	}
	return z
}
