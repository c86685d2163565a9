package tke_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/tke"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/tke/tketest"
)

// TestFiveListsInARowThatLeaveACacheOutProveNothing, whichever way they are wrong, and at whichever
// step.
func TestFiveListsInARowThatLeaveACacheOutProveNothing(t *testing.T) {
	t.Parallel()
	for kind, effect := range map[string]tketest.Effect{
		"empty": tketest.EmptyList{}, "short": tketest.ShortList{}, "out of order": tketest.ReversedList{},
	} {
		for _, times := range []int{1, 5} {
			for step, do := range map[string]func(ctx context.Context, c *tke.Client, id string) error{
				"refresh": func(ctx context.Context, c *tke.Client, id string) error {
					return found(c.Get(ctx, id, tke.ConfirmAbsence("llm"), tke.FromListing()))
				},
				"search": func(ctx context.Context, c *tke.Client, id string) error {
					return found(c.Get(ctx, id, tke.ConfirmAbsence("llm")))
				},
				"wait": func(ctx context.Context, c *tke.Client, id string) error {
					return found(c.WaitReady(ctx, id))
				},
				"wait for an update": func(ctx context.Context, c *tke.Client, id string) error {
					return found(c.WaitUpdated(ctx, id, func(*tke.ImageCache) bool { return true }))
				},
			} {
				t.Run(fmt.Sprint(kind, " ", times, " ", step), func(t *testing.T) {
					t.Parallel()
					server := start(t, tketest.Options{})
					id := server.Put(tketest.Cache{Name: "llm", Images: []string{"nginx"}}).ID
					injected := server.Inject(tketest.Fault{Action: tke.ActionDescribe, Times: times, Effect: effect})
					if err := do(within(t, time.Minute), dial(t, config(server.URL)), id); err != nil {
						t.Error(err)
					}
					if injected.Applied() == 0 {
						t.Error("the trouble never came")
					}
				})
			}
		}
	}
}

func found(cache *tke.ImageCache, err error) error {
	if err == nil && cache == nil {
		return errors.New("the cache was taken for gone")
	}
	return err
}

// TestAWaitOutlivesListsThatLeaveOutWhatTheyHaveShown: the cache was seen, then five lists in a row
// miss it.
func TestAWaitOutlivesListsThatLeaveOutWhatTheyHaveShown(t *testing.T) {
	t.Parallel()
	server := start(t, tketest.Options{})
	id := server.Put(tketest.Cache{Images: []string{"nginx"}, Status: tketest.StatusPending}).ID
	injected := server.Inject(tketest.Fault{Action: tke.ActionDescribe, Nth: 2, Times: 5, Effect: tketest.EmptyList{}})
	go func() {
		for injected.Applied() < 5 && t.Context().Err() == nil {
			time.Sleep(time.Millisecond)
		}
		server.Modify(id, func(c *tketest.Cache) { c.Status = tketest.StatusReady })
	}()
	if cache, err := dial(t, config(server.URL)).WaitReady(within(t, time.Minute), id); err != nil || cache.ID != id {
		t.Errorf("got %+v, %v", cache, err)
	}
}

func TestACacheThatIsGoneIsLookedForSevenTimesByIDAndByName(t *testing.T) {
	t.Parallel()
	server := start(t, tketest.Options{})
	cache, err := dial(t, config(server.URL)).Get(t.Context(), "imc-gonegone", tke.ConfirmAbsence("llm"))
	if cache != nil || err != nil {
		t.Fatalf("got %+v, %v", cache, err)
	}
	byID, byName := 0, 0
	for _, request := range server.Requests() {
		if request.Body["ImageCacheIds"] != nil {
			byID++
		}
		if request.Body["ImageCacheNames"] != nil {
			byName++
		}
	}
	if byID != 4 || byName != 3 {
		t.Errorf("looked %d times by id and %d times by name", byID, byName)
	}
}

// TestACacheThatOnlyItsNameLeadsToIsFound: a service may lose its index of ids and not that of
// names.
func TestACacheThatOnlyItsNameLeadsToIsFound(t *testing.T) {
	t.Parallel()
	server := start(t, tketest.Options{})
	id := server.Put(tketest.Cache{Name: "llm", Images: []string{"nginx"}}).ID
	server.Inject(tketest.Fault{Action: tke.ActionDescribe, Times: tketest.Always, Effect: tketest.EmptyList{},
		When: func(r tketest.Request) bool { return r.Body["ImageCacheIds"] != nil }})
	cache, err := dial(t, config(server.URL)).Get(t.Context(), id, tke.ConfirmAbsence("llm"))
	if err != nil || cache == nil || cache.ID != id {
		t.Errorf("got %+v, %v", cache, err)
	}
}

// TestAThousandCachesThatAreGoneShareTheirLooks: with the real intervals, in the clock of a bubble.
func TestAThousandCachesThatAreGoneShareTheirLooks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := tketest.NewUnstarted(tketest.Options{Builder: tketest.InstantBuilder, RequestsPerSecond: -1})
		defer server.Close()
		c := config("http://tke.example.com")
		c.Transport, c.PollInterval, c.MaxRequestsPerSecond = server.Transport(), 0, 0
		client := dial(t, c)
		next := make(chan int)
		var all sync.WaitGroup
		for range 10 { // as Terraform reads
			all.Go(func() {
				for i := range next {
					cache, err := client.Get(
						t.Context(), fmt.Sprintf("imc-%08d", i), tke.ConfirmAbsence(fmt.Sprint("llm-", i)),
						tke.FromListing(),
					)
					if cache != nil || err != nil {
						t.Errorf("got %+v, %v", cache, err)
					}
				}
			})
		}
		begun := time.Now()
		for i := range 1000 {
			next <- i
		}
		close(next)
		all.Wait()
		took, calls := time.Since(begun), server.Calls(tke.ActionDescribe)
		t.Logf("1,000 caches that are gone: %s, %d calls", took, calls)
		if took > 20*time.Minute || calls > 1000 {
			t.Errorf("1,000 caches that are gone took %s and %d calls", took, calls)
		}
	})
}

// TestALookForACacheEndsWithItsContext, in the middle of a pause.
func TestALookForACacheEndsWithItsContext(t *testing.T) {
	t.Parallel()
	server := start(t, tketest.Options{})
	c := config(server.URL)
	c.PollInterval = time.Hour
	_, err := dial(t, c).Get(within(t, 100*time.Millisecond), "imc-gonegone", tke.ConfirmAbsence("llm"))
	if !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v", err)
	}
}

// TestAListThatContradictsItselfIsAnErrorAtOnce, in waits too: nothing is taken from it, and no
// hour is waited.
func TestAListThatContradictsItselfIsAnErrorAtOnce(t *testing.T) {
	t.Parallel()
	for problem, effect := range map[string]tketest.Effect{
		"the same cache twice": tketest.DoubledList{}, "a cache without a status": tketest.StatuslessList{},
	} {
		for step, do := range map[string]func(c *tke.Client, id string) error{
			"refresh": func(c *tke.Client, id string) error {
				return found(c.Get(t.Context(), id, tke.ConfirmAbsence("llm"), tke.FromListing()))
			},
			"wait":   func(c *tke.Client, id string) error { return found(c.WaitReady(t.Context(), id)) },
			"delete": func(c *tke.Client, id string) error { return c.WaitDeleted(t.Context(), id) },
			"by name": func(c *tke.Client, _ string) error {
				_, err := c.List(t.Context(), tke.Filter{Names: []string{"llm"}})
				return err
			},
			"all": func(c *tke.Client, _ string) error { _, err := c.List(t.Context(), tke.Filter{}); return err },
		} {
			t.Run(problem+"/"+step, func(t *testing.T) {
				t.Parallel()
				server := start(t, tketest.Options{})
				id := server.Put(
					tketest.Cache{Name: "llm", Images: []string{"nginx"}, Status: tketest.StatusPending},
				).ID
				server.Inject(tketest.Fault{Action: tke.ActionDescribe, Times: tketest.Always, Effect: effect})
				err := do(dial(t, config(server.URL)), id)
				contradicts, ok := errors.AsType[*tke.InconsistentError](err)
				if !ok || contradicts.ID != id || contradicts.Problem != problem || contradicts.RequestID == "" {
					t.Errorf("got %v", err)
				}
				if calls := server.Calls(tke.ActionDescribe); calls != 1 {
					t.Errorf("%d calls, want one", calls)
				}
			})
		}
	}
}

// TestACacheThatTheListContradictsItselfAboutHidesNoOther: only those who asked for it get the
// error.
func TestACacheThatTheListContradictsItselfAboutHidesNoOther(t *testing.T) {
	t.Parallel()
	server := start(t, tketest.Options{RewriteAnswer: func(cache *tketest.Cache) {
		if cache.Name == "broken" {
			cache.Status = ""
		}
	}})
	client := dial(t, config(server.URL))
	broken := server.Put(tketest.Cache{Name: "broken", Images: []string{"nginx"}}).ID
	var all sync.WaitGroup
	for i := range 20 {
		name := fmt.Sprint("sound-", i)
		id := server.Put(tketest.Cache{Name: name, Images: []string{"nginx"}}).ID
		all.Go(func() {
			if cache, err := client.Get(t.Context(), id); err != nil || cache == nil {
				t.Errorf("%s: %+v, %v", id, cache, err)
			}
			caches, err := client.List(t.Context(), tke.Filter{Names: []string{name}})
			if err != nil || len(caches) != 1 {
				t.Errorf("%s: %+v, %v", name, caches, err)
			}
		})
	}
	all.Go(func() {
		if cache, err := client.Get(t.Context(), broken); err == nil {
			t.Errorf("got %+v", cache)
		}
		if caches, err := client.List(t.Context(), tke.Filter{Names: []string{"broken"}}); err == nil {
			t.Errorf("got %+v", caches)
		}
	})
	all.Wait()
}

// TestAListWhosePagesMoveIsMadeAgain: a page that comes in another order repeats some caches and
// hides others.
func TestAListWhosePagesMoveIsMadeAgain(t *testing.T) {
	t.Parallel()
	for times, whole := range map[int]bool{1: true, 5: true, 6: true, tketest.Always: false} {
		server := start(t, tketest.Options{})
		for range 120 {
			server.Put(tketest.Cache{Images: []string{"nginx"}})
		}
		second := func(r tketest.Request) bool { return fmt.Sprint(r.Body["Offset"]) == "50" }
		server.Inject(
			tketest.Fault{Action: tke.ActionDescribe, When: second, Times: times, Effect: tketest.ReversedList{}},
		)
		caches, err := dial(t, config(server.URL)).List(t.Context(), tke.Filter{})
		if times == 6 {
			whole = false
		}
		if (err == nil) != whole || whole && len(caches) != 120 {
			t.Errorf("%d times: %d caches, %v", times, len(caches), err)
		}
	}
}

// TestADeletionIsBelievedWhenItWasConfirmedAndTheCacheIsMissedTwice, however often the list forgets
// it before.
func TestADeletionIsBelievedWhenItWasConfirmedAndTheCacheIsMissedTwice(t *testing.T) {
	t.Parallel()
	server := start(t, tketest.Options{})
	client := dial(t, config(server.URL))
	id := server.Put(tketest.Cache{Name: "llm", Images: []string{"nginx"}}).ID
	server.Inject(tketest.Fault{Action: tke.ActionDelete, Effect: tketest.StaleLists{Count: 3}})
	server.Inject(tketest.Fault{Action: tke.ActionDescribe, Nth: 2, Effect: tketest.EmptyList{}})
	err := errors.Join(client.Delete(t.Context(), id, "llm"), client.WaitDeleted(within(t, time.Minute), id))
	if err != nil {
		t.Error(err)
	}
	if looks := server.Calls(tke.ActionDescribe); looks != 5 { // listed, missed, listed, and then missed twice
		t.Errorf("%d looks", looks)
	}
}

// TestADeletionThatTheServiceDoesNotConfirmIsLookedAfter: that a cache does not exist may be wrong
// like any other answer, with whatever code.
func TestADeletionThatTheServiceDoesNotConfirmIsLookedAfter(t *testing.T) {
	t.Parallel()
	for _, code := range []string{
		"ResourceNotFound", "FailedOperation.RecordNotFound", "FailedOperation.DbRecordNotFound",
		"InternalError.DbRecordNotFound",
	} {
		server := start(t, tketest.Options{Unconfirmed: tketest.Unconfirmed{NotFoundCode: code}})
		client := dial(t, config(server.URL))
		id := server.Put(tketest.Cache{Name: "llm", Images: []string{"nginx"}}).ID
		server.Inject(tketest.Fault{
			Action: tke.ActionDelete, Times: 2, Effect: tketest.ErrorBefore{Code: code, Message: "not found"},
		})
		server.Inject(tketest.Fault{Action: tke.ActionDescribe, Times: 4, Effect: tketest.EmptyList{}})
		for range 2 { // the second time there is nothing to delete
			if err := client.Delete(within(t, time.Minute), id, "llm"); err != nil || len(server.Caches()) != 0 {
				t.Errorf("%s: %v, and %d caches are left", code, err, len(server.Caches()))
			}
		}
	}
}
