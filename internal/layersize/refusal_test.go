package layersize

import (
	"archive/tar"
	"bytes"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// typed is an entry of a type of its own.
func typed(name string, kind byte, size int64) file {
	return file{Header: tar.Header{Typeflag: kind, Name: name, Size: size}}
}

// valid is a capability as the kernel takes it: version 2, CAP_NET_RAW.
const valid = "\x01\x00\x00\x02\x00\x20\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"

// TestWhatContainerdRefusesIsSaid: each was pulled with containerd 1.6.20, as a layer above another, which failed.
func TestWhatContainerdRefusesIsSaid(t *testing.T) {
	t.Parallel()
	attribute := func(name, value string) map[string]string { return map[string]string{name: value} }
	for name, test := range map[string]struct {
		files    []file
		refused  Refusal
		min, max int64 // blocks
	}{
		"a link before its target":       {[]file{hardlink("a", "b"), regular("b", 5000)}, Refusal{`"a"`, RefusedLink}, 3, 3},
		"a link to what is below":        {[]file{hardlink("a", "b")}, Refusal{`"a"`, RefusedLink}, 1, 1},
		"a link to itself":               {[]file{regular("a", 5000), hardlink("a", "a")}, Refusal{`"a"`, RefusedLink}, 1, 1},
		"a link to a directory":          {[]file{directory("a"), hardlink("b", "a")}, Refusal{`"b"`, RefusedLink}, 2, 2},
		"files below a file":             {[]file{regular("lib", 1), regular("lib/a", 5000)}, Refusal{`"lib/a"`, RefusedParent}, 2, 5},
		"files below what became a file": {[]file{regular("a/b", 9000), regular("a", 1), regular("a/c", 1)}, Refusal{`"a/c"`, RefusedParent}, 2, 4},
		"files below a whiteout":         {[]file{regular(".wh.a", 0), regular("a/c", 1)}, Refusal{`"a/c"`, RefusedParent}, 1, 3},
		"a nameless whiteout":            {[]file{regular(".wh.", 0)}, Refusal{`".wh."`, RefusedWhiteoutName}, 1, 1},
		"a whiteout of its directory":    {[]file{regular("a/.wh..", 0)}, Refusal{`"a/.wh.."`, RefusedWhiteoutName}, 2, 2},
		"a whiteout that climbs":         {[]file{regular("a/.wh...", 0)}, Refusal{`"a/.wh..."`, RefusedWhiteoutName}, 2, 2},
		"a whiteout after its file":      {[]file{regular("a", 5000), regular(".wh.a", 0)}, Refusal{`".wh.a"`, RefusedWhiteoutTwice}, 1, 1},
		"a whiteout twice":               {[]file{regular(".wh.a", 0), regular(".wh.a", 0)}, Refusal{`".wh.a"`, RefusedWhiteoutTwice}, 1, 1},
		"a name too long":                {[]file{regular(strings.Repeat("n", 256), 5000)}, Refusal{`"` + strings.Repeat("n", 256) + `"`, RefusedName}, 1, 3},
		"a directory's name too long":    {[]file{regular(strings.Repeat("n", 256)+"/a", 5000)}, Refusal{`"` + strings.Repeat("n", 256) + `/a"`, RefusedName}, 1, 3},
		"a path too long":                {[]file{regular(strings.Repeat("n/", 2050)+"f", 5000)}, Refusal{`"` + strings.Repeat("n/", 1024) + "…" + "/" + strings.Repeat("n/", 1023) + `f"`, RefusedName}, 1, 3},
		"a link too long":                {[]file{symlink("a", strings.Repeat("t", 4096))}, Refusal{`"a"`, RefusedTarget}, 2, 2},
		"contiguous":                     {[]file{typed("a", '7', 0)}, Refusal{`"a"`, RefusedType}, 1, 1},
		"a volume's label":               {[]file{typed("a", 'V', 0)}, Refusal{`"a"`, RefusedType}, 1, 1},
		"a dump of a directory":          {[]file{typed("a", 'D', 0)}, Refusal{`"a"`, RefusedType}, 1, 1},
		"a capability of no form":        {[]file{regular("a", 1).with(attribute("security.capability", "vvvvv"))}, Refusal{`"a"`, RefusedAttribute}, 2, 2},
		"an access list of no form":      {[]file{regular("a", 1).with(attribute("system.posix_acl_access", "xx"))}, Refusal{`"a"`, RefusedAttribute}, 2, 2},
		"an attribute without a name":    {[]file{regular("a", 1).with(attribute("user.", "xx"))}, Refusal{`"a"`, RefusedAttribute}, 2, 2},
		"an attribute's name too long":   {[]file{regular("a", 1).with(attribute("user."+strings.Repeat("n", 251), "xx"))}, Refusal{`"a"`, RefusedAttribute}, 2, 2},
		"an attribute too large":         {[]file{regular("a", 1).with(attribute("user.a", strings.Repeat("v", 5000)))}, Refusal{`"a"`, RefusedAttributeSize}, 3, 3},
		"a listed directory lost":        {[]file{directory("a"), directory("a/b"), regular("a", 1)}, Refusal{`"a"`, RefusedLostDirectory}, 2, 2},
		"a directory lost to a header":   {[]file{directory("a"), {Header: tar.Header{Typeflag: tar.TypeXGlobalHeader, PAXRecords: map[string]string{"path": "a"}}}}, Refusal{`"a"`, RefusedLostDirectory}, 1, 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := stream(t, makeTar(t, test.files...))
			if m.Exact || !slices.Equal(m.Refusals, []Refusal{test.refused}) {
				t.Errorf("exact %v, refusals %q, want %q", m.Exact, m.Refusals, test.refused)
			}
			if least, most := m.DiskBytes.Min/4096, m.DiskBytes.Max/4096; least != test.min || most != test.max {
				t.Errorf("between %d and %d blocks, want %d and %d", least, most, test.min, test.max)
			}
		})
	}
}

// TestWhatContainerdTakesIsNotRefused: each was pulled with containerd 1.6.20, as a layer above another, and measured.
func TestWhatContainerdTakesIsNotRefused(t *testing.T) {
	t.Parallel()
	global := func(name string) file {
		return file{Header: tar.Header{Typeflag: tar.TypeXGlobalHeader, PAXRecords: map[string]string{"path": name}}}
	}
	attribute := func(name, value string) map[string]string { return map[string]string{name: value} }
	for name, test := range map[string]struct {
		files          []file
		blocks, inodes int64
	}{
		"a whiteout, then the file":       {[]file{regular(".wh.a", 0), regular("a", 5000)}, 3, 2},
		"a directory over a whiteout":     {[]file{regular(".wh.a", 0), directory("a"), regular("a/b", 5000)}, 4, 3},
		"whiteouts of other kinds":        {[]file{regular("a/.wh..wh.aufs", 0), directory("a/.wh.x")}, 2, 4},
		"a directory over a file":         {[]file{regular("a", 5000), directory("a"), regular("a/b", 5000)}, 4, 3},
		"a directory over a link":         {[]file{directory("x"), symlink("a", "x"), directory("a"), regular("a/b", 5000)}, 5, 4},
		"a listed directory come back":    {[]file{directory("a/b"), regular("a", 1), directory("a"), directory("a/b")}, 3, 3},
		"a global header's directory":     {[]file{global("q/r"), regular("a", 5000)}, 4, 3},
		"a global header over a file":     {[]file{regular("a", 5000), global("a")}, 1, 1},
		"a global header that hides":      {[]file{global(".wh.w")}, 1, 2},
		"a link to a link":                {[]file{symlink("y", "x"), hardlink("l", "y")}, 1, 2},
		"a link by its whole path":        {[]file{regular("a/t", 5000), hardlink("l", "/a/t")}, 4, 3},
		"a link as long as it may be":     {[]file{symlink("a", strings.Repeat("t", 4095))}, 2, 2},
		"a name as long as it may be":     {[]file{regular(strings.Repeat("n", 255), 5000)}, 3, 2},
		"names that climb":                {[]file{regular("..", 5000), regular("/abs", 5000), regular("a//b", 5000), regular("sp ace\n\x01", 5000)}, 8, 5},
		"attributes that stay away":       {[]file{regular("a", 5000).with(map[string]string{"trusted.a": strings.Repeat("v", 500), "foo.a": strings.Repeat("v", 500), "system.nfs4_acl": strings.Repeat("v", 500)})}, 3, 2},
		"a user's attribute of a link":    {[]file{symlink("a", "b").with(attribute("user.a", strings.Repeat("v", 500)))}, 1, 2},
		"a user's attribute of a device":  {[]file{device("a").with(attribute("user.a", strings.Repeat("v", 500)))}, 1, 2},
		"a capability":                    {[]file{regular("a", 5000).with(attribute("security.capability", valid))}, 3, 2},
		"an attribute that fills a block": {[]file{regular("a", 5000).with(attribute("user.a", strings.Repeat("v", 3900)))}, 4, 2},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := stream(t, makeTar(t, test.files...))
			if !m.Exact || len(m.Refusals) > 0 || m.Note != "" {
				t.Errorf("exact %v, refusals %q, note %q", m.Exact, m.Refusals, m.Note)
			}
			if m.DiskBytes != exactly(test.blocks*4096) || *m.Inodes != test.inodes {
				t.Errorf("%d blocks and %d inodes, want %d and %d", m.DiskBytes.Value/4096, *m.Inodes, test.blocks, test.inodes)
			}
		})
	}
}

func TestWhatLeadsThroughALinkIsNotCertain(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		files []file
		note  string
	}{
		"files below a link":          {[]file{symlink("lib", "usr/lib"), regular("lib/a", 5000)}, oddParent},
		"a hard link below a link":    {[]file{regular("x/t", 5000), symlink("y", "x"), hardlink("l", "y/t")}, oddLink},
		"a hard link to what moved":   {[]file{symlink("y", "x"), regular("y/t", 5000), hardlink("l", "x/t")}, oddParent + "; " + oddLink},
		"a path that may be too long": {[]file{regular(strings.Repeat("n/", 2020)+"f", 5000)}, oddName},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := stream(t, makeTar(t, test.files...))
			if m.Exact || len(m.Refusals) > 0 || m.Note != test.note {
				t.Errorf("exact %v, refusals %q, note %q, want %q", m.Exact, m.Refusals, m.Note, test.note)
			}
		})
	}
}

// TestBoundsHoldWhatALinkLeadsTo: containerd 1.6.20 made both directories, and 17 inodes in all.
func TestBoundsHoldWhatALinkLeadsTo(t *testing.T) {
	t.Parallel()
	m := stream(t, makeTar(t, symlink("y", "nowhere/at"), regular("y/f", 5000)))
	if blocks := int64(5); m.DiskBytes.Min > blocks*4096 || m.DiskBytes.Max < blocks*4096 || m.Exact {
		t.Errorf("%+v, exact %v, and %d blocks are taken", m.DiskBytes, m.Exact, blocks)
	}
}

func TestMoreLinksThanExt4AllowsAreRefused(t *testing.T) {
	t.Parallel()
	files := []file{regular("t", 1)}
	for i := range mostLinks - 1 {
		files = append(files, hardlink(strconv.Itoa(i), "t"))
	}
	if m := stream(t, makeTar(t, files...)); len(m.Refusals) > 0 {
		t.Errorf("65,000 links are refused: %q", m.Refusals)
	}
	m := stream(t, makeTar(t, append(files, hardlink("more", "t"))...))
	if !slices.Equal(m.Refusals, []Refusal{{`"more"`, RefusedLinkCount}}) {
		t.Errorf("one link more: %q", m.Refusals)
	}
}

// TestBlobsAreReadAsContainerdReadsThem: each was pulled with containerd 1.6.20.
func TestBlobsAreReadAsContainerdReadsThem(t *testing.T) {
	t.Parallel()
	data := makeTar(t, mixture(60, 3000)...)
	old := withoutMagic(makeTar(t, regular("a", 5000)))
	packed, z := gzipped(t, data), zstdCompressed(t, data)
	for name, test := range map[string]struct {
		mediaType string
		blob      []byte
		refused   []Refusal
	}{
		"gzip":                         {typeOCIGzip, packed, nil},
		"Zstandard said to be gzip":    {typeOCIGzip, z, nil},
		"gzip said to be Zstandard":    {typeOCIZstd, packed, nil},
		"a tar said to be gzip":        {typeOCIGzip, data, nil},
		"a tar without magic":          {typeOCIGzip, old, nil},
		"gzip said to be Docker's tar": {"application/vnd.docker.image.rootfs.diff.tar", packed, nil},
		"gzip said to be a tar":        {typeOCIPlain, packed, []Refusal{{Reason: RefusedCompressed}}},
		"Zstandard said to be a tar":   {typeOCIPlain, z, []Refusal{{Reason: RefusedCompressed}}},
		"gzip of an unknown suffix":    {typeOCIPlain + "+foo", packed, []Refusal{{Reason: RefusedCompressed}}},
		"a tar of an unknown suffix":   {typeOCIPlain + "+foo", data, nil},
		"two members":                  {typeOCIGzip, append(gzipped(t, data[:1000]), gzipped(t, data[1000:])...), nil},
		"zeros behind gzip":            {typeOCIGzip, append(bytes.Clone(packed), make([]byte, 512)...), []Refusal{{Reason: RefusedTrailing}}},
		"garbage behind gzip":          {typeOCIGzip, append(bytes.Clone(packed), "garbage"...), []Refusal{{Reason: RefusedTrailing}}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m, err := Stream(t.Context(), layer(test.mediaType, test.blob), Limits{})
			if err != nil || m.Exact != (test.refused == nil) || !slices.Equal(m.Refusals, test.refused) {
				t.Errorf("streamed: %+v, %v; want refusals %q", m, err, test.refused)
			}
			small, err := Probe(t.Context(), layer(test.mediaType, test.blob), 10<<20)
			if err != nil || small.Exact != (test.refused == nil) || !slices.Equal(small.Refusals, test.refused) {
				t.Errorf("probed: %+v, %v; want refusals %q", small, err, test.refused)
			}
		})
	}
}

// withoutMagic makes a tar of one header one that is older than POSIX.
func withoutMagic(data []byte) []byte {
	data = bytes.Clone(data)
	sum := 0
	copy(data[257:265], make([]byte, 8))
	copy(data[148:156], "        ")
	for _, c := range data[:512] {
		sum += int(c)
	}
	copy(data[148:156], strconv.FormatInt(int64(sum)+1<<18, 8)[1:]+"\x00 ")
	return data
}

func TestLargeBlobsThatAreReadAsTheyAreAreRefusedFromSamples(t *testing.T) {
	t.Parallel()
	m, _ := probed(t, layer(typeOCIPlain, gzipped(t, incompressible(t))), 200_000)
	if m.Exact || !slices.Contains(m.Refusals, Refusal{Reason: RefusedCompressed}) {
		t.Errorf("%+v", m)
	}
}

func TestAStreamKnowsTheDigestOfItsTar(t *testing.T) {
	t.Parallel()
	data := makeTar(t, regular("a", 5000))
	m, err := Stream(t.Context(), layer(typeOCIGzip, gzipped(t, data)), Limits{})
	const want = "sha256:"
	if err != nil || !strings.HasPrefix(m.TarDigest, want) || len(m.TarDigest) != len(want)+64 {
		t.Fatalf("%+v, %v", m, err)
	}
	if again := stream(t, data); again.TarDigest != m.TarDigest {
		t.Errorf("compressed %s, as it is %s", m.TarDigest, again.TarDigest)
	}
}

func TestWhiteoutsThatStayAreCounted(t *testing.T) {
	t.Parallel()
	m := stream(t, makeTar(t, regular(".wh.a", 0), regular(".wh.b", 0), regular("b", 1), regular("c/.wh..wh..opq", 0)))
	if m.Whiteouts != 1 || *m.Inodes != 4 {
		t.Errorf("%d whiteouts, %d inodes", m.Whiteouts, *m.Inodes)
	}
}
