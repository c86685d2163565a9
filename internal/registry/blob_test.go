package registry

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/registry/failure"
)

// withLayer serves one image of one layer, and returns the image as a client resolves it.
func withLayer(t *testing.T, content []byte) (*stand, *Client, *Image) {
	t.Helper()
	return withLayerAnd(t, quick(t), content)
}

func withLayerAnd(t *testing.T, config Config, content []byte) (*stand, *Client, *Image) {
	t.Helper()
	s := newStand(t)
	s.image("x", "1", "linux/amd64", content)
	c := newClient(t, config)
	image := mustResolve(t, c, s.host()+"/x:1", "")
	s.forget()
	return s, c, image
}

// onLayer puts a handler in front of the layer's blob.
func (s *stand) onLayer(image *Image, handle http.HandlerFunc) {
	s.intercept = func(w http.ResponseWriter, r *http.Request) bool {
		if !isBlobOf(r, image.Layers[0]) {
			return false
		}
		handle(w, r)
		return true
	}
}

func TestReadAtReadsWhatIsThere(t *testing.T) {
	t.Parallel()
	content := randomBytes(1000)
	s, c, image := withLayer(t, content)
	b := c.Blob(t.Context(), image, image.Layers[0])
	for _, test := range []struct{ off, length, want int }{
		{0, 10, 10}, {500, 100, 100}, {990, 10, 10}, {990, 50, 10}, {999, 1, 1}, {0, 1000, 1000}, {0, 2000, 1000},
	} {
		p := make([]byte, test.length)
		n, err := b.ReadAt(p, int64(test.off))
		wantErr := error(nil)
		if test.want < test.length {
			wantErr = io.EOF
		}
		if n != test.want || !errors.Is(err, wantErr) || !bytes.Equal(p[:n], content[test.off:test.off+test.want]) {
			t.Errorf("%d at %d: %d, %v", test.length, test.off, n, err)
		}
	}
	requests := len(s.requests())
	for off, want := range map[int64]error{1000: io.EOF, 5000: io.EOF, -1: failure.Protocol} {
		if n, err := b.ReadAt(make([]byte, 1), off); n != 0 || !errors.Is(err, want) {
			t.Errorf("at %d: %d, %v", off, n, err)
		}
	}
	if n, err := b.ReadAt(nil, 5); n != 0 || err != nil {
		t.Errorf("nothing: %d, %v", n, err)
	}
	if len(s.requests()) != requests || requests != 7 {
		t.Errorf("%d requests, then %d", requests, len(s.requests()))
	}
	if bytes, made := b.Stats(); bytes != 10+100+10+10+1+1000+1000 || made != 7 {
		t.Errorf("counted %d bytes, %d requests", bytes, made)
	}
}

func TestAWholeBlobInsteadOfARangeIsClosedAndRemembered(t *testing.T) {
	t.Parallel()
	s, c, image := withLayer(t, randomBytes(100))
	const size = 64 << 20
	image.Layers[0].Size = size
	var sent atomic.Int64
	done := make(chan struct{})
	s.onLayer(image, func(w http.ResponseWriter, r *http.Request) {
		defer close(done)
		w.Header().Set("Content-Length", fmt.Sprint(size))
		chunk := make([]byte, 64<<10)
		for err := error(nil); err == nil && sent.Load() < size; {
			var n int
			n, err = w.Write(chunk)
			sent.Add(int64(n))
		}
	})
	b := c.Blob(t.Context(), image, image.Layers[0])
	_, err := b.ReadAt(make([]byte, 10), 5)
	assertKind(t, err, failure.RangeIgnored)
	<-done
	if sent.Load() > size/2 {
		t.Errorf("%d bytes were sent before the connection was closed", sent.Load())
	}
	if received, _ := b.Stats(); received > 1<<20 {
		t.Errorf("%d bytes were read", received)
	}
	s.forget()
	if _, err := b.ReadAt(make([]byte, 10), 0); !errors.Is(err, failure.RangeIgnored) {
		t.Error(err)
	}
	if got := s.requests(); got != nil {
		t.Errorf("%q", got)
	}
}

func TestAWholeBlobIsTakenWhenAllOfItWasAskedFor(t *testing.T) {
	t.Parallel()
	content := randomBytes(100)
	s, c, image := withLayer(t, content)
	s.onLayer(image, func(w http.ResponseWriter, r *http.Request) { w.Write(content) })
	p := make([]byte, 100)
	b := c.Blob(t.Context(), image, image.Layers[0])
	if _, err := b.ReadAt(p[:10], 5); !errors.Is(err, failure.RangeIgnored) {
		t.Fatal(err)
	}
	// Now it is known that the registry ignores ranges: a request for the whole is still made.
	if _, err := b.ReadAt(p, 0); err != nil || !bytes.Equal(p, content) {
		t.Fatal(err)
	}
}

func TestAnswersToARangeThatAreNotThatRange(t *testing.T) {
	t.Parallel()
	partial := func(contentRange, body string) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			if contentRange != "" {
				w.Header().Set("Content-Range", contentRange)
			}
			w.WriteHeader(http.StatusPartialContent)
			io.WriteString(w, body)
		}
	}
	status := func(code int, header ...string) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			for i := 0; i < len(header); i += 2 {
				w.Header().Set(header[i], header[i+1])
			}
			w.WriteHeader(code)
		}
	}
	for name, test := range map[string]struct {
		handler  http.HandlerFunc
		want     failure.Kind
		requests int
	}{
		"no Content-Range": {partial("", "0123456789"), failure.Protocol, 1},
		"another offset":   {partial("bytes 11-20/100", "0123456789"), failure.Protocol, 1},
		"another end":      {partial("bytes 10-18/100", "012345678"), failure.Protocol, 1},
		"another size":     {partial("bytes 10-19/99", "0123456789"), failure.Malformed, 1},
		"another unit":     {partial("lines 10-19/100", "0123456789"), failure.Protocol, 1},
		"several parts": {
			partial("", "--x\r\nContent-Range: bytes 10-19/100\r\n\r\n0123456789"), failure.Protocol, 1,
		},
		"a short body":  {partial("bytes 10-19/100", "01234"), failure.Protocol, 2}, // then asked for the other half
		"an empty body": {partial("bytes 10-19/100", ""), failure.Unreachable, 3},
		"no such range": {
			status(http.StatusRequestedRangeNotSatisfiable, "Content-Range", "bytes */5"), failure.Malformed, 1,
		},
		"no such blob":           {status(http.StatusNotFound), failure.NotFound, 1},
		"forbidden":              {status(http.StatusForbidden), failure.Forbidden, 1},
		"nothing":                {status(http.StatusNoContent), failure.Protocol, 1},
		"not modified":           {status(http.StatusNotModified), failure.Protocol, 1},
		"a limit":                {status(http.StatusTooManyRequests), failure.RateLimited, 3},
		"a limit for a long day": {status(http.StatusTooManyRequests, "Retry-After", "86400"), failure.RateLimited, 1},
		"a failure":              {status(http.StatusBadGateway), failure.Unavailable, 3},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, c, image := withLayer(t, randomBytes(100))
			s.onLayer(image, test.handler)
			p := make([]byte, 10)
			_, err := c.Blob(t.Context(), image, image.Layers[0]).ReadAt(p, 10)
			e := assertKind(t, err, test.want)
			if n := len(s.requests()); n != test.requests {
				t.Errorf("%d requests, want %d", n, test.requests)
			}
			if e.Action != "reading layer "+image.Layers[0].Digest || e.Image == "" || e.Host != s.host() {
				t.Errorf("%+v", e)
			}
		})
	}
}

func TestARangeThatBreaksIsResumedWhereItBroke(t *testing.T) {
	t.Parallel()
	content := randomBytes(100)
	s, c, image := withLayer(t, content)
	var ranges []string
	s.intercept = func(w http.ResponseWriter, r *http.Request) bool {
		ranges = append(ranges, r.Header.Get("Range"))
		var first, last int
		fmt.Sscanf(r.Header.Get("Range"), "bytes=%d-%d", &first, &last)
		w.Header().Set("Content-Range", fmt.Sprintf("bytes %d-%d/100", first, last))
		w.Header().Set("Content-Length", fmt.Sprint(last-first+1))
		w.WriteHeader(http.StatusPartialContent)
		w.Write(content[first:min(first+20, last+1)])
		return true
	}
	p := make([]byte, 50)
	if _, err := c.Blob(t.Context(), image, image.Layers[0]).ReadAt(p, 10); err != nil ||
		!bytes.Equal(p, content[10:60]) {
		t.Fatal(err)
	}
	if got := strings.Join(ranges, " "); got != "bytes=10-59 bytes=30-59 bytes=50-59" {
		t.Error(got)
	}
}

func TestWhereARegistryRedirectsToIsAskedDirectlyForAWhile(t *testing.T) {
	t.Parallel()
	content := randomBytes(1000)
	s, c, image := withLayer(t, content)
	storage := newStorage(t, newStand(t), content)
	s.redirecting(image.Layers[0], storage.URL+"/blob?X-Signature="+canaryQuery)
	b := c.Blob(t.Context(), image, image.Layers[0])
	for i := range 5 {
		if _, err := b.ReadAt(make([]byte, 10), int64(i)); err != nil {
			t.Fatal(err)
		}
	}
	if asked, served := len(s.requests()), len(storage.requests()); asked != 1 || served != 5 {
		t.Errorf("%d to the registry, %d to the storage", asked, served)
	}
	serve, refusals := storage.intercept, 1
	storage.intercept = func(w http.ResponseWriter, r *http.Request) bool {
		if refusals > 0 { // the signature has expired
			refusals--
			w.WriteHeader(http.StatusForbidden)
			return true
		}
		return serve(w, r)
	}
	if _, err := b.ReadAt(make([]byte, 10), 0); err != nil {
		t.Fatal(err)
	}
	if asked := len(s.requests()); asked != 2 {
		t.Errorf("%d to the registry", asked)
	}
	if _, made := b.Stats(); made != 2+7 {
		t.Errorf("counted %d requests", made)
	}
}

func TestRequestsInFlightAreBoundedPerHost(t *testing.T) {
	t.Parallel()
	s := newStand(t)
	s.image("x", "1", "linux/amd64", randomBytes(100))
	config := quick(t)
	config.Transport.Limits.RequestsPerHost = 3
	c := newClient(t, config)
	image := mustResolve(t, c, s.host()+"/x:1", "")
	var now, most atomic.Int64
	s.intercept = func(w http.ResponseWriter, r *http.Request) bool {
		n := now.Add(1)
		for seen := most.Load(); n > seen && !most.CompareAndSwap(seen, n); seen = most.Load() {
		}
		time.Sleep(5 * time.Millisecond)
		now.Add(-1)
		return false
	}
	b := c.Blob(t.Context(), image, image.Layers[0])
	var readers sync.WaitGroup
	for range 20 {
		readers.Go(func() {
			if _, err := b.ReadAt(make([]byte, 1), 0); err != nil {
				t.Error(err)
			}
		})
	}
	readers.Wait()
	if most.Load() != 3 {
		t.Errorf("%d at a time", most.Load())
	}
}

// An open stream occupies the only slot: a read that waits for it still ends with its context.
func TestWaitingForASlotHeedsTheContext(t *testing.T) {
	t.Parallel()
	s := newStand(t)
	s.image("x", "1", "linux/amd64", randomBytes(100))
	config := quick(t)
	config.Transport.Limits.RequestsPerHost = 1
	c := newClient(t, config)
	image := mustResolve(t, c, s.host()+"/x:1", "")
	open, err := c.Blob(t.Context(), image, image.Layers[0]).Open()
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := contextFor(t, 50*time.Millisecond)
	defer cancel()
	_, err = c.Blob(ctx, image, image.Layers[0]).ReadAt(make([]byte, 1), 0)
	assertKind(t, err, failure.Timeout)
	open.Close()
	if _, err := c.Blob(t.Context(), image, image.Layers[0]).ReadAt(make([]byte, 1), 0); err != nil {
		t.Error(err)
	}
}

func TestABlobOfAnImpossibleImageIsAnError(t *testing.T) {
	t.Parallel()
	c := newClient(t, quick(t))
	ref, err := parseReference("host.io/x")
	if err != nil {
		t.Fatal(err)
	}
	for image, layer := range map[*Image]Layer{
		{Repository: "host.io/x"}:        {Digest: someDigest, Size: 1}, // which nothing resolved
		{repo: ref.repo}:                 {Digest: "sha256:../../y", Size: 1},
		{repo: ref.repo, Reference: "x"}: {Digest: someDigest, Size: -1},
	} {
		b := c.Blob(context.Background(), image, layer)
		_, err := b.ReadAt(make([]byte, 1), 0)
		var e *failure.Error
		if !errors.As(err, &e) {
			t.Errorf("%v", err)
		}
		if _, err := b.Open(); !errors.As(err, &e) {
			t.Errorf("%v", err)
		}
	}
}

func FuzzParseContentRange(f *testing.F) {
	for _, seed := range []string{
		"bytes 0-9/10", "bytes 5-5/*", "bytes */10", "bytes 9223372036854775807-9223372036854775807/*",
		"bytes -1-5/7",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, value string) {
		r, ok := parseContentRange(value)
		if ok && (r.first < 0 || r.last < r.first || r.total != -1 && r.total <= r.last) {
			t.Fatalf("%q is %+v", value, r)
		}
	})
}
