package tke_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/tke"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/tke/tketest"
)

func TestAFailedBuildIsToldWithItsWarnings(t *testing.T) {
	t.Parallel()
	server := start(
		t,
		tketest.Options{
			Builder: func(context.Context, tketest.Cache) error { return errors.New("no space left on device") },
		},
	)
	client := dial(t, config(server.URL))
	id, err := client.Create(t.Context(), nginx("small"))
	if err != nil {
		t.Fatal(err)
	}
	_, err = client.WaitReady(within(t, time.Minute), id)
	var build *tke.BuildError
	if !errors.As(err, &build) || build.Cache.Status != tke.StatusFailed || len(build.Cache.Warnings()) == 0 {
		t.Fatalf("got %v", err)
	}
	warnings := build.Cache.Warnings()
	for i := 1; i < len(warnings); i++ {
		if warnings[i].First.Before(warnings[i-1].First.Time) {
			t.Error("the warnings are not in order")
		}
	}
}

func TestACreatedCacheMayAppearLate(t *testing.T) {
	t.Parallel()
	server := start(t, tketest.Options{})
	server.Inject(tketest.Fault{Action: tke.ActionCreate, Effect: tketest.StaleLists{Count: 4}})
	client := dial(t, config(server.URL))
	id, err := client.Create(t.Context(), nginx("late"))
	if err != nil {
		t.Fatal(err)
	}
	if cache, err := client.WaitReady(within(t, time.Minute), id); err != nil || cache.ID != id {
		t.Errorf("got %v, %v", cache, err)
	}
}

func TestACacheThatGoesDuringTheWaitIsGone(t *testing.T) {
	t.Parallel()
	server := start(t, tketest.Options{})
	client := dial(t, config(server.URL))
	id := server.Put(tketest.Cache{Images: []string{"nginx"}, Status: tketest.StatusPending}).ID
	time.AfterFunc(50*time.Millisecond, func() { server.Delete(id) })
	_, err := client.WaitReady(within(t, time.Minute), id)
	var gone *tke.GoneError
	if !errors.As(err, &gone) || gone.ID != id {
		t.Errorf("got %v", err)
	}
}

func TestAWaitEndsWithItsContextAndSaysWhatWasSeen(t *testing.T) {
	t.Parallel()
	server := start(t, tketest.Options{})
	client := dial(t, config(server.URL))
	id := server.Put(tketest.Cache{Images: []string{"nginx"}, Status: tketest.StatusPending}).ID
	last, err := client.WaitReady(within(t, 100*time.Millisecond), id)
	var wait *tke.WaitError
	if !errors.As(err, &wait) || !errors.Is(err, context.DeadlineExceeded) || wait.Last == nil ||
		wait.Last.Status != tke.StatusPending ||
		last == nil {
		t.Errorf("got %v, %v", last, err)
	}
}

// TestWaitsPollTogether: ten caches are waited for with far fewer calls than ten pollers would
// make.
func TestWaitsPollTogether(t *testing.T) {
	t.Parallel()
	server := start(t, tketest.Options{})
	c := config(server.URL)
	c.PollInterval = 100 * time.Millisecond
	client := dial(t, c)
	done := make(chan error)
	const caches = 10
	for range caches {
		id := server.Put(tketest.Cache{Images: []string{"nginx"}, Status: tketest.StatusPending}).ID
		time.AfterFunc(
			time.Second, func() { server.Modify(id, func(c *tketest.Cache) { c.Status = tketest.StatusReady }) },
		)
		go func() {
			_, err := client.WaitReady(within(t, time.Minute), id)
			done <- err
		}()
	}
	for range caches {
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
	if calls := server.Calls(tke.ActionDescribe); calls > 16 {
		t.Errorf("%d calls for a second of polling every 100 ms, want about eleven", calls)
	}
}

func TestAnUpdateIsNotTakenForDoneBeforeItBegins(t *testing.T) {
	t.Parallel()
	for name, status := range map[string]tketest.Status{
		"from Ready": tketest.StatusReady, "from UpdateFailed": tketest.StatusUpdateFailed,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := start(t, tketest.Options{Pace: 30 * time.Millisecond})
			client := dial(t, config(server.URL))
			id := server.Put(tketest.Cache{Images: []string{"nginx:1.29"}, Status: status}).ID
			before, _ := server.Cache(id)
			server.Inject(tketest.Fault{Action: tke.ActionUpdate, Effect: tketest.StaleLists{Count: 2}})
			err := client.Update(t.Context(), tke.UpdateRequest{ID: id, Images: []string{"nginx:1.29"}})
			if err != nil {
				t.Fatal(err)
			}
			cache, err := client.WaitUpdated(within(t, time.Minute), id, func(*tke.ImageCache) bool { return true })
			if err != nil || cache.SnapshotID == before.SnapshotID {
				t.Errorf("got %+v, %v, want a new snapshot", cache, err)
			}
		})
	}
}

func TestAnUpdateThatNeverShowsAsUpdatingEndsToo(t *testing.T) {
	t.Parallel()
	server := start(t, tketest.Options{})
	client := dial(t, config(server.URL))
	id := server.Put(tketest.Cache{Images: []string{"nginx"}, Name: "renamed"}).ID
	cache, err := client.WaitUpdated(
		within(t, time.Minute), id, func(c *tke.ImageCache) bool { return c.Name == "renamed" },
	)
	if err != nil || cache.ID != id {
		t.Errorf("got %v, %v", cache, err)
	}
}

// TestAnUpdateThatWasSeenToRunIsThroughInOtherWordsToo: a service that spells in its own way must
// not be waited for until the end of all time.
func TestAnUpdateThatWasSeenToRunIsThroughInOtherWordsToo(t *testing.T) {
	t.Parallel()
	server := start(
		t,
		tketest.Options{Pace: 50 * time.Millisecond, RewriteAnswer: func(cache *tketest.Cache) { cache.Name = "told" }},
	)
	client := dial(t, config(server.URL))
	id := server.Put(tketest.Cache{Images: []string{"nginx:1.29"}}).ID
	err := client.Update(t.Context(), tke.UpdateRequest{ID: id, Name: new("asked"), Images: []string{"nginx:1.29"}})
	if err != nil {
		t.Fatal(err)
	}
	cache, err := client.WaitUpdated(
		within(t, 10*time.Second), id, func(c *tke.ImageCache) bool { return c.Name == "asked" },
	)
	if err != nil || cache.Name != "told" || cache.Status != tke.StatusReady {
		t.Errorf("got %+v, %v", cache, err)
	}
}
