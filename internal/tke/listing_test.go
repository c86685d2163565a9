package tke_test

import (
	"sync"
	"testing"
	"time"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/tke"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/tke/tketest"
)

// region is a stand-in with caches, answering as slowly as the service does.
func region(t *testing.T, caches int) (*tketest.Server, []string) {
	t.Helper()
	server := start(t, tketest.Options{})
	ids := make([]string, caches)
	for i := range ids {
		ids[i] = server.Put(tketest.Cache{Images: []string{"nginx"}}).ID
	}
	server.Inject(
		tketest.Fault{
			Action: tke.ActionDescribe,
			Times:  tketest.Always,
			Effect: tketest.Delay{For: 20 * time.Millisecond},
		},
	)
	return server, ids
}

// refresh reads as Terraform does: ten at a time.
func refresh(t *testing.T, client *tke.Client, ids []string, look func(id string, cache *tke.ImageCache)) {
	t.Helper()
	next := make(chan string)
	var all sync.WaitGroup
	for range 10 {
		all.Go(func() {
			for id := range next {
				cache, err := client.Get(t.Context(), id, tke.ConfirmAbsence(""), tke.FromListing())
				if err != nil {
					t.Errorf("%s: %v", id, err)
				}
				look(id, cache)
			}
		})
	}
	for _, id := range ids {
		next <- id
	}
	close(next)
	all.Wait()
}

func TestARefreshOfAThousandCachesCostsTwentyFiveCalls(t *testing.T) {
	t.Parallel()
	server, ids := region(t, 1000)
	refresh(t, dial(t, config(server.URL)), ids, func(id string, cache *tke.ImageCache) {
		if cache == nil || cache.ID != id {
			t.Errorf("%s: got %v", id, cache)
		}
	})
	if calls := server.Calls(tke.ActionDescribe); calls > 25 {
		t.Errorf("%d calls, want 25", calls)
	}
}

func TestASmallRefreshNeverLists(t *testing.T) {
	t.Parallel()
	server, ids := region(t, 30)
	refresh(t, dial(t, config(server.URL)), ids, func(string, *tke.ImageCache) {})
	for _, request := range server.Requests() {
		if request.Body["ImageCacheIds"] == nil {
			t.Fatal("the whole region was listed for thirty caches")
		}
	}
}

func TestARegionFullOfOthersCachesIsNotListed(t *testing.T) {
	t.Parallel()
	server, ids := region(t, 5000)
	refresh(t, dial(t, config(server.URL)), ids[:200], func(string, *tke.ImageCache) {})
	if calls := server.Calls(tke.ActionDescribe); calls > 26 {
		t.Errorf("%d calls for 200 caches among 5000, want little more than 20", calls)
	}
}

// TestASweepThatWouldTakeTooLongIsNotBegun: no read waits for a listing that would be too old when
// it came.
func TestASweepThatWouldTakeTooLongIsNotBegun(t *testing.T) {
	t.Parallel()
	for perSecond, sweeps := range map[float64]bool{1: true, 0.4: false} { // twenty pages, and eight
		server, ids := region(t, 600)
		client := dial(t, config(server.URL))
		client.LimitSweep(perSecond)
		refresh(t, client, ids, func(id string, cache *tke.ImageCache) {
			if cache == nil || cache.ID != id {
				t.Errorf("%s: got %v", id, cache)
			}
		})
		pages := 0
		for _, request := range server.Requests() {
			if request.Body["ImageCacheIds"] == nil {
				pages++
			}
		}
		if (pages >= 600/50) != sweeps {
			t.Errorf("at %g requests a second, %d pages of the region were listed", perSecond, pages)
		}
	}
}

func TestACacheThatASweepDoesNotShowIsAskedForByItself(t *testing.T) {
	t.Parallel()
	server, ids := region(t, 300)
	client := dial(t, config(server.URL))
	gone := ids[len(ids)-1]
	server.Delete(gone)
	refresh(t, client, ids, func(id string, cache *tke.ImageCache) {
		if (cache == nil) != (id == gone) {
			t.Errorf("%s: got %v", id, cache)
		}
	})
	asked := false
	for _, request := range server.Requests() {
		if of, ok := request.Body["ImageCacheIds"].([]any); ok {
			for _, id := range of {
				asked = asked || id == gone
			}
		}
	}
	if !asked {
		t.Error("a cache was taken for gone because a listing did not show it")
	}
}

// TestNoReadSeesThePastOfItsOwnProcess: after a write, a listing from before it answers nothing any
// more.
func TestNoReadSeesThePastOfItsOwnProcess(t *testing.T) {
	t.Parallel()
	server, ids := region(t, 300)
	client := dial(t, config(server.URL))
	refresh(t, client, ids, func(string, *tke.ImageCache) {})
	name := "renamed"
	for _, id := range ids[:3] {
		if err := client.Update(t.Context(), tke.UpdateRequest{ID: id, Name: &name}); err != nil {
			t.Fatal(err)
		}
		cache, err := client.Get(t.Context(), id, tke.ConfirmAbsence(""), tke.FromListing())
		if err != nil || cache.Name != name {
			t.Errorf("got %+v, %v", cache, err)
		}
	}
}
