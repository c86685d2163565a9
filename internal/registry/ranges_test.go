package registry

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/static"
	"github.com/google/go-containerregistry/pkg/v1/types"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/registry/failure"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/registry/registrytest"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/registry/transport"
)

// serving has an ordinary file server answer for the layer, one that serves any number of ranges.
func (s *stand) serving(image *Image, content []byte) {
	s.onLayer(image, func(w http.ResponseWriter, r *http.Request) {
		http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(content))
	})
}

// assertRanges reads ranges, which are pairs of offset and length, and compares what came.
func assertRanges(t *testing.T, b *Blob, content []byte, ranges ...[2]int) {
	t.Helper()
	buffers, offsets := buffersFor(ranges...)
	if err := b.ReadRanges(buffers, offsets); err != nil {
		t.Fatal(err)
	}
	for i, r := range ranges {
		if !bytes.Equal(buffers[i], content[r[0]:r[0]+r[1]]) {
			t.Errorf("%d bytes at %d are wrong", r[1], r[0])
		}
	}
}

func buffersFor(ranges ...[2]int) (buffers [][]byte, offsets []int64) {
	for _, r := range ranges {
		buffers, offsets = append(buffers, make([]byte, r[1])), append(offsets, int64(r[0]))
	}
	return buffers, offsets
}

func assertUnsupported(t *testing.T, err error) {
	t.Helper()
	if !errors.Is(err, errors.ErrUnsupported) {
		t.Fatalf("%v is not unsupported", err)
	}
	assertKind(t, err, failure.RangeIgnored)
}

func TestManyRangesTakeOneRequest(t *testing.T) {
	t.Parallel()
	content := randomBytes(10_000)
	s, c, image := withLayer(t, content)
	s.serving(image, content)
	b := c.Blob(t.Context(), image, image.Layers[0])
	assertRanges(
		t, b, content, [2]int{9000, 1000}, [2]int{0, 100}, [2]int{5000, 1}, [2]int{100, 50}, [2]int{120, 100},
		[2]int{7, 0},
	)
	if got := s.headers("Range"); len(got) != 1 || got[0] != "bytes=0-219,5000-5000,9000-9999" {
		t.Errorf("%q", got)
	}
	if bytes, requests := b.Stats(); requests != 1 || bytes < 1221 || bytes > 1221+4*partOverhead {
		t.Errorf("counted %d bytes, %d requests", bytes, requests)
	}
	s.forget()
	assertRanges(t, b, content, [2]int{300, 100}, [2]int{400, 100})
	assertRanges(t, b, content)
	if got := s.headers("Range"); len(got) != 1 || got[0] != "bytes=300-499" {
		t.Errorf("ranges that touch: %q", got)
	}
}

func TestARequestAsksForAsManyRangesAsItsHeaderBears(t *testing.T) {
	t.Parallel()
	content := randomBytes(100_000)
	s, c, image := withLayer(t, content)
	s.serving(image, content)
	var many [][2]int
	for i := range 450 {
		many = append(many, [2]int{i * 200, 100})
	}
	assertRanges(t, c.Blob(t.Context(), image, image.Layers[0]), content, many...)
	got := s.headers("Range")
	if len(got) != 3 {
		t.Fatalf("%d requests", len(got))
	}
	for _, header := range got {
		if n := strings.Count(header, "-"); n > maxRanges {
			t.Errorf("%d ranges", n)
		}
	}
	var far []*wantedRange
	for i := range int64(maxRanges) {
		far = append(far, &wantedRange{first: 1<<62 + i*1000, data: make([]byte, 1)})
	}
	if header, count := rangeHeader(far); len(header) > maxRangeHeader || count != strings.Count(header, "-") ||
		count < 190 {
		t.Errorf("%d ranges in %d bytes", count, len(header))
	}
}

func TestManyRangesOfTheRealRegistry(t *testing.T) {
	t.Parallel()
	for scheme, options := range map[string]registrytest.Options{
		"http": {}, "https with a password": {TLS: true, Username: user, Password: canaryPassword},
	} {
		t.Run(scheme, func(t *testing.T) {
			t.Parallel()
			distribution := registrytest.Start(t, options)
			content := randomBytes(4 << 20)
			config := quick(t)
			config.Transport.Limits = transport.Limits{}
			if options.TLS {
				config.Transport.Hosts = map[string]transport.Host{
					distribution.Host: {
						Username: user, Password: canaryPassword, CACertificate: distribution.Certificate,
					},
				}
			}
			c := newClient(t, config)
			pushTo(t, config.Transport.Hosts[distribution.Host], distribution.Host+"/x:1", content)
			image := mustResolve(t, c, distribution.Host+"/x:1", "")
			b := c.Blob(t.Context(), image, image.Layers[0])
			random := rand.New(rand.NewPCG(1, 2))
			var many [][2]int
			for range 150 {
				length := 1 + random.IntN(8000)
				many = append(many, [2]int{random.IntN(len(content) - length), length})
			}
			many = append(many, [2]int{0, 512}, [2]int{len(content) - 512, 512})
			assertRanges(t, b, content, many...)
			assertRanges(t, b, content, many...)
			if _, requests := b.Stats(); requests != 2 {
				t.Errorf("%d requests", requests)
			}
		})
	}
}

// pushTo stores an image of one layer in a real registry.
func pushTo(t *testing.T, config transport.Host, reference string, content []byte) {
	t.Helper()
	tag, err := name.NewTag(reference, name.WeakValidation)
	if err != nil {
		t.Fatal(err)
	}
	base := http.DefaultTransport.(*http.Transport).Clone()
	if config.CACertificate != "" {
		roots := x509.NewCertPool()
		roots.AppendCertsFromPEM([]byte(config.CACertificate))
		base.TLSClientConfig = &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}
	}
	image, err := mutate.AppendLayers(empty.Image, static.NewLayer(content, types.OCIUncompressedLayer))
	if err != nil {
		t.Fatal(err)
	}
	options := []remote.Option{remote.WithTransport(base), remote.WithContext(t.Context())}
	if config.Username != "" {
		options = append(options, remote.WithAuth(&authn.Basic{Username: config.Username, Password: config.Password}))
	}
	if err := remote.Write(tag, image, options...); err != nil {
		t.Fatal(err)
	}
}

func TestManyRangesOfARegistryThatServesTheFirstAlone(t *testing.T) {
	t.Parallel()
	content := randomBytes(10_000)
	s, c, image := withLayer(t, content) // go-containerregistry's registry
	b := c.Blob(t.Context(), image, image.Layers[0])
	assertRanges(t, b, content, [2]int{0, 10}, [2]int{50, 10}) // what came is used
	buffers, offsets := buffersFor([2]int{0, 10}, [2]int{50, 10})
	for _, again := range []*Blob{b, c.Blob(t.Context(), image, image.Layers[0])} {
		assertUnsupported(t, again.ReadRanges(buffers, offsets))
		assertRanges(t, again, content, [2]int{50, 10}, [2]int{60, 10}) // one range, which it does serve
	}
	got, want := s.headers("Range"), []string{"bytes=0-9,50-59", "bytes=50-59", "bytes=50-69", "bytes=50-69"}
	if !slices.Equal(got, want) {
		t.Errorf("%q", got)
	}
}

func TestAWholeBlobInsteadOfManyRangesIsClosedAndRemembered(t *testing.T) {
	t.Parallel()
	s, c, image := withLayer(t, randomBytes(100))
	const size = 64 << 20
	image.Layers[0].Size = size
	var sent atomic.Int64
	done := make(chan struct{})
	s.onLayer(image, func(w http.ResponseWriter, r *http.Request) { // as S3 does
		if !strings.Contains(r.Header.Get("Range"), ",") {
			http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(make([]byte, size)))
			return
		}
		defer close(done)
		w.Header().Set("Content-Length", fmt.Sprint(size))
		for err := error(nil); err == nil && sent.Load() < size; sent.Add(64 << 10) {
			_, err = w.Write(make([]byte, 64<<10))
		}
	})
	b := c.Blob(t.Context(), image, image.Layers[0])
	buffers, offsets := buffersFor([2]int{0, 10}, [2]int{50, 10})
	assertUnsupported(t, b.ReadRanges(buffers, offsets))
	<-done
	if sent.Load() > size/2 {
		t.Errorf("%d bytes were sent before the connection was closed", sent.Load())
	}
	if received, requests := b.Stats(); received != 0 || requests != 1 {
		t.Errorf("%d bytes were read in %d requests", received, requests)
	}
	assertUnsupported(t, b.ReadRanges(buffers, offsets))
	if _, err := b.ReadAt(buffers[0], 5); err != nil {
		t.Errorf("one range: %v", err)
	}
	if _, requests := b.Stats(); requests != 2 {
		t.Errorf("%d requests", requests)
	}
}

// TestOneRequestShowsWhetherAHostServesManyRanges of any number of layers that are read at once: a
// host that answers with whole blobs sends one.
func TestOneRequestShowsWhetherAHostServesManyRanges(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		answer  func(w http.ResponseWriter, r *http.Request, content []byte)
		several int // requests for several ranges
	}{
		"whole": {func(w http.ResponseWriter, _ *http.Request, content []byte) { _, _ = w.Write(content) }, 1},
		"several": {func(w http.ResponseWriter, r *http.Request, content []byte) {
			http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(content))
		}, 20},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			content := randomBytes(1000)
			s, c, image := withLayer(t, content)
			s.onLayer(image, func(w http.ResponseWriter, r *http.Request) { test.answer(w, r, content) })
			var group sync.WaitGroup
			for range 20 {
				group.Go(func() {
					buffers, offsets := buffersFor([2]int{0, 10}, [2]int{50, 10}, [2]int{90, 10})
					err := c.Blob(t.Context(), image, image.Layers[0]).ReadRanges(buffers, offsets)
					if (err == nil) != (test.several > 1) {
						t.Error(err)
					}
				})
			}
			group.Wait()
			if got := len(s.headers("Range")); got != test.several {
				t.Errorf("%d requests for several ranges, want %d", got, test.several)
			}
		})
	}
}

// facts is a HostStore, by host and fact.
type facts struct {
	mu    sync.Mutex
	known map[string]bool
	asked int
}

func (f *facts) HasFact(host string, fact HostFact) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.asked++
	return f.known[host+": "+string(fact)]
}

// knows is HasFact, which is not counted.
func (f *facts) knows(host string, fact HostFact) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.known[host+": "+string(fact)]
}

func (f *facts) PutFact(host string, fact HostFact) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.known[host+": "+string(fact)] = true
}

func TestAWebPageInsteadOfABlobIsNoWrongSize(t *testing.T) {
	t.Parallel()
	s, c, image := withLayer(t, randomBytes(1000))
	s.onLayer(image, func(w http.ResponseWriter, r *http.Request) { writeHTML(w, r) })
	blob := c.Blob(t.Context(), image, image.Layers[0])
	buffers, offsets := buffersFor([2]int{0, 10}, [2]int{500, 10})
	assertKind(t, blob.ReadRanges(buffers, offsets), failure.WebPage)
	_, err := blob.ReadAt(buffers[0], 1)
	assertKind(t, err, failure.WebPage)
	_, err = blob.Open()
	assertKind(t, err, failure.WebPage)
}

func TestWhatWasLearnedOfAHostServesTheNextRun(t *testing.T) {
	t.Parallel()
	config := quick(t)
	kept := &facts{known: map[string]bool{}}
	config.HostFacts = kept
	s, c, image := withLayerAnd(t, config, randomBytes(1000))
	buffers, offsets := buffersFor([2]int{0, 10}, [2]int{50, 10}, [2]int{90, 10})
	assertUnsupported(t, c.Blob(t.Context(), image, image.Layers[0]).ReadRanges(buffers, offsets))
	if !kept.knows(s.host(), OneRange) {
		t.Fatal("nothing was kept")
	}
	c = newClient(t, config)
	image = mustResolve(t, c, s.host()+"/x:1", "")
	s.forget()
	for range 3 {
		assertUnsupported(t, c.Blob(t.Context(), image, image.Layers[0]).ReadRanges(buffers, offsets))
	}
	if got := s.requests(); got != nil || kept.asked != 3 { // of either fact, and of one that was kept
		t.Errorf("%q, asked the store %d times", got, kept.asked)
	}
}

func TestManyRangesFollowARedirectAndGoThereDirectlyForAWhile(t *testing.T) {
	t.Parallel()
	content := randomBytes(1000)
	s, c, image := withLayer(t, content)
	storage := newStorage(t, newStand(t), content)
	s.redirecting(image.Layers[0], storage.URL+"/blob?X-Signature="+canaryQuery)
	b := c.Blob(t.Context(), image, image.Layers[0])
	for range 3 {
		assertRanges(t, b, content, [2]int{0, 10}, [2]int{50, 10})
	}
	if asked, served := len(s.requests()), len(storage.requests()); asked != 1 || served != 3 {
		t.Errorf("%d to the registry, %d to the storage", asked, served)
	}
	if got := storage.headers("Authorization"); got != nil {
		t.Errorf("credentials went along: %q", got)
	}
}

func TestManyRangesThatBreakAreResumedWithWhatIsMissing(t *testing.T) {
	t.Parallel()
	content := randomBytes(1000)
	s, c, image := withLayer(t, content)
	var cut atomic.Int64
	cut.Store(400)
	s.onLayer(image, func(w http.ResponseWriter, r *http.Request) {
		http.ServeContent(
			&cutting{ResponseWriter: w, left: int(cut.Swap(1 << 20))}, r, "", time.Time{}, bytes.NewReader(content),
		)
	})
	b := c.Blob(t.Context(), image, image.Layers[0])
	assertRanges(t, b, content, [2]int{0, 50}, [2]int{100, 300}, [2]int{500, 10}, [2]int{700, 10})
	got := s.headers("Range")
	var from int
	if len(got) != 2 {
		t.Fatalf("%q", got)
	}
	if _, err := fmt.Sscanf(got[1], "bytes=%d-399,500-509,700-709", &from); err != nil || from <= 100 || from >= 399 {
		t.Errorf("%q", got)
	}
}

// cutting ends an answer in the middle.
type cutting struct {
	http.ResponseWriter
	left int
}

func (c *cutting) Write(p []byte) (int, error) {
	n, err := c.ResponseWriter.Write(p[:min(len(p), c.left)])
	if c.left -= n; err == nil && n < len(p) {
		err = io.ErrShortWrite
	}
	return n, err
}

func TestRangesThatCannotBeAreAnErrorWithoutARequest(t *testing.T) {
	t.Parallel()
	s, c, image := withLayer(t, randomBytes(100))
	b := c.Blob(t.Context(), image, image.Layers[0])
	for _, r := range [][2]int{{-1, 1}, {100, 1}, {99, 2}, {50, 51}} {
		assertKind(
			t, b.ReadRanges([][]byte{make([]byte, 1), make([]byte, r[1])}, []int64{0, int64(r[0])}), failure.Protocol,
		)
	}
	assertKind(t, b.ReadRanges(make([][]byte, 2), make([]int64, 1)), failure.Protocol)
	assertKind(
		t, c.Blob(t.Context(), &Image{Repository: "host.io/x"}, image.Layers[0]).ReadRanges(nil, nil),
		failure.InvalidReference,
	)
	if got := s.requests(); got != nil {
		t.Errorf("%q", got)
	}
}

// hangUp closes the connection of a request for several ranges without an answer.
func hangUp(t *testing.T, w http.ResponseWriter) {
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		t.Error(err)
		return
	}
	conn.Close()
}

// TestAHostThatDropsRequestsForSeveralRangesIsAskedForOneAtATime: a firewall or a storage may close
// the connection, or be silent.
func TestAHostThatDropsRequestsForSeveralRangesIsAskedForOneAtATime(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		drop     func(*testing.T, http.ResponseWriter, *http.Request)
		requests int // at most: net/http repeats one for which a kept connection was used
	}{
		"closes":    {func(t *testing.T, w http.ResponseWriter, _ *http.Request) { hangUp(t, w) }, 3},
		"is silent": {func(_ *testing.T, _ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }, 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			config := quick(t)
			config.Transport.Limits.HeaderTimeout = 500 * time.Millisecond
			config.Transport.Retry = transport.Retry{Max: 10, WaitMin: time.Millisecond, WaitMax: time.Hour}
			kept := &facts{known: map[string]bool{}}
			config.HostFacts = kept
			content := randomBytes(1000)
			s, c, image := withLayerAnd(t, config, content)
			s.onLayer(image, func(w http.ResponseWriter, r *http.Request) {
				if strings.Contains(r.Header.Get("Range"), ",") {
					test.drop(t, w, r)
					return
				}
				http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(content))
			})
			b := c.Blob(t.Context(), image, image.Layers[0])
			buffers, offsets := buffersFor([2]int{0, 10}, [2]int{50, 10})
			assertUnsupported(t, b.ReadRanges(buffers, offsets))
			if got := s.requests(); len(got) == 0 || len(got) > test.requests {
				t.Errorf("%d requests: %q", len(got), got)
			}
			s.forget()
			assertUnsupported(t, b.ReadRanges(buffers, offsets))
			if got := s.requests(); got != nil {
				t.Errorf("the second call made requests: %q", got)
			}
			if kept.knows(s.host(), OneRange) {
				t.Error("the host is remembered before it has served one range")
			}
			assertRanges(t, b, content, [2]int{50, 10})
			s.forget()
			assertUnsupported(t, c.Blob(t.Context(), image, image.Layers[0]).ReadRanges(buffers, offsets))
			if got := s.requests(); got != nil || !kept.knows(s.host(), OneRange) {
				t.Errorf("the host is not remembered: %q", got)
			}
		})
	}
}

// TestAConnectionThatBreaksOnceSaysNothingOfAHost, nor does one that breaks later at a host that
// has served several ranges.
func TestAConnectionThatBreaksOnceSaysNothingOfAHost(t *testing.T) {
	t.Parallel()
	content := randomBytes(1000)
	s, c, image := withLayer(t, content)
	var drops atomic.Int64
	s.onLayer(image, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Connection", "close") // so that net/http repeats nothing
		if drops.Add(-1) >= 0 {
			hangUp(t, w)
			return
		}
		http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(content))
	})
	several := [][2]int{{0, 10}, {50, 10}}
	// ends the connection that resolving has kept
	assertRanges(t, c.Blob(t.Context(), image, image.Layers[0]), content, several[0])
	drops.Store(1)
	assertRanges(t, c.Blob(t.Context(), image, image.Layers[0]), content, several...)
	drops.Store(3)
	b := c.Blob(t.Context(), image, image.Layers[0])
	buffers, offsets := buffersFor(several...)
	assertUnsupported(t, b.ReadRanges(buffers, offsets))
	drops.Store(0)
	assertRanges(t, b, content, [2]int{50, 10})
	assertRanges(t, c.Blob(t.Context(), image, image.Layers[0]), content, several...)
}
