package sampling

import (
	"archive/tar"
	"bytes"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/layersize/deflate"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/layersize/packtest"
)

// numbered is a tar of files that differ in a number in the name, and in content; of one size, or
// of many.
func numbered(t *testing.T, files int, size func(r *rand.Rand) int, content func(r *rand.Rand, n int) []byte) []byte {
	t.Helper()
	var out bytes.Buffer
	r := rand.New(rand.NewPCG(1, 2))
	w := tar.NewWriter(&out)
	for i := range files {
		p := content(r, size(r))
		h := &tar.Header{Name: fmt.Sprintf("modules/m%04d/file-%04d.js", i/1000, i), Size: int64(len(p)), Mode: 0o644}
		if err := w.WriteHeader(h); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write(p); err != nil {
			t.Fatal(err)
		}
	}
	return out.Bytes()
}

// TestFilesThatAreAlikeAreCounted: their headers are copies of headers, back to some before the
// window, and the one thing that every one has of its own is the number in its name, which must not
// be taken for a field of the header.
func TestFilesThatAreAlikeAreCounted(t *testing.T) {
	t.Parallel()
	always := func(n int) func(*rand.Rand) int { return func(*rand.Rand) int { return n } }
	line := func(_ *rand.Rand, n int) []byte {
		return bytes.Repeat([]byte("some text of a module\n"), n/22+1)[:n]
	}
	for name, test := range map[string]struct {
		size    func(*rand.Rand) int
		content func(*rand.Rand, int) []byte
	}{
		"noise of one size":    {always(700), packtest.RandomBytes},
		"noise of many sizes":  {func(r *rand.Rand) int { return 350 + r.IntN(700) }, packtest.RandomBytes},
		"a line of text, once": {always(22), line},
		"text of many sizes":   {func(r *rand.Rand) int { return 50 + r.IntN(300) }, line},
	} {
		const files = 8000
		for _, p := range []packtest.Producer{packtest.GoGzip(6), packtest.Klauspost(5)} {
			stream, err := p.Compress(numbered(t, files, test.size, test.content))
			if err != nil {
				t.Fatal(err)
			}
			g := inMemory(stream, int64(len(stream))*9/10)
			e, err := g.learn(min(deflate.WindowSize, int64(len(stream))/12), 1000)
			if err != nil || e.Files.Count().Value < files*75/100 || e.Files.Count().Value > files*130/100 {
				t.Errorf("%s, %s: %+v of %d files, %v", name, p.Name, e.Files.Count(), files, err)
			}
		}
	}
}

// TestDataWithoutFilesShowNone: what is not a header may have digits of its own among copies.
func TestDataWithoutFilesShowNone(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(7, 7))
	for _, m := range packtest.Materials() {
		data, files := m.Make(r, 3<<20)
		if files != 0 {
			continue
		}
		for _, p := range []packtest.Producer{packtest.GoGzip(6), packtest.Klauspost(1)} {
			stream, err := p.Compress(data)
			if err != nil {
				t.Fatal(err)
			}
			g := inMemory(stream, int64(len(stream))*9/10)
			e, err := g.learn(min(deflate.WindowSize, int64(len(stream))/30), 1000)
			if err != nil || e.Files.Count().Value > 10 {
				t.Errorf("%s, %s: %+v files, %v", m.Name, p.Name, e.Files.Count(), err)
			}
		}
	}
}
