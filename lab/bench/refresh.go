package main

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/cloudapi"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/tke"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/tke/tketest"
)

const (
	latency     = 50 * time.Millisecond // of the service
	parallelism = 10                    // Terraform's default
	refreshRuns = 3
)

// refreshFigures are what the refresh of a state costs.
type refreshFigures struct {
	Caches, Calls int
	Wall          time.Duration // of the CLI with the provider
	Null          time.Duration // of the CLI with a provider that reads nothing
	Single        time.Duration // of one call for each cache, without any CLI
	Peak          int64         // bytes, of the provider
	NullPeak      int64         // bytes, of the one that reads nothing
}

// Own is what the provider adds to what the CLI takes with a provider that reads nothing.
func (f refreshFigures) Own() time.Duration { return f.Wall - f.Null }

func manyCaches() object {
	return object{
		"terraform": object{"required_providers": object{"tkeimage": object{"source": "tkeimage/tkeimage"}}},
		"variable":  object{"caches": object{"type": "number"}, "rate": object{"type": "number"}},
		"provider":  object{"tkeimage": object{"max_requests_per_second": "${var.rate}"}},
		"resource": object{"tkeimage_cache": object{"x": object{
			"count": "${var.caches}", "images": []string{"registry.example.com/app:v${count.index}"},
			"vpc_id": "vpc-508ctkfb", "subnet_id": "subnet-8ah75lo8",
		}}},
	}
}

// measureRefresh makes a state of so many caches, and refreshes it at a service that answers after
// 50 ms and allows 20 requests a second: with the provider, and with one that reads nothing.
func measureRefresh(ctx context.Context, b binaries, caches int) (f refreshFigures, err error) {
	f.Caches = caches
	quick := tketest.New(tketest.Options{RequestsPerSecond: -1, Pace: -1, Builder: tketest.InstantBuilder})
	defer quick.Close()
	slow := slowService()
	defer slow.Close()
	single := startOneByOne(ctx, caches)

	with, err := newWorkspace(b, b.provider, manyCaches())
	if err != nil {
		return f, err
	}
	defer with.close()
	count := "TF_VAR_caches=" + strconv.Itoa(caches)
	with.setVariables(cloudEnvironment(quick.URL, count, "TF_VAR_rate=1000")...)
	for _, arguments := range [][]string{{"init"}, {"apply", "-auto-approve", "-parallelism=1000"}} {
		if _, err := with.runCommand(ctx, arguments...); err != nil {
			return f, err
		}
	}
	for _, cache := range quick.Caches() {
		slow.Put(cache)
	}
	// it does next to nothing all the time, and yet nothing else is to run beside what follows
	if f.Single, err = single(); err != nil {
		return f, err
	}
	environment := cloudEnvironment(slow.URL, count, "TF_VAR_rate="+strconv.Itoa(tke.DefaultMaxRequestsPerSecond))
	with.setVariables(environment...)
	without, err := newWorkspace(b, b.null, manyCaches())
	if err != nil {
		return f, err
	}
	defer without.close()
	without.setVariables(environment...)
	return f, f.compareRefreshes(ctx, with, without, slow)
}

// slowService answers as the real one does.
func slowService() *tketest.Server {
	service := tketest.New(tketest.Options{Builder: tketest.InstantBuilder})
	service.Inject(tketest.Fault{Times: tketest.Always, Effect: tketest.Delay{For: latency}})
	return service
}

// compareRefreshes refreshes in turn with both providers, and keeps the medians.
func (f *refreshFigures) compareRefreshes(
	ctx context.Context, with, without *workspace, service *tketest.Server,
) error {
	if err := adoptState(ctx, without, with); err != nil {
		return err
	}
	var walls, nulls []time.Duration
	for range refreshRuns {
		service.ResetRequests()
		wall, peak, err := with.runWatched(ctx, "plan", "-refresh-only")
		if err != nil {
			return err
		}
		f.Calls, f.Peak = max(f.Calls, service.Calls(tketest.ActionDescribe)), max(f.Peak, peak)
		null, nullPeak, err := without.runWatched(ctx, "plan", "-refresh-only")
		if err != nil {
			return err
		}
		f.NullPeak = max(f.NullPeak, nullPeak)
		walls, nulls = append(walls, wall), append(nulls, null)
	}
	f.Wall, f.Null = medianValue(walls), medianValue(nulls)
	return nil
}

// startOneByOne has a service of its own asked for each of so many caches. What it returns waits for
// the end and returns how long it took.
func startOneByOne(ctx context.Context, caches int) func() (time.Duration, error) {
	service := slowService()
	ids := make([]string, caches)
	for i := range ids {
		ids[i] = service.Put(tketest.Cache{Images: []string{"registry.example.com/app"}}).ID
	}
	var took time.Duration
	ended := make(chan error, 1)
	go func() {
		defer service.Close()
		begun := time.Now()
		err := oneByOne(ctx, service.URL, ids)
		took = time.Since(begun)
		ended <- err
	}()
	return func() (time.Duration, error) {
		err := <-ended
		return took, err
	}
}

// oneByOne reads as a provider does that makes one call for each cache, at the same rate and
// parallelism.
func oneByOne(ctx context.Context, endpoint string, ids []string) error {
	client, err := tke.New(tke.Config{Config: cloudapi.Config{
		Credentials: cloudapi.Credential{SecretID: tketest.DefaultSecretID, SecretKey: tketest.DefaultSecretKey},
		Region:      tketest.DefaultRegion, Endpoint: endpoint,
	}})
	if err != nil {
		return err
	}
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(parallelism)
	for _, id := range ids {
		group.Go(func() error {
			_, err := client.List(ctx, tke.Filter{IDs: []string{id}}) // never shares a call
			return err
		})
	}
	return group.Wait()
}

// checkRefresh holds the figures that do not depend on the machine against what is promised.
func checkRefresh(all []refreshFigures) error {
	for _, f := range all {
		if f.Caches >= 1000 && f.Calls*1000 > maxCallsPer1000*f.Caches {
			return fmt.Errorf(
				"%d calls for the refresh of %d caches, at most %d are allowed for 1,000",
				f.Calls, f.Caches, maxCallsPer1000,
			)
		}
	}
	return nil
}
