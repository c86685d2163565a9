package transport

import (
	"net/http"
	"slices"
	"testing"
	"testing/synctest"
	"time"
)

func TestARecentLocationIsAskedBeforeTheRegistry(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		registry := &fakeLink{answers: []answer{status(http.StatusPartialContent), status(http.StatusNotFound)}}
		storage := &fakeLink{answers: []answer{status(http.StatusPartialContent), status(http.StatusForbidden)}}
		l := &locationLink{next: registry, redirected: storage, registry: plainEndpoint("r.io", Host{})}
		req := requestTo(t, "https://storage.example/blob?signature")
		req.Location = new(Location)
		var ways []int
		for range 4 { // by the registry, by the location, by both when the latter has expired, by the registry
			if _, err := l.roundTrip(t.Context(), req); err != nil {
				t.Fatal(err)
			}
			ways = append(ways, len(registry.seen), len(storage.seen))
		}
		if want := []int{1, 0, 1, 1, 2, 2, 3, 2}; !slices.Equal(ways, want) {
			t.Errorf("got %v, want %v", ways, want)
		}
		req.Location.rememberURL(l.registry, req.url)
		time.Sleep(locationLife)
		if req.Location.currentURL(l.registry) != nil {
			t.Error("the location is used for longer than it may be valid")
		}
	})
}

func TestWithoutALocationNothingIsRemembered(t *testing.T) {
	t.Parallel()
	registry := &fakeLink{answers: []answer{status(http.StatusOK)}}
	l := &locationLink{next: registry, registry: plainEndpoint("r.io", Host{})}
	for range 2 {
		if _, err := l.roundTrip(t.Context(), requestTo(t, "https://storage.example/x")); err != nil {
			t.Fatal(err)
		}
	}
}
