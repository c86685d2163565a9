package main

import (
	"fmt"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/cloudapi"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/tke"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/tke/tketest"
)

// TestTheModelOfARefreshIsTheClients: the guide on scale computes with the model what the client
// then does.
func TestTheModelOfARefreshIsTheClients(t *testing.T) {
	t.Parallel()
	const perSecond = 1000
	for _, caches := range []int{30, 200, 1000, 2600} {
		t.Run(fmt.Sprint(caches), func(t *testing.T) {
			t.Parallel()
			server := tketest.Start(t, tketest.Options{RequestsPerSecond: -1})
			ids := make([]string, caches)
			for i := range ids {
				ids[i] = server.Put(tketest.Cache{Images: []string{"nginx"}}).ID
			}
			server.Inject(tketest.Fault{
				Action: tke.ActionDescribe, Times: tketest.Always, Effect: tketest.Delay{For: 20 * time.Millisecond},
			})
			client, err := tke.New(tke.Config{Config: cloudapi.Config{
				Credentials: cloudapi.Credential{
					SecretID: tketest.DefaultSecretID, SecretKey: tketest.DefaultSecretKey,
				},
				Region: tketest.DefaultRegion, Endpoint: server.URL, MaxRequestsPerSecond: perSecond,
			}})
			if err != nil {
				t.Fatal(err)
			}
			var reads errgroup.Group
			reads.SetLimit(parallelism)
			for _, id := range ids {
				reads.Go(func() error {
					_, err := client.Get(t.Context(), id, tke.ConfirmAbsence(""), tke.FromListing())
					return err
				})
			}
			if err := reads.Wait(); err != nil {
				t.Fatal(err)
			}
			calls, want := server.Calls(tke.ActionDescribe), modelRefreshCalls(caches, parallelism, perSecond)
			if calls < want-2 || calls > want+want/8+2 { // which read comes when is chance
				t.Errorf("%d calls, %d by the model", calls, want)
			}
		})
	}
}
