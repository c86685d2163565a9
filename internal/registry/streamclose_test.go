package registry

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/registry/failure"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/registry/transport"
)

// troubled are the bodies within which a reader can wait: a handler of the first request, and one
// of any further.
func troubled(part []byte) map[string][2]http.HandlerFunc {
	send := func(w http.ResponseWriter) {
		w.Header().Set("Content-Length", "100000")
		w.Write(part)
		http.NewResponseController(w).Flush()
	}
	silence := func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }
	stalled := func(w http.ResponseWriter, r *http.Request) { send(w); silence(w, r) }
	broken := func(w http.ResponseWriter, _ *http.Request) { send(w) }
	return map[string][2]http.HandlerFunc{
		"stalled":                {stalled, silence},
		"stalled, then answered": {stalled, ranged(func(http.ResponseWriter, *http.Request) {})},
		"broken, then silent":    {broken, silence},
		"broken, then stalled":   {broken, ranged(silence)},
		"broken, then gone":      {broken, http.NotFound},
	}
}

// ranged begins the rest of the blob.
func ranged(then http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		first := 0
		fmt.Sscanf(r.Header.Get("Range"), "bytes=%d-", &first)
		w.Header().Set("Content-Range", fmt.Sprintf("bytes %d-99999/100000", first))
		w.WriteHeader(http.StatusPartialContent)
		http.NewResponseController(w).Flush()
		then(w, r)
	}
}

// serveInTurn answers the first request of a layer with one handler and all others with another.
func (s *stand) serveInTurn(image *Image, handlers [2]http.HandlerFunc) {
	var mu sync.Mutex
	turn := 0
	s.onLayer(image, func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		now := handlers[turn]
		turn = 1
		mu.Unlock()
		now(w, r)
	})
}

// reading reads a stream to its end in another goroutine, and signals when the first bytes are
// there.
func reading(r io.Reader) (begun <-chan struct{}, ended <-chan error) {
	first, last := make(chan struct{}), make(chan error, 1)
	go func() {
		if _, err := io.ReadFull(r, make([]byte, 1000)); err != nil {
			last <- err
			return
		}
		close(first)
		_, err := io.Copy(io.Discard, struct{ io.Reader }{r})
		last <- err
	}()
	return first, last
}

// impatient has one slot for the host: while a request occupies it, there is no other.
func impatient(t *testing.T, wait time.Duration) Config {
	config := quick(t)
	config.Transport.Limits = transport.Limits{RequestsPerHost: 1, HeaderTimeout: time.Minute, IdleTimeout: time.Minute}
	config.Transport.Retry.WaitMin, config.Transport.Retry.WaitMax = wait, wait
	return config
}

// assertSlotIsFree makes one more request, for which the host's only slot has to be free.
func assertSlotIsFree(t *testing.T, c *Client, image *Image) {
	t.Helper()
	ctx, cancel := contextFor(t, 2*time.Second)
	defer cancel()
	resp, err := c.registries.Repository(image.repo).Send(ctx, transport.Request{Path: "tags/list", Once: true})
	if err != nil {
		t.Fatalf("the stream occupies its slot: %v", err)
	}
	resp.Body.Close()
}

// TestCloseEndsAReadThatWaits wherever it waits: for bytes, to try again, for an answer. Nothing is
// asked for after it, and nothing is kept.
func TestCloseEndsAReadThatWaits(t *testing.T) {
	t.Parallel()
	content := randomBytes(100_000)
	for name, handlers := range troubled(content[:1000]) {
		for _, wait := range []time.Duration{time.Millisecond, time.Hour} {
			for _, pause := range []time.Duration{0, 20 * time.Millisecond} {
				t.Run(fmt.Sprintf("%s, waits %s, closed after %s", name, wait, pause), func(t *testing.T) {
					t.Parallel()
					s, c, image := withLayerAnd(t, impatient(t, wait), content)
					s.serveInTurn(image, handlers)
					r, err := c.Blob(t.Context(), image, image.Layers[0]).Open()
					if err != nil {
						t.Fatal(err)
					}
					begun, ended := reading(r)
					<-begun
					time.Sleep(pause)
					r.Close()
					before := len(s.requests())
					select {
					case err := <-ended:
						// A stream that ended before it was closed says why.
						if !errors.Is(err, os.ErrClosed) && !errors.Is(err, failure.NotFound) {
							t.Errorf("reading on: %v", err)
						}
					case <-time.After(5 * time.Second):
						t.Fatal("the read goes on waiting")
					}
					assertSlotIsFree(t, c, image)
					if after := len(s.requests()); after > before+2 { // that one, and one that was on its way
						t.Errorf("%d requests before it was closed, %d after", before, after)
					}
				})
			}
		}
	}
}

// TestAClosedStreamIsNotResumed: the error of a body that was closed is no broken connection.
func TestAClosedStreamIsNotResumed(t *testing.T) {
	t.Parallel()
	content := randomBytes(100_000)
	s, c, image := withLayerAnd(t, impatient(t, time.Millisecond), content)
	s.serveInTurn(image, troubled(content[:1000])["stalled, then answered"])
	r, err := c.Blob(t.Context(), image, image.Layers[0]).Open()
	if err != nil {
		t.Fatal(err)
	}
	begun, ended := reading(r)
	<-begun
	time.Sleep(20 * time.Millisecond) // it waits for more
	r.Close()
	if err := <-ended; !errors.Is(err, os.ErrClosed) {
		t.Error(err)
	}
	if asked := s.requests(); len(asked) != 1 {
		t.Errorf("%q", asked)
	}
	assertSlotIsFree(t, c, image)
}

// TestCancellationAndCloseMeet as in package layersize, which closes a stream when its context
// ends.
func TestCancellationAndCloseMeet(t *testing.T) {
	t.Parallel()
	content := randomBytes(100_000)
	for name, handlers := range troubled(content[:1000]) {
		for i := range 3 {
			t.Run(fmt.Sprint(name, i), func(t *testing.T) {
				t.Parallel()
				s, c, image := withLayerAnd(t, impatient(t, time.Millisecond), content)
				s.serveInTurn(image, handlers)
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				r, err := c.Blob(ctx, image, image.Layers[0]).Open()
				if err != nil {
					t.Fatal(err)
				}
				context.AfterFunc(ctx, func() { r.Close() })
				begun, ended := reading(r)
				<-begun
				time.AfterFunc(time.Duration(i)*4*time.Millisecond, cancel)
				select {
				case err := <-ended:
					if !errors.Is(err, os.ErrClosed) && !errors.Is(err, failure.Canceled) &&
						!errors.Is(err, failure.NotFound) && !errors.Is(err, failure.Unreachable) {
						t.Error(err)
					}
				case <-time.After(5 * time.Second):
					t.Fatal("the read goes on waiting")
				}
				r.Close()
				assertSlotIsFree(t, c, image)
			})
		}
	}
}
