package registry

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/registry/failure"
)

func TestAStreamGivesTheWholeBlobWithOneRequest(t *testing.T) {
	t.Parallel()
	for _, content := range [][]byte{randomBytes(1 << 20), {}} {
		s, c, image := withLayer(t, content)
		b := c.Blob(t.Context(), image, image.Layers[0])
		r, err := b.Open()
		if err != nil {
			t.Fatal(err)
		}
		if got, err := io.ReadAll(r); err != nil || !bytes.Equal(got, content) {
			t.Fatalf("%d bytes, %v", len(got), err)
		}
		if err := r.Close(); err != nil || len(s.requests()) != 1 {
			t.Errorf("%v, %q", err, s.requests())
		}
		if accepted := s.headers("Accept-Encoding"); len(accepted) != 1 || accepted[0] != "identity" {
			t.Errorf("net/http may unpack what it is sent: %q", accepted)
		}
		if received, _ := b.Stats(); received != int64(len(content)) {
			t.Errorf("counted %d", received)
		}
	}
}

func TestAClosedStreamGivesNothingMore(t *testing.T) {
	t.Parallel()
	_, c, image := withLayer(t, randomBytes(100))
	r, err := c.Blob(t.Context(), image, image.Layers[0]).Open()
	if err != nil {
		t.Fatal(err)
	}
	r.Close()
	if _, err := r.Read(make([]byte, 1)); !errors.Is(err, os.ErrClosed) {
		t.Error(err)
	}
	if err := r.Close(); err != nil {
		t.Error(err)
	}
}

// serveBroken answers ranges rightly, and breaks every connection after some bytes.
func serveBroken(content []byte, after int) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		first := 0
		if asked := r.Header.Get("Range"); asked != "" {
			fmt.Sscanf(asked, "bytes=%d-", &first)
			w.Header().Set("Content-Range", fmt.Sprintf("bytes %d-%d/%d", first, len(content)-1, len(content)))
		}
		w.Header().Set("Content-Length", fmt.Sprint(len(content)-first))
		if first > 0 {
			w.WriteHeader(http.StatusPartialContent)
		}
		w.Write(content[first:min(first+after, len(content))])
	}
}

func TestABrokenStreamIsResumedWhereItBroke(t *testing.T) {
	t.Parallel()
	content := randomBytes(100_000)
	s, c, image := withLayer(t, content)
	s.onLayer(image, serveBroken(content, 15_000))
	r, err := c.Blob(t.Context(), image, image.Layers[0]).Open()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if got, err := io.ReadAll(r); err != nil || !bytes.Equal(got, content) {
		t.Fatalf("%d bytes, %v", len(got), err)
	}
	if ranges := s.headers("Range"); len(ranges) != 6 || ranges[0] != "bytes=15000-99999" {
		t.Errorf("%q", ranges)
	}
}

func TestAStreamIsNotResumedForEver(t *testing.T) {
	t.Parallel()
	content := randomBytes(100_000)
	for after, most := range map[int]int{10: 1 + 10, 0: 1 + 2} { // a little each time, nothing at all
		s, c, image := withLayer(t, content)
		s.onLayer(image, serveBroken(content, after))
		r, err := c.Blob(t.Context(), image, image.Layers[0]).Open()
		if err != nil {
			t.Fatal(err)
		}
		_, err = io.ReadAll(r)
		assertKind(t, err, failure.Unreachable)
		if n := len(s.requests()); n != most {
			t.Errorf("%d bytes each: %d requests, want %d", after, n, most)
		}
		if _, again := r.Read(make([]byte, 1)); !errors.Is(again, failure.Unreachable) || len(s.requests()) != most {
			t.Errorf("reading on: %v", again)
		}
	}
}

func TestAStreamCannotBeResumedWithoutRanges(t *testing.T) {
	t.Parallel()
	content := randomBytes(1000)
	s, c, image := withLayer(t, content)
	s.onLayer(image, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Length", "1000")
		w.Write(content[:500])
	})
	r, err := c.Blob(t.Context(), image, image.Layers[0]).Open()
	if err != nil {
		t.Fatal(err)
	}
	got, err := io.ReadAll(r)
	assertKind(t, err, failure.RangeIgnored)
	if len(got) != 500 || len(s.requests()) != 2 {
		t.Errorf("%d bytes, %d requests", len(got), len(s.requests()))
	}
}

func TestContentThatIsNotTheDigestsIsNoEndOfTheStream(t *testing.T) {
	t.Parallel()
	content := randomBytes(1000)
	other := bytes.Clone(content)
	other[999] ^= 1
	for name, test := range map[string]struct {
		body    []byte
		chunked bool
		want    failure.Kind
	}{
		"one bit":              {other, false, failure.DigestMismatch},
		"announced longer":     {append(bytes.Clone(content), 0), false, failure.Malformed},
		"announced shorter":    {content[:900], false, failure.Malformed},
		"other, then longer":   {append(bytes.Clone(other), 0), true, failure.DigestMismatch},
		"shorter without size": {content[:900], true, failure.RangeIgnored},
	} {
		s, c, image := withLayer(t, content)
		s.onLayer(image, func(w http.ResponseWriter, r *http.Request) {
			if test.chunked {
				http.NewResponseController(w).Flush()
			}
			w.Write(test.body)
		})
		r, err := c.Blob(t.Context(), image, image.Layers[0]).Open()
		if err == nil {
			_, err = io.ReadAll(r)
		}
		e := assertKind(t, err, test.want)
		if e.Host != s.host() {
			t.Errorf("%s: the error names %q", name, e.Host)
		}
	}
}

func TestAnEndlessBodyIsReadAsFarAsTheManifestSays(t *testing.T) {
	t.Parallel()
	s, c, image := withLayer(t, randomBytes(1000))
	s.onLayer(image, func(w http.ResponseWriter, r *http.Request) {
		for err := error(nil); err == nil; {
			_, err = w.Write(make([]byte, 32<<10))
		}
	})
	r, err := c.Blob(t.Context(), image, image.Layers[0]).Open()
	if err != nil {
		t.Fatal(err)
	}
	n, err := io.Copy(io.Discard, r)
	assertKind(t, err, failure.DigestMismatch)
	if n != 1000 {
		t.Errorf("%d bytes", n)
	}
}

func TestADripIsGivenUp(t *testing.T) {
	t.Parallel()
	for name, pause := range map[string]time.Duration{"drip": 20 * time.Millisecond, "silence": time.Hour} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, c, image := withLayer(t, randomBytes(100_000))
			s.onLayer(image, func(w http.ResponseWriter, r *http.Request) {
				first := 0
				if asked := r.Header.Get("Range"); asked != "" {
					fmt.Sscanf(asked, "bytes=%d-", &first)
					w.Header().Set("Content-Range", fmt.Sprintf("bytes %d-99999/100000", first))
					w.WriteHeader(http.StatusPartialContent)
				}
				for err := error(nil); err == nil; {
					_, err = w.Write([]byte{1})
					http.NewResponseController(w).Flush()
					select {
					case <-r.Context().Done():
						return
					case <-time.After(pause):
					}
				}
			})
			r, err := c.Blob(t.Context(), image, image.Layers[0]).Open()
			if err != nil {
				t.Fatal(err)
			}
			began := time.Now()
			_, err = io.ReadAll(r)
			assertKind(t, err, failure.Timeout)
			if took := time.Since(began); took > 3*time.Second || len(s.requests()) != 3 {
				t.Errorf("after %s and %d requests", took, len(s.requests()))
			}
		})
	}
}

// A reader that takes its time does not make the registry slow.
func TestASlowReaderIsNotMistakenForASlowHost(t *testing.T) {
	t.Parallel()
	content := randomBytes(8 << 20) // more than the sockets hold
	s, c, image := withLayer(t, content)
	r, err := c.Blob(t.Context(), image, image.Layers[0]).Open()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	io.CopyN(io.Discard, r, 1000)
	time.Sleep(300 * time.Millisecond) // longer than the idle timeout
	if n, err := io.Copy(io.Discard, r); err != nil || n != int64(len(content))-1000 || len(s.requests()) != 1 {
		t.Errorf("%d bytes, %v, %d requests", n, err, len(s.requests()))
	}
}

func TestCancellationEndsAReadAtOnce(t *testing.T) {
	t.Parallel()
	s, c, image := withLayerAnd(t, impatient(t, time.Hour), randomBytes(100_000)) // nothing else would end it
	s.onLayer(image, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Length", "100000")
		w.Write(make([]byte, 1000))
		http.NewResponseController(w).Flush()
		<-r.Context().Done()
	})
	ctx, cancel := context.WithCancel(t.Context())
	r, err := c.Blob(ctx, image, image.Layers[0]).Open()
	if err != nil {
		t.Fatal(err)
	}
	time.AfterFunc(20*time.Millisecond, cancel)
	began := time.Now()
	_, err = io.ReadAll(r)
	assertKind(t, err, failure.Canceled)
	if took := time.Since(began); took > 5*time.Second || !errors.Is(err, context.Canceled) || len(s.requests()) != 1 {
		t.Errorf("after %s: %v", took, err)
	}
}

func TestMemoryStaysFlatWhileStreaming(t *testing.T) {
	content := bytes.Repeat([]byte(strings.Repeat("x", 1024)), 32<<10) // 32 MiB
	s, c, image := withLayer(t, content)
	s.onLayer(image, func(w http.ResponseWriter, r *http.Request) { w.Write(content) })
	r, err := c.Blob(t.Context(), image, image.Layers[0]).Open()
	if err != nil {
		t.Fatal(err)
	}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	if _, err := io.Copy(io.Discard, struct{ io.Reader }{r}); err != nil {
		t.Fatal(err)
	}
	runtime.ReadMemStats(&after)
	if allocated := after.TotalAlloc - before.TotalAlloc; allocated > 8<<20 {
		t.Errorf("%d bytes were allocated", allocated)
	}
}
