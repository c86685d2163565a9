//go:build linux

package campaign

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/tke/tketest"
)

// longestHostile is how long one reading may take, with the waits of the provider under test.
const longestHostile = 90 * time.Second

var noTime time.Time

// malice is something that a registry may do.
type malice struct {
	title   string
	measure string
	does    func(s *registry) // sets the registry up; the image is s.host()/x:v1
}

var noise = func() []byte {
	content := make([]byte, 4<<20)
	rand.NewChaCha8([32]byte{7}).Read(content)
	return compressGzip(tarOf("noise", content, int64(len(content))))
}()

var small = compressGzip(tarOf("file", []byte("content"), 7))

func (s *registry) pushLayer(mediaType string, content []byte) descriptor {
	layer := s.putBlob(mediaType, content)
	s.putImage(layer)
	return layer
}

// intercept answers the requests whose path holds a part.
func (s *registry) intercept(part string, answer http.HandlerFunc) {
	s.hook = func(w http.ResponseWriter, r *http.Request) bool {
		if strings.Contains(r.URL.Path, part) {
			answer(w, r)
			return true
		}
		return false
	}
}

func announceSize(size int64) func(*registry) {
	return func(s *registry) {
		layer := s.putBlob(typeGzip, noise)
		layer.Size = size
		s.putImage(layer, layer, layer)
	}
}

func answerEndlessly(w http.ResponseWriter, r *http.Request) {
	if r.Method == http.MethodHead {
		return // what is written in answer to one goes nowhere
	}
	for chunk := make([]byte, 64<<10); r.Context().Err() == nil; {
		if _, err := w.Write(chunk); err != nil {
			return
		}
	}
}

func answerInDrips(w http.ResponseWriter, r *http.Request) {
	if r.Method == http.MethodHead {
		return // what is written in answer to one goes nowhere
	}
	for begun := time.Now(); time.Since(begun) < longestHostile && r.Context().Err() == nil; {
		if _, err := w.Write([]byte(" ")); err != nil {
			return
		}
		_ = http.NewResponseController(w).Flush()
		time.Sleep(50 * time.Millisecond)
	}
}

func answerNothing(_ http.ResponseWriter, r *http.Request) {
	select {
	case <-r.Context().Done():
	case <-time.After(time.Minute):
	}
}

func redirectTo(to string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, to, http.StatusTemporaryRedirect) }
}

// answerRanges answers every range of the layer with a part of it and a Content-Range, which need
// not belong together.
func answerRanges(
	status int, header func(from, to, size int) string, cut func(from, to int) (int, int),
) func(*registry) {
	return func(s *registry) {
		layer := s.pushLayer(typeGzip, noise)
		s.intercept(layer.Digest, func(w http.ResponseWriter, r *http.Request) {
			from, to := 0, len(noise)-1
			_, _ = fmt.Sscanf(r.Header.Get("Range"), "bytes=%d-%d", &from, &to)
			to = min(to, len(noise)-1)
			if text := header(from, to, len(noise)); text != "" {
				w.Header().Set("Content-Range", text)
			}
			w.WriteHeader(status)
			from, to = cut(from, to)
			_, _ = w.Write(noise[from : to+1])
		})
	}
}

func truly(from, to, size int) string { return fmt.Sprintf("bytes %d-%d/%d", from, to, size) }
func elsewhere(from, to, size int) string {
	return fmt.Sprintf("bytes %d-%d/%d", from/2+7, to/2+7, size)
}
func larger(from, to, _ int) string   { return fmt.Sprintf("bytes %d-%d/%d", from, to, 1<<50) }
func untold(int, int, int) string     { return "" }
func asAsked(from, to int) (int, int) { return from, to }
func half(from, to int) (int, int)    { return from, from + (to-from)/2 }
func all(int, int) (int, int)         { return 0, len(noise) - 1 }

const (
	exactly  = "answered, exact"
	inferred = "answered, not exact"
)

var malices = []malice{
	{"an index in an index, and so on, ten deep", "auto", func(s *registry) {
		inner := s.putImage(s.putBlob(typeGzip, small))
		for range 10 {
			inner = s.putIndex("v1", inner)
		}
	}},
	{"an index that leads to itself", "auto", func(s *registry) {
		index := s.putIndex("v1", descriptor{MediaType: typeIndex, Digest: digestOf([]byte("itself")), Size: 100})
		s.manifests[digestOf([]byte("itself"))] = s.manifests[index.Digest]
	}},
	{"an index of ten thousand entries that do not say their platform", "auto", func(s *registry) {
		entries := make([]descriptor, 10_000)
		for i := range entries {
			entries[i] = s.putImage(s.putBlob(typeGzip, small))
			entries[i].Digest = digestOf([]byte(fmt.Sprint(i)))
		}
		s.putIndex("v1", entries...)
	}},
	{"a thousand layers", "sample", func(s *registry) {
		layers := make([]descriptor, 1000)
		for i := range layers {
			layers[i] = s.putBlob(typeGzip, compressGzip(tarOf(fmt.Sprint("file-", i), []byte("content"), 7)))
		}
		s.putImage(layers...)
	}},
	{"ten thousand layers", "manifest", func(s *registry) {
		layers := make([]descriptor, 10_000)
		for i := range layers {
			layers[i] = s.putBlob(typeGzip, small)
		}
		s.putImage(layers...)
	}},
	{"sizes that are too small", "full", announceSize(1000)},
	{"sizes that are too large", "full", announceSize(1 << 40)},
	{"sizes that are too large, sampled", "sample", announceSize(1 << 40)},
	{"negative sizes", "auto", announceSize(-1)},
	{"sizes whose sum overflows", "auto", announceSize(1 << 62)},
	{"a manifest that is not its digest's", "auto", func(s *registry) {
		manifest := s.putImage(s.putBlob(typeGzip, small))
		s.putIndex("v1", descriptor{
			MediaType: typeManifest,
			Digest:    digestOf([]byte("other")),
			Size:      manifest.Size,
			Platform:  &platform{"linux", "amd64"},
		})
		s.manifests[digestOf([]byte("other"))] = s.manifests[manifest.Digest]
	}},
	{"a layer that is not its digest's", "full", func(s *registry) {
		layer := s.pushLayer(typeGzip, small)
		s.blobs[layer.Digest] = append(
			compressGzip(tarOf("file", []byte("CONTENT"), 7))[:len(small)-8], small[len(small)-8:]...,
		)
	}},
	{"a manifest without end", "auto", func(s *registry) { s.intercept("/manifests/", answerEndlessly) }},
	{
		"a layer without end", "full",
		func(s *registry) { s.intercept(s.pushLayer(typeGzip, noise).Digest, answerEndlessly) },
	},
	{"a manifest that drips", "auto", func(s *registry) { s.intercept("/manifests/", answerInDrips) }},
	{
		"a layer that drips", "full",
		func(s *registry) { s.intercept(s.pushLayer(typeGzip, noise).Digest, answerInDrips) },
	},
	{"no answer at all", "auto", func(s *registry) { s.intercept("/manifests/", answerNothing) }},
	{"redirects in a circle", "sample", func(s *registry) {
		digest := s.pushLayer(typeGzip, noise).Digest
		s.intercept(digest, redirectTo("/v2/x/blobs/"+digest))
	}},
	{"a redirect to another host, which gets no credentials", "full", func(s *registry) {
		digest := s.pushLayer(typeGzip, noise).Digest
		storage := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			s.mu.Lock()
			defer s.mu.Unlock()
			s.elsewhere = append(s.elsewhere, r.Header.Get("Authorization"))
			_, _ = w.Write(noise)
		}))
		s.Config.RegisterOnShutdown(storage.Close)
		s.intercept(digest, redirectTo(storage.URL+"/blob?X-Signature="+canary+"-query"))
	}},
	{"a redirect to a link-local address", "full", func(s *registry) {
		s.intercept(s.pushLayer(typeGzip, noise).Digest, redirectTo("http://169.254.169.254/latest/meta-data/"))
	}},
	{"a token service at a link-local address", "auto", func(s *registry) {
		s.intercept("/manifests/", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("WWW-Authenticate", `Bearer realm="http://169.254.169.254/token",service="x"`)
			w.WriteHeader(http.StatusUnauthorized)
		})
	}},
	{"credentials that are refused and repeated in the answer", "auto", func(s *registry) {
		s.intercept("/manifests/", func(w http.ResponseWriter, r *http.Request) {
			_, password, _ := r.BasicAuth()
			w.Header().Set("WWW-Authenticate", `Basic realm="campaign"`)
			w.WriteHeader(http.StatusUnauthorized)
			_, _ = fmt.Fprintf(w, `{"errors":[{"code":"DENIED","message":"not %s\u001b[31m"}]}`, password)
		})
	}},
	{
		"gzip that unpacks to a thousand times its size", "full",
		func(s *registry) { s.pushLayer(typeGzip, makeGzipBomb(2)) },
	},
	{
		"zstd that unpacks to thirty thousand times its size", "full",
		func(s *registry) { s.pushLayer(typeZstd, makeZstdBomb(4)) },
	},
	{"zstd that ends in nonsense", "full", func(s *registry) {
		s.pushLayer(typeZstd, append(makeZstdBomb(1)[:1<<12], 0xff, 0xff, 0xff))
	}},
	{"a tar whose file claims to be larger than any disk", "full", func(s *registry) {
		s.pushLayer(typeTar, tarOf("huge", []byte("content"), 1<<62))
	}},
	{"a tar whose header claims a name of a gigabyte", "full", func(s *registry) {
		header := tarOf("pax", make([]byte, 1024), 1<<30)
		header[156] = 'x' // the type: an extended header
		s.pushLayer(typeTar, header)
	}},
	{"no tar at all", "full", func(s *registry) { s.pushLayer(typeGzip, compressGzip(noise[:100_000])) }},
	{"200 in place of 206", "sample", answerRanges(http.StatusOK, untold, all)},
	{"another range than was asked for", "sample", answerRanges(http.StatusPartialContent, elsewhere, asAsked)},
	{"a range of another size", "sample", answerRanges(http.StatusPartialContent, larger, asAsked)},
	{"206 without saying which range", "sample", answerRanges(http.StatusPartialContent, untold, asAsked)},
	{"half of each range", "sample", answerRanges(http.StatusPartialContent, truly, half)},
}

// TestHostile measures images of registries that mean harm.
func TestHostile(t *testing.T) {
	t.Parallel()
	requireCLI(t)
	const measure, how, took, memory = "`measure`", "how it ends", "seconds", "most memory, MiB"
	seen := newTable("hostile", "Images measured", "what the registry does", measure, how, took, memory)
	seen.ignoreColumns(took, memory)
	t.Cleanup(func() { seen.compareWithGuide(t, true) })
	for i, m := range malices {
		seen.setCell(m.title, measure, m.measure)
		if !*full && i%6 != 0 {
			continue
		}
		t.Run(m.title, func(t *testing.T) {
			t.Parallel()
			ended, seconds, mib := m.measureImage(t)
			seen.count.Add(1)
			seen.setCell(m.title, how, ended)
			seen.setCell(m.title, took, fmt.Sprintf("%.1f", seconds.Seconds()))
			seen.setCell(m.title, memory, fmt.Sprint(mib))
			if seconds > longestHostile || mib > mostMemory {
				t.Errorf("it took %s and %d MiB", seconds, mib)
			}
		})
	}
}

var (
	summary = regexp.MustCompile(`Error: (.*?) with data\.`)
	told    = regexp.MustCompile(`told = "exact (true|false)`)
)

func (m malice) measureImage(t *testing.T) (ended string, took time.Duration, mib int) {
	t.Helper()
	s := newRegistry(t)
	m.does(s)
	r := newRun(t, tketest.Options{})
	r.writeConfiguration(fmt.Sprintf(`
provider "tkeimage" {
  registries = { %[1]q = { username = "u", password = var.password } }
}
data "tkeimage_root_disk_size" "x" {
  images  = ["%[1]s/x:v1"]
  measure = %[2]q
}
output "told" { value = "exact ${data.tkeimage_root_disk_size.x.exact}" }
`, s.host(), m.measure))
	var said string
	begun := time.Now()
	mib = r.measurePeak(func() { _, said = r.try("plan") })
	took = time.Since(begun)
	for _, secret := range s.elsewhere {
		if secret != "" {
			tally.secrets.Add(1)
			t.Errorf("another host was sent %q", secret)
		}
	}
	if strings.Contains(said, "did not respond") || strings.Contains(said, "panic") {
		t.Errorf("the provider has crashed: %s", said)
	}
	if found := told.FindStringSubmatch(said); len(found) == 2 {
		return map[string]string{"true": exactly, "false": inferred}[found[1]], took, mib
	}
	if text := summary.FindStringSubmatch(said); len(text) == 2 {
		return "error: " + text[1], took, mib
	}
	t.Errorf("neither an answer nor an error: %s", said)
	return "", took, mib
}
