package measure_test

import (
	"archive/tar"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http/httputil"
	"net/url"
	"slices"
	"strings"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/partial"
	"github.com/google/go-containerregistry/pkg/v1/static"
	"github.com/google/go-containerregistry/pkg/v1/types"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/layersize"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/layersize/ztoctest"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/measure"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/registry/imagetest"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/registry/registrytest"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/store"
)

const (
	indexV1 = "application/vnd.amazon.soci.index.v1+json"
	indexV2 = "application/vnd.amazon.soci.index.v2+json"
)

// watched is the real registry behind a proxy that writes down what is asked for.
func watched(t *testing.T) *recordingRegistry {
	t.Helper()
	behind := registrytest.Start(t, registrytest.Options{})
	target, err := url.Parse(behind.URL())
	if err != nil {
		t.Fatal(err)
	}
	return serve(t, httputil.NewSingleHostReverseProxy(target))
}

// indexable is a layer with small files among random data, large enough to profit from an index,
// and its tar.
func indexable(t *testing.T, seed uint64) (*blob, []byte) {
	t.Helper()
	return indexableInSpans(t, seed, smallSpan)
}

func indexableInSpans(t *testing.T, seed uint64, span int) (*blob, []byte) {
	t.Helper()
	var out bytes.Buffer
	w := tar.NewWriter(&out)
	random := rand.NewChaCha8([32]byte{byte(seed)})
	write := func(h tar.Header) {
		if err := w.WriteHeader(&h); err != nil {
			t.Fatal(err)
		}
		if _, err := io.CopyN(w, random, h.Size); err != nil {
			t.Fatal(err)
		}
	}
	write(tar.Header{Typeflag: tar.TypeDir, Name: "app/", Mode: 0o755})
	for i := range 300 {
		write(tar.Header{Name: fmt.Sprintf("app/small%d", i), Size: int64(i), Mode: 0o644})
	}
	write(tar.Header{Typeflag: tar.TypeSymlink, Name: "app/link", Linkname: "small1"})
	write(tar.Header{Name: "app/weights", Size: 5 << 20, Mode: 0o644})
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return packedInSpans(t, out.Bytes(), span), out.Bytes()
}

// Spans of which the check of a zTOC unpacks some, and of which it unpacks none.
const (
	smallSpan = 128 << 10
	largeSpan = 4 << 20
)

// blob is a gzip layer in memory.
type blob struct {
	v1.Layer
	diffID v1.Hash
	size   int64
	ztoc   *ztoctest.ZTOC // for a layer that packed made
}

func (b *blob) DiffID() (v1.Hash, error) { return b.diffID, nil }

func packed(t *testing.T, tarball []byte) *blob { return packedInSpans(t, tarball, smallSpan) }

func packedInSpans(t *testing.T, tarball []byte, span int) *blob {
	t.Helper()
	content, ztoc, err := ztoctest.Pack(tarball, span)
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256(tarball)
	diffID := v1.Hash{Algorithm: "sha256", Hex: hex.EncodeToString(sum[:])}
	return &blob{Layer: static.NewLayer(content, types.OCILayer), diffID: diffID, size: int64(len(content)), ztoc: ztoc}
}

// ztocOf is a copy of the layer's zTOC.
func ztocOf(l *blob) *ztoctest.ZTOC {
	ztoc := *l.ztoc
	ztoc.Files, ztoc.Spans = slices.Clone(ztoc.Files), slices.Clone(ztoc.Spans)
	return &ztoc
}

// index is a SOCI index as an image manifest, which is how soci writes it: one zTOC for each layer.
func index(t *testing.T, kind types.MediaType, ztocs map[v1.Layer][]byte) v1.Image {
	t.Helper()
	image := mutate.ConfigMediaType(mutate.MediaType(empty.Image, types.OCIManifestSchema1), kind)
	for l, ztoc := range ztocs {
		var err error
		image, err = mutate.Append(image, mutate.Addendum{
			Layer:       static.NewLayer(ztoc, "application/octet-stream"),
			Annotations: map[string]string{"com.amazon.soci.image-layer-digest": digest(t, l)},
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return image
}

func pushed(t *testing.T, reference string, image v1.Image) v1.Descriptor {
	t.Helper()
	if _, err := imagetest.Push(t.Context(), reference, image); err != nil {
		t.Fatal(err)
	}
	descriptor, err := partial.Descriptor(image)
	if err != nil {
		t.Fatal(err)
	}
	return *descriptor
}

// attach pushes an index that refers to an image: go-containerregistry keeps the tag that lists the
// referrers, since this registry does not have their API.
func attach(
	t *testing.T,
	s *recordingRegistry,
	repository string,
	to v1.Image,
	ztocs map[v1.Layer][]byte,
) (digest string) {
	t.Helper()
	subject := pushed(t, s.host+"/"+repository+":v1", to)
	refers, ok := mutate.Subject(index(t, indexV1, ztocs), subject).(v1.Image)
	if !ok {
		t.Fatal("no image")
	}
	hash, err := refers.Digest()
	if err != nil {
		t.Fatal(err)
	}
	pushed(t, s.host+"/"+repository+"@"+hash.String(), refers)
	return hash.String()
}

func imageOf(t *testing.T, layers ...v1.Layer) v1.Image {
	t.Helper()
	image, err := imagetest.Build("amd64", layers...)
	if err != nil {
		t.Fatal(err)
	}
	return image
}

func sampled(t *testing.T, m *measure.Measurer, image string) *measure.Report {
	t.Helper()
	report, err := m.Measure(t.Context(), request(measure.Sample, image))
	if err != nil {
		t.Fatal(err)
	}
	return report
}

func streamed(t *testing.T, image string) *measure.Report {
	t.Helper()
	report, err := measurer(t, nil).Measure(t.Context(), request(measure.Full, image))
	if err != nil {
		t.Fatal(err)
	}
	return report
}

// TestASOCIIndexCountsWhatAStreamDoes: of both kinds, and for few requests.
func TestASOCIIndexCountsWhatAStreamDoes(t *testing.T) {
	t.Parallel()
	s := watched(t)
	one, _ := indexable(t, 1)
	two, _ := indexable(t, 2)
	ztocs := map[v1.Layer][]byte{one: ztocOf(one).Bytes(), two: ztocOf(two).Bytes()}
	image := imageOf(t, one, two)
	attach(t, s, "soci/first", image, ztocs)

	second := index(t, indexV2, ztocs)
	found := pushed(t, s.host+"/soci/second:index", second)
	enabled, ok := mutate.Annotations(image, map[string]string{
		"com.amazon.soci.index-digest": found.Digest.String(),
	}).(v1.Image)
	if !ok {
		t.Fatal("no image")
	}
	pushed(t, s.host+"/soci/second:v1", enabled)

	// the API, and the tag in its place
	for repository, referrers := range map[string]int{"soci/first": 2, "soci/second": 0} {
		reference := s.host + "/" + repository + ":v1"
		want := streamed(t, reference)
		s.since()
		kept := store.Open(t.TempDir())
		got := sampled(t, measurer(t, kept), reference)
		asked := s.since()
		if got.RequiredBytes != want.RequiredBytes || *got.Inodes != *want.Inodes ||
			got.UnpackedBytes != want.UnpackedBytes {
			t.Errorf(
				"%s: %+v and %d inodes, streamed %+v and %d",
				repository,
				got.RequiredBytes,
				*got.Inodes,
				want.RequiredBytes,
				*want.Inodes,
			)
		}
		for _, m := range got.Images[0].Measurements {
			if m.Method != layersize.MethodTOC || m.Exact || m.Refuted != "" {
				t.Errorf("%s: %+v: the check of so large spans proves nothing", repository, m)
			}
		}
		if n := count(asked, "sha256-") + count(asked, "/referrers/"); n != referrers {
			t.Errorf("%s: %d requests for referrers, want %d: %v", repository, n, referrers, asked)
		}
		// manifest and configuration; index; for each layer the zTOC, its check in two rounds, and
		// its trailer
		most := 3 + referrers + 1 + 2*5
		if referrers > 0 {
			most += 2 // while the referrers were looked for, the layers' starts were read
		}
		if len(asked) > most {
			t.Errorf("%s: %d requests, at most %d are needed: %v", repository, len(asked), most, asked)
		}
		again := sampled(t, measurer(t, kept), reference)
		if asked := s.since(); len(asked) != 1 || again.RequiredBytes != got.RequiredBytes {
			t.Errorf("%s: a second look cost %v", repository, asked)
		}
	}
}

func count(lines []string, part string) int {
	n := 0
	for _, line := range lines {
		if strings.Contains(line, part) {
			n++
		}
	}
	return n
}

// TestNoIndexIsLookedForInVain: not where no layer is probed, nor where all that are would not
// profit.
func TestNoIndexIsLookedForInVain(t *testing.T) {
	t.Parallel()
	s := watched(t)
	large, _ := indexable(t, 1)
	small := layer(t, 1, imagetest.File{Name: "small", Size: 1 << 20, Like: imagetest.Noise})
	for name, test := range map[string]struct {
		mode   measure.Mode
		layers []v1.Layer
		asked  int
	}{
		"full":                     {measure.Full, []v1.Layer{large}, 0},
		"manifest":                 {measure.Manifest, []v1.Layer{large}, 0},
		"auto streams it":          {measure.Auto, []v1.Layer{large}, 0},
		"sample of a small layer":  {measure.Sample, []v1.Layer{small}, 0},
		"sample of a large layer":  {measure.Sample, []v1.Layer{small, large}, 2},
		"sample of an image twice": {measure.Sample, []v1.Layer{large, small}, 2},
	} {
		reference := s.push(t, "vain/"+strings.ReplaceAll(name, " ", "-")+":v1", test.layers...)
		s.since()
		r := request(test.mode, reference)
		if strings.HasSuffix(name, "twice") {
			r.Images = append(r.Images, reference)
		}
		if _, err := measurer(t, nil).Measure(t.Context(), r); err != nil {
			t.Fatal(err)
		}
		asked := s.since()
		if n := count(asked, "sha256-") + count(asked, "/referrers/"); n != test.asked {
			t.Errorf("%s: %d requests for referrers, want %d: %v", name, n, test.asked, asked)
		}
	}
	client := measurer(t, nil)
	first, second := s.push(t, "vain/one:v1", large), s.push(t, "vain/two:v1", large)
	sampled(t, client, first)
	s.since()
	sampled(t, client, second)
	if asked := s.since(); count(asked, "/referrers/") != 0 || count(asked, "sha256-") != 1 {
		t.Errorf("a registry without the API was asked for it again: %v", asked)
	}
}

// TestALyingIndexIsNeverBelieved: what cannot be is passed over, and what could be is not exact.
func TestALyingIndexIsNeverBelieved(t *testing.T) {
	t.Parallel()
	s := watched(t)
	l, tarball := indexable(t, 1)
	last := func(z *ztoctest.ZTOC) *ztoctest.File { return &z.Files[len(z.Files)-1] }
	for name, lie := range map[string]func(z *ztoctest.ZTOC) []byte{
		"a smaller file":  func(z *ztoctest.ZTOC) []byte { last(z).Size /= 2; return z.Bytes() },
		"a larger file":   func(z *ztoctest.ZTOC) []byte { last(z).Size *= 2; return z.Bytes() },
		"a negative size": func(z *ztoctest.ZTOC) []byte { last(z).Size = -1; return z.Bytes() },
		"no last file":    func(z *ztoctest.ZTOC) []byte { z.Files = z.Files[:len(z.Files)-1]; return z.Bytes() },
		"half of the files": func(z *ztoctest.ZTOC) []byte {
			z.Files = slices.Delete(z.Files, 50, 200)
			return z.Bytes()
		},
		"no files":      func(z *ztoctest.ZTOC) []byte { z.Files = nil; return z.Bytes() },
		"another order": func(z *ztoctest.ZTOC) []byte { slices.Reverse(z.Files); return z.Bytes() },
		"a shorter tar": func(z *ztoctest.ZTOC) []byte {
			last(z).Size -= 1 << 20
			z.Uncompressed -= 1 << 20
			return z.Bytes()
		},
		"a longer tar": func(z *ztoctest.ZTOC) []byte {
			last(z).Size += 1 << 20
			z.Uncompressed += 1 << 20
			return z.Bytes()
		},
		"another blob":       func(z *ztoctest.ZTOC) []byte { z.Compressed++; return z.Bytes() },
		"a directory of all": func(z *ztoctest.ZTOC) []byte { last(z).Type = "dir"; return z.Bytes() },
		"an unknown type":    func(z *ztoctest.ZTOC) []byte { last(z).Type = "socket"; return z.Bytes() },
		"a future version":   func(z *ztoctest.ZTOC) []byte { z.Version = "2.0"; return z.Bytes() },
		"half of a zTOC":     func(z *ztoctest.ZTOC) []byte { b := z.Bytes(); return b[:len(b)/2] },
		"no zTOC": func(*ztoctest.ZTOC) []byte {
			return []byte("no FlatBuffer at all, only a text of some length")
		},
		"nothing": func(*ztoctest.ZTOC) []byte { return nil },
		"files of one name": func(z *ztoctest.ZTOC) []byte {
			for i := range z.Files {
				z.Files[i].Name = "app/same"
			}
			return z.Bytes()
		},
		"more than is useful": func(z *ztoctest.ZTOC) []byte { return append(z.Bytes(), make([]byte, 4<<20)...) },
	} {
		repository := "lies/" + strings.ReplaceAll(strings.ToLower(name), " ", "-")
		attach(t, s, repository, imageOf(t, l), map[v1.Layer][]byte{l: lie(ztocOf(l))})
		got := sampled(t, measurer(t, nil), s.host+"/"+repository+":v1")
		m := got.Images[0].Measurements[0]
		if m.Method == layersize.MethodTOC || m.Exact || !strings.Contains(m.Note, "SOCI index") {
			t.Errorf("%s: %+v", name, m)
		}
		if u := m.UnpackedBytes; u.Min > int64(len(tarball)) || u.Max < int64(len(tarball)) {
			t.Errorf("%s: the tar has %d bytes, which is not within %+v", name, len(tarball), u)
		}
	}
}

// TestAnIndexOfLargeSpansIsNotExact: of a span that is too large to be unpacked, its start is
// checked alone. What is listed behind that may be the truth or not.
func TestAnIndexOfLargeSpansIsNotExact(t *testing.T) {
	t.Parallel()
	s := watched(t)
	l, _ := indexableInSpans(t, 1, largeSpan)
	for name, change := range map[string]func(z *ztoctest.ZTOC){
		"truth": func(*ztoctest.ZTOC) {},
		"lie": func(z *ztoctest.ZTOC) {
			for i := range z.Files[200:] {
				z.Files[200+i].Name = "app/same"
			}
		},
	} {
		z := ztocOf(l)
		change(z)
		attach(t, s, "large/"+name, imageOf(t, l), map[v1.Layer][]byte{l: z.Bytes()})
		reference := s.host + "/large/" + name + ":v1"
		if m := sampled(t, measurer(t, nil), reference).Images[0].Measurements[0]; m.Method != layersize.MethodTOC ||
			m.Exact {
			t.Errorf("%s: %+v", name, m)
		}
	}
}

// TestAnIndexOfAnotherImageIsNotTaken: neither one that refers to another manifest, nor one that
// the list of referrers calls by another type, nor one that is gone.
func TestAnIndexOfAnotherImageIsNotTaken(t *testing.T) {
	t.Parallel()
	s := watched(t)
	l, _ := indexable(t, 1)
	ztocs := map[v1.Layer][]byte{l: ztocOf(l).Bytes()}
	for name, digestOf := range map[string]func(repository string) string{
		"of the first kind": func(repository string) string {
			return pushed(t, s.host+"/"+repository+":index", index(t, indexV1, ztocs)).Digest.String()
		},
		"of no kind": func(repository string) string {
			return pushed(t, s.host+"/"+repository+":index", imageOf(t, l)).Digest.String()
		},
		"gone":      func(string) string { return "sha256:" + strings.Repeat("0", 64) },
		"no digest": func(string) string { return "../../../etc" },
	} {
		repository := "other/" + strings.ReplaceAll(name, " ", "-")
		annotated, ok := mutate.Annotations(imageOf(t, l), map[string]string{
			"com.amazon.soci.index-digest": digestOf(repository),
		}).(v1.Image)
		if !ok {
			t.Fatal("no image")
		}
		pushed(t, s.host+"/"+repository+":v1", annotated)
		m := sampled(t, measurer(t, nil), s.host+"/"+repository+":v1").Images[0].Measurements[0]
		if m.Method == layersize.MethodTOC || m.Exact {
			t.Errorf("%s: %+v", name, m)
		}
	}
}
