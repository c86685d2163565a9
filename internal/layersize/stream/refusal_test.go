package stream

import (
	"archive/tar"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/layersize"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/layersize/inventory"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/layersize/layertest"
)

// typed is an entry of a type of its own.
func typed(name string, kind byte, size int64) layertest.File {
	return layertest.File{Header: tar.Header{Typeflag: kind, Name: name, Size: size}}
}

// valid is a capability as the kernel takes it: version 2, CAP_NET_RAW.
const valid = "\x01\x00\x00\x02\x00\x20\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"

// TestWhatContainerdRefusesIsSaid: each was pulled with containerd 1.6.20, as a layer above
// another, which failed.
func TestWhatContainerdRefusesIsSaid(t *testing.T) {
	t.Parallel()
	attribute := func(name, value string) map[string]string { return map[string]string{name: value} }
	for name, test := range map[string]struct {
		files    []layertest.File
		refused  layersize.Refusal
		min, max int64 // blocks
	}{
		"a link before its target": {
			[]layertest.File{layertest.Hardlink("a", "b"), layertest.Regular("b", 5000)},
			layersize.Refusal{Entry: `"a"`, Reason: layersize.RefusedLink}, 3, 3,
		},
		"a link to what is below": {
			[]layertest.File{layertest.Hardlink("a", "b")},
			layersize.Refusal{Entry: `"a"`, Reason: layersize.RefusedLink}, 1, 1,
		},
		"a link to itself": {
			[]layertest.File{layertest.Regular("a", 5000), layertest.Hardlink("a", "a")},
			layersize.Refusal{Entry: `"a"`, Reason: layersize.RefusedLink}, 1, 1,
		},
		"a link to a directory": {
			[]layertest.File{layertest.Directory("a"), layertest.Hardlink("b", "a")},
			layersize.Refusal{Entry: `"b"`, Reason: layersize.RefusedLink}, 2, 2,
		},
		"files below a file": {
			[]layertest.File{layertest.Regular("lib", 1), layertest.Regular("lib/a", 5000)},
			layersize.Refusal{Entry: `"lib/a"`, Reason: layersize.RefusedParent}, 2, 5,
		},
		"files below what became a file": {
			[]layertest.File{layertest.Regular("a/b", 9000), layertest.Regular("a", 1), layertest.Regular("a/c", 1)},
			layersize.Refusal{Entry: `"a/c"`, Reason: layersize.RefusedParent}, 2, 4,
		},
		"files below a whiteout": {
			[]layertest.File{layertest.Regular(".wh.a", 0), layertest.Regular("a/c", 1)},
			layersize.Refusal{Entry: `"a/c"`, Reason: layersize.RefusedParent}, 1, 3,
		},
		"a nameless whiteout": {
			[]layertest.File{layertest.Regular(".wh.", 0)},
			layersize.Refusal{Entry: `".wh."`, Reason: layersize.RefusedWhiteoutName}, 1, 1,
		},
		"a whiteout of its directory": {
			[]layertest.File{layertest.Regular("a/.wh..", 0)},
			layersize.Refusal{Entry: `"a/.wh.."`, Reason: layersize.RefusedWhiteoutName}, 2, 2,
		},
		"a whiteout that climbs": {
			[]layertest.File{layertest.Regular("a/.wh...", 0)},
			layersize.Refusal{Entry: `"a/.wh..."`, Reason: layersize.RefusedWhiteoutName}, 2, 2,
		},
		"a whiteout after its file": {
			[]layertest.File{layertest.Regular("a", 5000), layertest.Regular(".wh.a", 0)},
			layersize.Refusal{Entry: `".wh.a"`, Reason: layersize.RefusedWhiteoutTwice}, 1, 1,
		},
		"a whiteout twice": {
			[]layertest.File{layertest.Regular(".wh.a", 0), layertest.Regular(".wh.a", 0)},
			layersize.Refusal{Entry: `".wh.a"`, Reason: layersize.RefusedWhiteoutTwice}, 1, 1,
		},
		"a name too long": {
			[]layertest.File{layertest.Regular(strings.Repeat("n", 256), 5000)},
			layersize.Refusal{Entry: `"` + strings.Repeat("n", 256) + `"`, Reason: layersize.RefusedName}, 1, 3,
		},
		"a directory's name too long": {
			[]layertest.File{layertest.Regular(strings.Repeat("n", 256)+"/a", 5000)},
			layersize.Refusal{Entry: `"` + strings.Repeat("n", 256) + `/a"`, Reason: layersize.RefusedName}, 1, 3,
		},
		"a path too long": {
			[]layertest.File{layertest.Regular(strings.Repeat("n/", 2050)+"f", 5000)},
			layersize.Refusal{
				Entry:  `"` + strings.Repeat("n/", 1024) + "…" + "/" + strings.Repeat("n/", 1023) + `f"`,
				Reason: layersize.RefusedName,
			},
			1, 3,
		},
		"a link too long": {
			[]layertest.File{layertest.Symlink("a", strings.Repeat("t", 4096))},
			layersize.Refusal{Entry: `"a"`, Reason: layersize.RefusedTarget}, 2, 2,
		},
		"contiguous": {
			[]layertest.File{typed("a", '7', 0)}, layersize.Refusal{Entry: `"a"`, Reason: layersize.RefusedType}, 1,
			1,
		},
		"a volume's label": {
			[]layertest.File{typed("a", 'V', 0)}, layersize.Refusal{Entry: `"a"`, Reason: layersize.RefusedType}, 1,
			1,
		},
		"a dump of a directory": {
			[]layertest.File{typed("a", 'D', 0)}, layersize.Refusal{Entry: `"a"`, Reason: layersize.RefusedType}, 1,
			1,
		},
		"a capability of no form": {
			[]layertest.File{layertest.Regular("a", 1).With(attribute("security.capability", "vvvvv"))},
			layersize.Refusal{Entry: `"a"`, Reason: layersize.RefusedAttribute}, 2, 2,
		},
		"an access list of no form": {
			[]layertest.File{layertest.Regular("a", 1).With(attribute("system.posix_acl_access", "xx"))},
			layersize.Refusal{Entry: `"a"`, Reason: layersize.RefusedAttribute}, 2, 2,
		},
		"an attribute without a name": {
			[]layertest.File{layertest.Regular("a", 1).With(attribute("user.", "xx"))},
			layersize.Refusal{Entry: `"a"`, Reason: layersize.RefusedAttribute}, 2, 2,
		},
		"an attribute's name too long": {
			[]layertest.File{layertest.Regular("a", 1).With(attribute("user."+strings.Repeat("n", 251), "xx"))},
			layersize.Refusal{Entry: `"a"`, Reason: layersize.RefusedAttribute}, 2, 2,
		},
		"an attribute too large": {
			[]layertest.File{layertest.Regular("a", 1).With(attribute("user.a", strings.Repeat("v", 5000)))},
			layersize.Refusal{Entry: `"a"`, Reason: layersize.RefusedAttributeSize}, 3, 3,
		},
		"a listed directory lost": {
			[]layertest.File{layertest.Directory("a"), layertest.Directory("a/b"), layertest.Regular("a", 1)},
			layersize.Refusal{Entry: `"a"`, Reason: layersize.RefusedLostDirectory}, 2, 2,
		},
		"a directory lost to a header": {
			[]layertest.File{
				layertest.Directory("a"),
				{Header: tar.Header{Typeflag: tar.TypeXGlobalHeader, PAXRecords: map[string]string{"path": "a"}}},
			},
			layersize.Refusal{Entry: `"a"`, Reason: layersize.RefusedLostDirectory}, 1, 1,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := countFiles(t, layertest.MakeTar(t, test.files...))
			if m.Exact || !slices.Equal(m.Refusals, []layersize.Refusal{test.refused}) {
				t.Errorf("exact %v, refusals %q, want %q", m.Exact, m.Refusals, test.refused)
			}
			if least, most := m.DiskBytes.Min/4096, m.DiskBytes.Max/4096; least != test.min || most != test.max {
				t.Errorf("between %d and %d blocks, want %d and %d", least, most, test.min, test.max)
			}
		})
	}
}

// TestWhatContainerdTakesIsNotRefused: each was pulled with containerd 1.6.20, as a layer above
// another, and measured.
func TestWhatContainerdTakesIsNotRefused(t *testing.T) {
	t.Parallel()
	global := func(name string) layertest.File {
		return layertest.File{
			Header: tar.Header{Typeflag: tar.TypeXGlobalHeader, PAXRecords: map[string]string{"path": name}},
		}
	}
	attribute := func(name, value string) map[string]string { return map[string]string{name: value} }
	for name, test := range map[string]struct {
		files          []layertest.File
		blocks, inodes int64
	}{
		"a whiteout, then the file": {
			[]layertest.File{layertest.Regular(".wh.a", 0), layertest.Regular("a", 5000)}, 3, 2,
		},
		"a directory over a whiteout": {
			[]layertest.File{layertest.Regular(".wh.a", 0), layertest.Directory("a"), layertest.Regular("a/b", 5000)},
			4, 3,
		},
		"whiteouts of other kinds": {
			[]layertest.File{layertest.Regular("a/.wh..wh.aufs", 0), layertest.Directory("a/.wh.x")}, 2, 4,
		},
		"a directory over a file": {
			[]layertest.File{layertest.Regular("a", 5000), layertest.Directory("a"), layertest.Regular("a/b", 5000)},
			4, 3,
		},
		"a directory over a link": {
			[]layertest.File{
				layertest.Directory("x"), layertest.Symlink("a", "x"), layertest.Directory("a"),
				layertest.Regular("a/b", 5000),
			},
			5, 4,
		},
		"a listed directory come back": {
			[]layertest.File{
				layertest.Directory("a/b"), layertest.Regular("a", 1), layertest.Directory("a"),
				layertest.Directory("a/b"),
			},
			3, 3,
		},
		"a global header's directory": {[]layertest.File{global("q/r"), layertest.Regular("a", 5000)}, 4, 3},
		"a global header over a file": {[]layertest.File{layertest.Regular("a", 5000), global("a")}, 1, 1},
		"a global header that hides":  {[]layertest.File{global(".wh.w")}, 1, 2},
		"a link to a link": {
			[]layertest.File{layertest.Symlink("y", "x"), layertest.Hardlink("l", "y")}, 1, 2,
		},
		"a link by its whole path": {
			[]layertest.File{layertest.Regular("a/t", 5000), layertest.Hardlink("l", "/a/t")}, 4, 3,
		},
		"a link as long as it may be": {[]layertest.File{layertest.Symlink("a", strings.Repeat("t", 4095))}, 2, 2},
		"a name as long as it may be": {[]layertest.File{layertest.Regular(strings.Repeat("n", 255), 5000)}, 3, 2},
		"names that climb": {
			[]layertest.File{
				layertest.Regular("..", 5000), layertest.Regular("/abs", 5000), layertest.Regular("a//b", 5000),
				layertest.Regular("sp ace\n\x01", 5000),
			},
			8, 5,
		},
		"attributes that stay away": {
			[]layertest.File{layertest.Regular("a", 5000).With(map[string]string{
				"trusted.a":       strings.Repeat("v", 500),
				"foo.a":           strings.Repeat("v", 500),
				"system.nfs4_acl": strings.Repeat("v", 500),
			})},
			3, 2,
		},
		"a user's attribute of a link": {
			[]layertest.File{layertest.Symlink("a", "b").With(attribute("user.a", strings.Repeat("v", 500)))}, 1, 2,
		},
		"a user's attribute of a device": {
			[]layertest.File{layertest.Device("a").With(attribute("user.a", strings.Repeat("v", 500)))}, 1, 2,
		},
		"a capability": {
			[]layertest.File{layertest.Regular("a", 5000).With(attribute("security.capability", valid))}, 3, 2,
		},
		"an attribute that fills a block": {
			[]layertest.File{layertest.Regular("a", 5000).With(attribute("user.a", strings.Repeat("v", 3900)))}, 4, 2,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := countFiles(t, layertest.MakeTar(t, test.files...))
			if !m.Exact || len(m.Refusals) > 0 || m.Note != "" {
				t.Errorf("exact %v, refusals %q, note %q", m.Exact, m.Refusals, m.Note)
			}
			if m.DiskBytes != layersize.Exactly(test.blocks*4096) || *m.Inodes != test.inodes {
				t.Errorf(
					"%d blocks and %d inodes, want %d and %d",
					m.DiskBytes.Value/4096,
					*m.Inodes,
					test.blocks,
					test.inodes,
				)
			}
		})
	}
}

func TestWhatLeadsThroughALinkIsNotCertain(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		files []layertest.File
		note  string
	}{
		"files below a link": {
			[]layertest.File{layertest.Symlink("lib", "usr/lib"), layertest.Regular("lib/a", 5000)},
			inventory.OddParent,
		},
		"a hard link below a link": {
			[]layertest.File{
				layertest.Regular("x/t", 5000), layertest.Symlink("y", "x"), layertest.Hardlink("l", "y/t"),
			},
			inventory.OddLink,
		},
		"a hard link to what moved": {
			[]layertest.File{
				layertest.Symlink("y", "x"), layertest.Regular("y/t", 5000), layertest.Hardlink("l", "x/t"),
			},
			inventory.OddParent + "; " + inventory.OddLink,
		},
		"a path that may be too long": {
			[]layertest.File{layertest.Regular(strings.Repeat("n/", 2020)+"f", 5000)}, inventory.OddName,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := countFiles(t, layertest.MakeTar(t, test.files...))
			if m.Exact || len(m.Refusals) > 0 || m.Note != test.note {
				t.Errorf("exact %v, refusals %q, note %q, want %q", m.Exact, m.Refusals, m.Note, test.note)
			}
		})
	}
}

// TestBoundsHoldWhatALinkLeadsTo: containerd 1.6.20 made both directories, and 17 inodes in all.
func TestBoundsHoldWhatALinkLeadsTo(t *testing.T) {
	t.Parallel()
	m := countFiles(t, layertest.MakeTar(t, layertest.Symlink("y", "nowhere/at"), layertest.Regular("y/f", 5000)))
	if blocks := int64(5); m.DiskBytes.Min > blocks*4096 || m.DiskBytes.Max < blocks*4096 || m.Exact {
		t.Errorf("%+v, exact %v, and %d blocks are taken", m.DiskBytes, m.Exact, blocks)
	}
}

func TestMoreLinksThanExt4AllowsAreRefused(t *testing.T) {
	t.Parallel()
	files := []layertest.File{layertest.Regular("t", 1)}
	for i := range inventory.MostLinks - 1 {
		files = append(files, layertest.Hardlink(strconv.Itoa(i), "t"))
	}
	if m := countFiles(t, layertest.MakeTar(t, files...)); len(m.Refusals) > 0 {
		t.Errorf("65,000 links are refused: %q", m.Refusals)
	}
	m := countFiles(t, layertest.MakeTar(t, append(files, layertest.Hardlink("more", "t"))...))
	if !slices.Equal(m.Refusals, []layersize.Refusal{{Entry: `"more"`, Reason: layersize.RefusedLinkCount}}) {
		t.Errorf("one link more: %q", m.Refusals)
	}
}

func TestAStreamKnowsTheDigestOfItsTar(t *testing.T) {
	t.Parallel()
	data := layertest.MakeTar(t, layertest.Regular("a", 5000))
	m, err := Measure(t.Context(), layertest.NewLayer(layertest.TypeOCIGzip, layertest.Gzip(t, data)), Limits{})
	const want = "sha256:"
	if err != nil || !strings.HasPrefix(m.TarDigest, want) || len(m.TarDigest) != len(want)+64 {
		t.Fatalf("%+v, %v", m, err)
	}
	if again := countFiles(t, data); again.TarDigest != m.TarDigest {
		t.Errorf("compressed %s, as it is %s", m.TarDigest, again.TarDigest)
	}
}

func TestWhiteoutsThatStayAreCounted(t *testing.T) {
	t.Parallel()
	m := countFiles(
		t,
		layertest.MakeTar(
			t,
			layertest.Regular(".wh.a", 0),
			layertest.Regular(".wh.b", 0),
			layertest.Regular("b", 1),
			layertest.Regular("c/.wh..wh..opq", 0),
		),
	)
	if m.Whiteouts != 1 || *m.Inodes != 4 {
		t.Errorf("%d whiteouts, %d inodes", m.Whiteouts, *m.Inodes)
	}
}
