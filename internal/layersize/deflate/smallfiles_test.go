package deflate

import (
	"archive/tar"
	"bytes"
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/layersize/packtest"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/layersize/transcript"
)

// iconModules is a tar as npm packages of icons are: a drawing in each file, some hundred bytes of
// it, in packages with a few larger files. Next to nothing of a header is its own but the digits of
// size and checksum, and much of the text is numbers. It returns the kinds of the headers, by where
// they stand.
func iconModules(t *testing.T, r *rand.Rand, packages int) (data []byte, kinds map[int64]byte) {
	t.Helper()
	var out bytes.Buffer
	w := tar.NewWriter(&out)
	kinds = map[int64]byte{}
	add := func(h *tar.Header, content string) {
		h.Size = int64(len(content))
		if err := w.Flush(); err != nil {
			t.Fatal(err)
		}
		kinds[int64(out.Len())] = h.Typeflag
		if err := w.WriteHeader(h); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write([]byte(content)); err != nil {
			t.Fatal(err)
		}
	}
	for p := range packages {
		name := fmt.Sprintf("app/node_modules/@design/icons-%s-%d", word(r), p)
		add(&tar.Header{Name: name + "/", Mode: 0o755, Typeflag: tar.TypeDir}, "")
		for range 100 + r.IntN(500) {
			icon := word(r) + word(r)
			add(&tar.Header{Name: name + "/" + icon + ".js", Mode: 0o644, Typeflag: tar.TypeReg}, drawing(r, icon))
		}
		for range 3 {
			text := string(packtest.JSONLines(r, int(2000*math.Exp(2*r.NormFloat64()))%500_000+1))
			add(&tar.Header{Name: name + "/" + word(r) + ".map", Mode: 0o644, Typeflag: tar.TypeReg}, text)
		}
	}
	return out.Bytes(), kinds
}

func word(r *rand.Rand) string {
	const syllables = "arrowcirclefilledroundsharpoutlineboxusercloudmailstarlockhome"
	at := r.IntN(len(syllables) - 8)
	return strings.ToUpper(syllables[at:at+1]) + syllables[at+1:at+3+r.IntN(5)]
}

// drawing is the text of one icon.
func drawing(r *rand.Rand, name string) string {
	var b strings.Builder
	fmt.Fprint(&b, `import createSvgIcon from './utils/createSvgIcon'; import { jsx as _jsx } from "react/jsx-runtime"; `)
	fmt.Fprint(&b, `export default createSvgIcon(/*#__PURE__*/_jsx("path", { d: "`)
	for range 5 + r.IntN(70) {
		fmt.Fprintf(&b, "%c%.4g %.4g", "MLHVCSlhvcs"[r.IntN(11)], 20*r.Float64()-4, 20*r.Float64()-4)
	}
	fmt.Fprintf(&b, `" }), '%s');`, name)
	return b.String()
}

// blockStarts are the bits at which a gzip stream's blocks begin, and what comes before each of
// them.
func blockStarts(t *testing.T, stream []byte) map[int64]int64 {
	t.Helper()
	f := &inflater{data: transcript.Pad(stream), Limit: len(stream) * 8}
	n, _ := headerLength(stream)
	f.Reset(n*8, 0)
	if err := f.member(); err != nil {
		t.Fatal(err)
	}
	starts, out := map[int64]int64{}, int64(0)
	for _, s := range f.Spans {
		starts[s.End-s.Bits] = out
		out += s.Out
	}
	return starts
}

// TestHeadersOfSmallModulesAreFoundWhereTheyStand: not where the digits of one field might be those
// of another; and text full of numbers makes no extended header of the one before it.
func TestHeadersOfSmallModulesAreFoundWhereTheyStand(t *testing.T) {
	t.Parallel()
	const window = 64 << 10
	for seed := range uint64(4) {
		data, kinds := iconModules(t, rand.New(rand.NewPCG(seed, 3)), 10)
		for _, p := range []packtest.Producer{packtest.GoGzip(1), packtest.GoGzip(6)} {
			stream, err := p.Compress(data)
			if err != nil {
				t.Fatal(err)
			}
			starts := blockStarts(t, stream)
			found, elsewhere, mistaken := 0, 0, 0
			for at := int64(0); at+window <= int64(len(stream)); at += window {
				w := NewWindow()
				w.Load(transcript.Pad(stream[at : at+window]))
				if !w.Search(0) {
					continue
				}
				before, ok := starts[at*8+w.Spans[0].End-w.Spans[0].Bits]
				if !ok {
					continue // of a stored block, where it begins in its byte is not known
				}
				headers := w.Text.FindHeaders()
				for i, e := range w.Text.ReadEntries(headers) {
					kind, ok := kinds[before+int64(headers[i])]
					switch {
					case !ok:
						elsewhere++
						continue
					case e.Kind != 0 && e.Kind != kind:
						mistaken++
					}
					found++
				}
			}
			t.Logf("seed %d, %s: of %d headers %d elsewhere, %d mistaken", seed, p.Name, found, elsewhere, mistaken)
			if found < len(kinds)*2/3 || elsewhere > found/50 || mistaken > found/50 {
				t.Errorf("seed %d, %s: of %d headers %d are found, %d elsewhere, %d mistaken", seed, p.Name, len(kinds), found, elsewhere, mistaken)
			}
		}
	}
}
