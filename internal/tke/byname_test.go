package tke_test

import (
	"fmt"
	"sync"
	"testing"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/tke"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/tke/tketest"
)

func TestLooksForNamesShareCallsAndFindOnlyTheName(t *testing.T) {
	t.Parallel()
	server := start(t, tketest.Options{})
	client := dial(t, config(server.URL))
	for i := range 50 {
		server.Put(tketest.Cache{Name: fmt.Sprint("name-", i), Images: []string{"nginx"}})
	}
	server.Put(tketest.Cache{Name: "name-7", Images: []string{"nginx"}})
	var all sync.WaitGroup
	for i := range 50 {
		all.Go(func() {
			found, err := client.List(t.Context(), tke.Filter{Names: []string{fmt.Sprint("name-", i)}})
			want := 1
			if i == 7 {
				want = 2
			}
			if err != nil || len(found) != want || found[0].Name != fmt.Sprint("name-", i) {
				t.Errorf("name-%d: %v %+v", i, err, found)
			}
		})
	}
	all.Wait()
	if calls := server.Calls(tke.ActionDescribe); calls > 10 {
		t.Errorf("fifty looks at once cost %d calls", calls)
	}
}

// TestASharedCallAsksForNothingTwice: many may look for one cache at once, and what the service
// answers to an id or a name that stands twice in a request is not known.
func TestASharedCallAsksForNothingTwice(t *testing.T) {
	t.Parallel()
	server := start(t, tketest.Options{})
	client := dial(t, config(server.URL))
	one := server.Put(tketest.Cache{Name: "one", Images: []string{"nginx"}})
	other := server.Put(tketest.Cache{Name: "other", Images: []string{"nginx"}})
	var all sync.WaitGroup
	for i := range 20 {
		cache := []tketest.Cache{one, other}[i%2]
		all.Go(func() {
			if found, err := client.Get(t.Context(), cache.ID); err != nil || found == nil || found.ID != cache.ID {
				t.Errorf("%s: %v %+v", cache.ID, err, found)
			}
			found, err := client.List(t.Context(), tke.Filter{Names: []string{cache.Name}})
			if err != nil || len(found) != 1 || found[0].ID != cache.ID {
				t.Errorf("%s: %v %+v", cache.Name, err, found)
			}
		})
	}
	all.Wait()
	for _, request := range server.Requests() {
		var asked struct {
			ImageCacheIDs   []string `json:"ImageCacheIds"`
			ImageCacheNames []string
		}
		if err := request.Decode(&asked); err != nil || len(asked.ImageCacheIDs) > 2 || len(asked.ImageCacheNames) > 2 {
			t.Errorf("asked for %+v, %v", asked, err)
		}
	}
	if calls := server.Calls(tke.ActionDescribe); calls > 10 {
		t.Errorf("%d calls: nothing was shared, so nothing was tested", calls)
	}
}
