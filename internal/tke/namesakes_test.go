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
			found, err := client.Namesakes(t.Context(), fmt.Sprint("name-", i))
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
